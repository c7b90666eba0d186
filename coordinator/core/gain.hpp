// The best setting against the untouched pages, page by page (ANALYSIS.md "Gain"). Pure.
#pragma once

#include <vector>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

/// pages = 0 in the result when no point is ranked or no page has both readings.
[[nodiscard]] GainAnalysis analyse_gain(const ScoreTable& table, const Ranking& ranking);

/// For every page with a result of all points below `points_end`: the gain there of the point that is best without it.
[[nodiscard]] std::vector<LeftOutChoice> left_out_choices(const ScoreTable& table, const Ranking& ranking,
                                                          std::int64_t points_end);

}  // namespace ocrs
