#include "coordinator/core/score_table.hpp"

#include <algorithm>
#include <cmath>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

std::optional<double> finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> finite(const std::optional<double>& value) { return value ? finite(*value) : std::nullopt; }

ScoreRow scores_of_reading(const Scores& scores) {
  ScoreRow row;
  const auto put = [&row](Score score, const std::optional<double>& value) { row[index_of(score)] = value; };
  put(Score::confidence, finite(scores.confidence));
  put(Score::words, scores.words);
  put(Score::characters, scores.characters);
  put(Score::lexicon, finite(scores.lexicon));
  put(Score::sharpness, finite(scores.sharpness));
  put(Score::contrast, finite(scores.contrast));
  put(Score::cnr, finite(scores.cnr));
  put(Score::cer, finite(scores.cer));
  put(Score::wer, finite(scores.wer));
  put(Score::word_recall, finite(scores.word_recall));
  return row;
}

// The image scores stay empty: a failure leaves no image to measure.
ScoreRow scores_of_failure(bool ground_truth) {
  ScoreRow row;
  for (const Score score : {Score::confidence, Score::words, Score::characters, Score::text_yield, Score::lexicon}) {
    row[index_of(score)] = 0.0;
  }
  if (ground_truth) {
    row[index_of(Score::cer)] = 1.0;
    row[index_of(Score::wer)] = 1.0;
    row[index_of(Score::word_recall)] = 0.0;
  }
  return row;
}

/// All but text_yield.
ScoreCell cell_of(const StoredEvaluation& stored, bool ground_truth) {
  switch (stored.status) {
    case EvaluationStatus::done:
      return {CellStatus::done, scores_of_reading(stored.result.scores)};
    case EvaluationStatus::failed:
      return {CellStatus::failed, scores_of_failure(ground_truth)};
    case EvaluationStatus::dropped:
      return {CellStatus::dropped, {}};
    case EvaluationStatus::missing:
      break;
  }
  return {CellStatus::missing, {}};
}

void add_text_yield(ScoreCell& cell, double median_characters) {
  const auto& confidence = cell.scores[index_of(Score::confidence)];
  if (cell.status != CellStatus::done || !confidence) return;
  cell.scores[index_of(Score::text_yield)] =
      text_yield(*confidence, *cell.scores[index_of(Score::characters)], median_characters);
}

}  // namespace

std::optional<Score> score_from_name(std::string_view name) {
  const auto found = std::find(score_names.begin(), score_names.end(), name);
  if (found == score_names.end()) return std::nullopt;
  return static_cast<Score>(found - score_names.begin());
}

double text_yield(double confidence, double characters, double median_characters) {
  if (median_characters <= 0) return confidence;
  return confidence * std::min(1.0, characters / median_characters);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

ScoreCell score_cell(const StoredEvaluation& stored, bool ground_truth, double median_characters) {
  ScoreCell cell = cell_of(stored, ground_truth);
  add_text_yield(cell, median_characters);
  return cell;
}

ScoreTable::ScoreTable(const std::vector<bool>& ground_truth, std::uint32_t points,
                       const std::vector<StoredEvaluation>& evaluations)
    : ground_truth_(ground_truth),
      points_(points),
      cells_(ground_truth.size() * (std::size_t{points} + 1)),
      median_characters_(ground_truth.size()) {
  std::vector<std::vector<double>> characters(ground_truth_.size());
  for (const StoredEvaluation& stored : evaluations) {
    const EvaluationId id = stored.result.id;
    if (id.page.value >= pages() || id.point < baseline_point || id.point.value >= std::int64_t{points_}) continue;
    ScoreCell& cell = cells_[position(id.page, id.point)];
    if (cell.status != CellStatus::pending) continue;
    cell = cell_of(stored, ground_truth_[id.page.value]);
    if (cell.status == CellStatus::done) characters[id.page.value].push_back(stored.result.scores.characters);
  }
  const std::size_t per_page = std::size_t{points_} + 1;
  for (std::size_t page = 0; page < pages(); ++page) {
    median_characters_[page] = median(std::move(characters[page]));
    for (std::size_t i = page * per_page; i < (page + 1) * per_page; ++i)
      add_text_yield(cells_[i], median_characters_[page]);
  }
}

bool ScoreTable::ground_truth_everywhere() const {
  return !ground_truth_.empty() && std::find(ground_truth_.begin(), ground_truth_.end(), false) == ground_truth_.end();
}

std::size_t ScoreTable::position(PageIndex page, PointIndex point) const {
  OCRS_CHECK(page.value < pages() && point >= baseline_point && point.value < std::int64_t{points_},
             "an evaluation outside of the score table");
  return page.value * (std::size_t{points_} + 1) + static_cast<std::size_t>(point.value + 1);
}

}  // namespace ocrs
