// What pairs of factors do only together, seen through a surrogate that is first tried out of sample (ANALYSIS.md
// "Interactions"). Owns no model: it speaks to the Surrogate port. Pure as far as the port is.
#pragma once

#include "coordinator/core/analysis.hpp"
#include "coordinator/core/factor_analysis.hpp"

namespace ocrs {

/// `factors` say which are worth a look and get no change; the error is the surrogate's.
[[nodiscard]] Result<InteractionAnalysis> analyse_interactions(const PipelineSpec& pipeline,
                                                               const SensitivityData& data,
                                                               const std::vector<FactorAnalysis>& factors,
                                                               Surrogate* surrogate);

}  // namespace ocrs
