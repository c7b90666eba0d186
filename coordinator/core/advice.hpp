// Sentences for the user from an analysis, each with its number. Silent where an interval covers zero, and about what
// only the surrogate knows where its Q² is low; the verdict on the best setting is always given. Works out nothing new.
// Pure.
#pragma once

#include <vector>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

/// `last_doubling` = what the second half of the points added to the left-out gain; empty when that is not known.
[[nodiscard]] std::vector<Advice> advice_of(const Analysis& analysis, const PipelineSpec& pipeline,
                                            const std::optional<Estimate>& last_doubling);

/// A number for a sentence: `digits` after the point, always with a point, no locale.
[[nodiscard]] std::string fixed_digits(double value, int digits);

}  // namespace ocrs
