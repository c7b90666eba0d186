// The few settings of which one reads each page well (DESIGN §4), chosen in two ways from the evaluations that are there:
// greedy, each the one that adds most to those before, or simply the highest. The reading of a page is chosen as `apply`
// will choose it, without ground truth. The way that does better on pages left out is taken (ANALYSIS.md). Pure.
#pragma once

#include "coordinator/core/analysis.hpp"

namespace ocrs {

[[nodiscard]] PortfolioAnalysis analyse_portfolio(const ScoreTable& table, const Ranking& ranking);

}  // namespace ocrs
