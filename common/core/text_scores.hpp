// Scores of a reading against ground truth, and counts of what was read (DESIGN §4). Pure functions of UTF-8 text;
// the only user of utf8proc. Worker and `rescore` share them, so a rescored night equals a fresh one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/levenshtein.hpp"
#include "common/core/result.hpp"
#include "common/core/screening_spec.hpp"

namespace ocrs {

/// Ground truth ready for comparison: NFC, folded, white space runs = one space, ends trimmed, split once.
/// Folding letter case is Unicode's full case folding, under which also "ß" = "ss" and "ﬁ" = "fi".
class Reference {
 public:
  /// `text` should be valid UTF-8 (see checked_ground_truth); a bad byte counts as U+FFFD.
  Reference(std::string_view text, const Folding& folding);
  [[nodiscard]] const std::vector<std::uint32_t>& graphemes() const { return graphemes_; }
  [[nodiscard]] const std::vector<std::string>& tokens() const { return tokens_; }
  [[nodiscard]] const Folding& folding() const { return folding_; }

 private:
  friend struct ReferenceComparison;
  Folding folding_;
  std::unordered_map<std::u32string, std::uint32_t> cluster_ids_;  // distinct grapheme clusters
  std::unordered_map<std::string, std::uint32_t> token_ids_;       // distinct tokens
  std::vector<std::uint32_t> graphemes_;                           // values of cluster_ids_
  std::vector<std::string> tokens_;
  std::vector<std::uint32_t> token_counts_;  // per value of token_ids_
  EditPattern grapheme_pattern_, token_pattern_;
};

struct TextScores {
  double cer = 0, wer = 0, word_recall = 0;
};

/// cer: Levenshtein over NFC grapheme clusters / reference length; wer: the same over white-space tokens;
/// word_recall: multiset intersection / reference words. Empty reference: cer and wer 0 if nothing was read else 1,
/// word_recall 1 if nothing was read else 0. Uncapped.
[[nodiscard]] TextScores compare(std::string_view reading, const Reference& reference);

/// Fills words, characters, confidence, lexicon of `scores` from the reading, and cer, wer, word_recall when there is
/// a reference. confidence = mean over words, 0 without words; characters = grapheme clusters that are not white space;
/// lexicon = share of words of >= 2 letters that are in the lexicon, 0 when there is none.
void score_reading(const Reading& reading, const Reference* reference, Scores& scores);

/// Number of letters (Unicode categories L*) in a word.
[[nodiscard]] std::size_t letter_count(std::string_view word);
/// The word without leading and trailing punctuation and symbols (categories P*, S*).
[[nodiscard]] std::string_view trimmed_punctuation(std::string_view word);

/// Ground truth from a file's bytes: BOM dropped, CRLF and CR become LF. The error names the offset of the first byte
/// that is not UTF-8, or of a NUL.
[[nodiscard]] Result<std::string> checked_ground_truth(std::string_view bytes);

}  // namespace ocrs
