// Every score of every evaluation as it counts (DESIGN §4): failed ones as empty readings, text_yield computed from the
// page's own readings. Knows nothing of weights and ranks (objective) or of files. Pure; values do not depend on the
// order in which the evaluations are given.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "coordinator/core/stored_evaluation.hpp"

namespace ocrs {

/// In the order of the columns of points.csv and evaluations.csv.
enum class Score : std::uint8_t {
  confidence,
  words,
  characters,
  text_yield,
  lexicon,
  sharpness,
  contrast,
  cnr,
  cer,
  wer,
  word_recall
};
inline constexpr std::size_t score_count = 11;
/// The scores' names in the order of Score.
inline constexpr std::array<std::string_view, score_count> score_names = {
    "confidence", "words", "characters", "text_yield", "lexicon",    "sharpness",
    "contrast",   "cnr",   "cer",        "wer",        "word_recall"};
[[nodiscard]] constexpr std::string_view to_string(Score score) { return score_names[static_cast<std::size_t>(score)]; }
[[nodiscard]] std::optional<Score> score_from_name(std::string_view name);
/// Text scores that need ground truth.
[[nodiscard]] constexpr bool needs_ground_truth(Score score) {
  return score == Score::cer || score == Score::wer || score == Score::word_recall;
}

/// Indexed by Score; empty = this evaluation (or mean) has no such score.
using ScoreRow = std::array<std::optional<double>, score_count>;
[[nodiscard]] constexpr std::size_t index_of(Score score) { return static_cast<std::size_t>(score); }

/// pending = there is no final record yet.
enum class CellStatus : std::uint8_t { pending, done, failed, missing, dropped };

struct ScoreCell {
  CellStatus status = CellStatus::pending;
  ScoreRow scores;  // empty throughout unless done or failed
};

/// What the median of characters compares with; 0 without a done evaluation.
/// text_yield = confidence * min(1, characters / r); with r = 0 the confidence itself.
[[nodiscard]] double text_yield(double confidence, double characters, double median_characters);
/// Middle of the sorted values, mean of the two middle ones for an even count, 0 for none.
[[nodiscard]] double median(std::vector<double> values);

/// The cell of one evaluation on a page whose readings have that median of characters.
[[nodiscard]] ScoreCell score_cell(const StoredEvaluation& stored, bool ground_truth, double median_characters);

class ScoreTable {
 public:
  /// `ground_truth[p]` = page p has ground truth; one per distinct page. Points are -1 (the baseline) and 0 … points-1;
  /// records outside of these pages and points are left out. Of two records of one evaluation the first stands.
  ScoreTable(const std::vector<bool>& ground_truth, std::uint32_t points,
             const std::vector<StoredEvaluation>& evaluations);

  [[nodiscard]] std::size_t pages() const { return ground_truth_.size(); }
  /// Without the baseline.
  [[nodiscard]] std::uint32_t points() const { return points_; }
  [[nodiscard]] bool has_ground_truth(PageIndex page) const { return ground_truth_[page.value]; }
  [[nodiscard]] bool ground_truth_everywhere() const;
  [[nodiscard]] const ScoreCell& cell(PageIndex page, PointIndex point) const { return cells_[position(page, point)]; }
  /// r of the page's text_yield.
  [[nodiscard]] double median_characters(PageIndex page) const { return median_characters_[page.value]; }

 private:
  [[nodiscard]] std::size_t position(PageIndex page, PointIndex point) const;

  std::vector<bool> ground_truth_;
  std::uint32_t points_;
  std::vector<ScoreCell> cells_;  // by page, then point from -1
  std::vector<double> median_characters_;
};

}  // namespace ocrs
