// The leading point of a screening that still runs, judged on the pages it has been read on. A hint for the progress
// line, never a verdict: the ranking (objective) compares points over all pages. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "coordinator/core/objective.hpp"

namespace ocrs {

struct BestSoFar {
  PointIndex point;         // baseline_point when nothing beats the untouched pages yet
  std::uint32_t pages = 0;  // compared on: done for both the point and the baseline
  double gain = 0;          // mean paired difference of the objective against the untouched page, >= 0
};

/// Among points that cover at least half as many pages as the best covered one, the one with the largest mean gain;
/// the smaller point of equals. Empty until a page has its baseline and one more point.
[[nodiscard]] std::optional<BestSoFar> best_so_far(const ScoreTable& table, const RankingObjective& objective);

}  // namespace ocrs
