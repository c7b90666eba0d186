// Levenshtein distance over any alphabet of small integers, bit-parallel: 64 rows per word operation in a band that is
// widened until the result proves itself (Myers 1999, Hyyrö 2003). Decides nothing about what a symbol stands for.
// Immutable after construction; distance() may be called from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ocrs {

class EditPattern {
 public:
  /// Stands for every symbol the pattern does not contain.
  static constexpr std::uint32_t unknown_symbol = UINT32_MAX;

  EditPattern() = default;
  /// Symbols are 0 … symbols-1; memory grows with the pattern's length, not with length × alphabet.
  EditPattern(std::span<const std::uint32_t> pattern, std::size_t symbols);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Fewest insertions, deletions and substitutions that turn the pattern into `text`. Symbols of `text` that are not
  /// in 0 … symbols-1 match nothing.
  [[nodiscard]] std::size_t distance(std::span<const std::uint32_t> text) const;

 private:
  struct Occurrences {
    std::uint32_t block;  // 64 rows of the pattern
    std::uint64_t rows;   // bit i: row 64 * block + i holds the symbol
  };
  [[nodiscard]] std::size_t banded_distance(std::span<const std::uint32_t> text, std::size_t band) const;

  std::size_t size_ = 0;
  std::vector<std::uint32_t> first_of_symbol_;  // symbols + 1 positions in occurrences_
  std::vector<Occurrences> occurrences_;        // by symbol, then block
};

}  // namespace ocrs
