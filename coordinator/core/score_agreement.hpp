// How well scores that need no ground truth rank settings by those that do (ANALYSIS.md "Objective"). Pure.
#pragma once

#include <optional>
#include <vector>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

/// Kendall's tau-b, -1 to 1, in n log n steps (Knight 1966); nullopt when a or b does not vary.
[[nodiscard]] std::optional<double> kendall_tau(const std::vector<double>& a, const std::vector<double>& b);

/// Every score against cer and word_recall over the pages that have them; without ground truth, against the
/// objective's.
[[nodiscard]] std::vector<ScoreAgreement> score_agreement(const ScoreTable& table, const Ranking& ranking);

}  // namespace ocrs
