#include "common/core/levenshtein.hpp"

#include <algorithm>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

constexpr std::size_t word_bits = 64;

/// 64 rows of one column as differences to the row above: +1 where `plus`, -1 where `minus`.
struct Block {
  std::uint64_t plus = ~std::uint64_t{0};
  std::uint64_t minus = 0;
};

/// Moves a block one column on. `in` is the horizontal difference above its first row, the return value the one at
/// `last_row`, both -1, 0 or 1.
int advance(Block& block, std::uint64_t equal, int in, unsigned last_row) {
  const std::uint64_t in_is_minus = in < 0 ? 1 : 0;
  const std::uint64_t vertical = equal | block.minus;
  equal |= in_is_minus;
  const std::uint64_t diagonal = (((equal & block.plus) + block.plus) ^ block.plus) | equal;
  std::uint64_t plus = block.minus | ~(diagonal | block.plus);
  std::uint64_t minus = block.plus & diagonal;
  const int out = static_cast<int>((plus >> last_row) & 1) - static_cast<int>((minus >> last_row) & 1);
  plus = (plus << 1) | (in > 0 ? 1 : 0);
  minus = (minus << 1) | in_is_minus;
  block.plus = minus | ~(vertical | plus);
  block.minus = plus & vertical;
  return out;
}

}  // namespace

EditPattern::EditPattern(std::span<const std::uint32_t> pattern, std::size_t symbols)
    : size_(pattern.size()), first_of_symbol_(symbols + 1, 0) {
  // Counting sort by symbol: within a symbol the rows stay ascending, so equal blocks are neighbours.
  std::vector<std::uint32_t> rows_of_symbol(symbols + 1, 0);
  for (const std::uint32_t symbol : pattern) {
    OCRS_CHECK(symbol < symbols, "a pattern's symbols are numbered from 0");
    ++rows_of_symbol[symbol + 1];
  }
  for (std::size_t i = 0; i < symbols; ++i) rows_of_symbol[i + 1] += rows_of_symbol[i];
  std::vector<std::uint32_t> rows(pattern.size());
  std::vector<std::uint32_t> next = rows_of_symbol;
  for (std::size_t row = 0; row < pattern.size(); ++row) rows[next[pattern[row]]++] = static_cast<std::uint32_t>(row);

  for (std::size_t symbol = 0; symbol < symbols; ++symbol) {
    const std::size_t first = occurrences_.size();
    for (std::size_t i = rows_of_symbol[symbol]; i < rows_of_symbol[symbol + 1]; ++i) {
      const auto block = static_cast<std::uint32_t>(rows[i] / word_bits);
      if (occurrences_.size() == first || occurrences_.back().block != block) occurrences_.push_back({block, 0});
      occurrences_.back().rows |= std::uint64_t{1} << (rows[i] % word_bits);
    }
    first_of_symbol_[symbol + 1] = static_cast<std::uint32_t>(occurrences_.size());
  }
}

std::size_t EditPattern::banded_distance(std::span<const std::uint32_t> text, std::size_t band) const {
  const std::size_t blocks = (size_ + word_bits - 1) / word_bits;
  const unsigned last_row_of_pattern = static_cast<unsigned>((size_ - 1) % word_bits);
  const auto rows_in = [&](std::size_t block) { return block + 1 == blocks ? last_row_of_pattern + 1 : word_bits; };

  std::vector<Block> column(blocks);
  std::size_t last = 0;                                 // last block that is being computed
  auto bottom = static_cast<std::int64_t>(rows_in(0));  // distance at the last row of block `last`
  for (std::size_t j = 0; j < text.size(); ++j) {
    const std::size_t first = j > band ? (j - band) / word_bits : 0;
    const std::size_t wanted_last = std::min(blocks - 1, (j + band) / word_bits);
    // A block that enters the band starts from "one more per row", an upper bound of the true column.
    for (; last < wanted_last; ++last) bottom += static_cast<std::int64_t>(rows_in(last + 1));

    const std::uint32_t symbol = text[j];
    const bool known = std::size_t{symbol} + 1 < first_of_symbol_.size();
    const Occurrences* here = known ? occurrences_.data() + first_of_symbol_[symbol] : nullptr;
    const Occurrences* const end = known ? occurrences_.data() + first_of_symbol_[symbol + 1] : nullptr;
    if (first > 0) {
      here =
          std::lower_bound(here, end, first, [](const Occurrences& o, std::size_t block) { return o.block < block; });
    }
    int horizontal = 1;  // row 0 of the matrix, and the upper bound for what left the band
    for (std::size_t b = first; b <= last; ++b) {
      std::uint64_t equal = 0;
      if (here != end && here->block == b) equal = (here++)->rows;
      horizontal = advance(column[b], equal, horizontal, b + 1 == blocks ? last_row_of_pattern : word_bits - 1);
    }
    bottom += horizontal;
  }
  // The band reaches the pattern's end in the last column, because it is at least as wide as the lengths differ.
  return static_cast<std::size_t>(bottom);
}

std::size_t EditPattern::distance(std::span<const std::uint32_t> text) const {
  if (size_ == 0 || text.empty()) return std::max(size_, text.size());
  const std::size_t longer = std::max(size_, text.size());
  const std::size_t difference = longer - std::min(size_, text.size());
  // A path of cost d strays at most d from the diagonal, so a result within the band is exact, and any other one is an
  // upper bound: a band of that width is enough.
  for (std::size_t band = std::max(difference, word_bits);;) {
    const std::size_t found = banded_distance(text, band);
    if (found <= band || band >= longer) return found;
    band = std::min({found, 4 * band, longer});
  }
}

}  // namespace ocrs
