// From the scores of all evaluations to one row per point: page-means, gains over the baseline, objective and rank
// (DESIGN §4). Sums run over the pages in their order, so equal evaluations give equal bits whatever came when.
// Owns no files and no names of pages. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "coordinator/core/score_table.hpp"
#include "coordinator/core/screening.hpp"

namespace ocrs {

/// An objective whose default is decided and whose names are checked.
struct RankingObjective {
  std::string name;                               // "cer" for that score alone, else "0.5*cer + 0.5*word_recall"
  std::vector<std::pair<Score, double>> weights;  // in the order of Score, none zero
};

/// Empty weights mean cer when every page has ground truth, else text_yield. The error names an unknown score, a weight
/// that is not a number, or a score that needs ground truth when no page has any.
[[nodiscard]] Result<RankingObjective> ranking_objective(const Objective& objective,
                                                         const std::vector<bool>& ground_truth);

/// A score as it enters an objective, more being better: 1 - min(x, 1) for cer and wer, x for the others.
[[nodiscard]] double as_objective(Score score, double value);

/// The objective on one page alone, for choices between settings of a page; empty when the evaluation is pending or
/// missing, or lacks a score. A failed one counts 0 for scores of the image.
[[nodiscard]] std::optional<double> page_objective(const RankingObjective& objective, const ScoreCell& cell);

struct PointScores {
  PointIndex point;
  std::uint32_t pages_done = 0;
  std::uint32_t pages_failed = 0;
  std::uint32_t pages_missing = 0;  // missing or not evaluated yet
  std::uint32_t pages_dropped = 0;
  /// Over the pages that have the score; empty when none has.
  ScoreRow means;
  /// Mean of score(point) - score(baseline) over the pages where both have it. Below 0 is better for cer and wer.
  ScoreRow gains;
  std::optional<double> objective;    // empty when a page is missing or dropped
  std::optional<double> gain;         // objective - the baseline's objective
  std::optional<std::uint32_t> rank;  // 1 = best; equal objectives share a rank; empty without an objective
};

struct Ranking {
  RankingObjective objective;
  std::vector<PointScores> points;  // the baseline, then 0, 1, …
  /// Positions in `points` of those with a rank, best first; among equals the smaller point first.
  std::vector<std::size_t> order;

  /// nullptr when no point has every page.
  [[nodiscard]] const PointScores* best() const { return order.empty() ? nullptr : &points[order.front()]; }
  [[nodiscard]] const PointScores& baseline() const { return points.front(); }
};

[[nodiscard]] Ranking rank_points(const ScoreTable& table, RankingObjective objective);

}  // namespace ocrs
