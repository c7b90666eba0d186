// Screenings made of formulas, for tests of the analysis: a pipeline of plain factors, and scores that are functions of
// the points. No images, no I/O.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/core/analysis.hpp"
#include "coordinator/core/design.hpp"

namespace ocrs::test {

/// One stage that always runs, with `count` factors x1, x2, … uniform in [low, high].
inline PipelineSpec uniform_pipeline(std::size_t count, double low, double high) {
  StageSpec stage{.id = "test.stage", .name = "stage"};
  for (std::size_t i = 1; i <= count; ++i) {
    stage.factors.push_back(
        {Factor{.name = "x" + std::to_string(i), .kind = FactorKind::real, .low = low, .high = high}, {}});
  }
  return {.name = "custom", .stages = {stage}};
}

/// A stage that is on at half of the points, with one factor that counts only there.
inline StageSpec switched_stage(const std::string& name, double share_on) {
  Factor choice{.name = name, .kind = FactorKind::choice};
  choice.choices = {{"off", 1 - share_on}, {"on", share_on}};
  StageSpec stage{.id = "test." + name, .name = name, .choice = choice};
  stage.factors.push_back({Factor{.name = name + "_size", .kind = FactorKind::real, .low = 0, .high = 1}, {"on"}});
  return stage;
}

inline StoredEvaluation reading_of(std::uint32_t page, PointIndex point, double confidence,
                                   std::uint32_t characters = 100, std::optional<double> cer = std::nullopt) {
  StoredEvaluation stored;
  stored.result.id = {PageIndex{page}, point};
  stored.result.scores.confidence = confidence;
  stored.result.scores.characters = characters;
  stored.result.scores.cer = cer;
  if (cer) {
    stored.result.scores.wer = cer;
    stored.result.scores.word_recall = 1 - *cer;
  }
  return stored;
}

/// A screening whose results are at hand; `objective` names a score.
struct SampleScreening {
  PipelineSpec pipeline;
  std::vector<Point> points;
  ScoreTable table;
  Ranking ranking;

  [[nodiscard]] AnalysisInput input(Surrogate* surrogate = nullptr) const {
    return {pipeline, points, table, ranking, surrogate};
  }
};

inline SampleScreening sample_of(const PipelineSpec& pipeline, std::vector<Point> points,
                                 const std::vector<bool>& ground_truth,
                                 const std::vector<StoredEvaluation>& evaluations, const std::string& objective) {
  ScoreTable table(ground_truth, static_cast<std::uint32_t>(points.size()), evaluations);
  Ranking ranking = rank_points(table, *ranking_objective(Objective{{{objective, 1.0}}}, ground_truth));
  return {pipeline, std::move(points), std::move(table), std::move(ranking)};
}

/// One page whose confidence at a point is `model(values)`; the untouched page has `untouched`. `keep(point)` false
/// leaves the evaluation out.
inline SampleScreening modelled(
    const PipelineSpec& pipeline, std::uint32_t count,
    const std::function<double(const std::vector<FactorValue>&)>& model, double untouched = 0,
    const std::function<bool(std::int64_t)>& keep = [](std::int64_t) { return true; }) {
  std::vector<Point> points = design_points(pipeline, DesignSettings{.points = count}, 0, count);
  std::vector<StoredEvaluation> evaluations{reading_of(0, baseline_point, untouched)};
  for (const Point& point : points) {
    if (keep(point.index.value)) evaluations.push_back(reading_of(0, point.index, model(point.values)));
  }
  return sample_of(pipeline, std::move(points), {false}, evaluations, "confidence");
}

inline double real(const FactorValue& value) { return std::get<double>(value); }

}  // namespace ocrs::test
