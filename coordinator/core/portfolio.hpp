// The few settings of which one reads each page well (DESIGN §4): greedy over the evaluations that are there, the
// reading of a page chosen as `apply` will choose it, without ground truth; judged by leaving pages out (ANALYSIS.md).
// Pure.
#pragma once

#include "coordinator/core/analysis.hpp"

namespace ocrs {

[[nodiscard]] PortfolioAnalysis analyse_portfolio(const ScoreTable& table, const Ranking& ranking);

}  // namespace ocrs
