// From the objective of every point to what each factor does (ANALYSIS.md "Sensitivity"): which points a factor counts
// at, its curve or groups, indices with intervals and noise floor, convergence. Interactions and advice are others'.
// Pure.
#pragma once

#include <vector>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

/// The points that take part: values by factor slot and one number to explain for each.
struct SensitivityData {
  std::vector<const Point*> points;  // by index
  std::vector<double> y;
};

/// Points with a result on at least half of the pages; y = mean over its pages of what it has above the page's own
/// mean, plus the mean of all pages. With nothing missing that is the objective itself, up to rounding.
[[nodiscard]] SensitivityData sensitivity_data(const AnalysisInput& input);

/// A factor's value as a number: ordered factors their value, choices the option's position, NaN = does not count.
[[nodiscard]] double number_of(const Factor& factor, const FactorValue& value);

struct FactorAnalyses {
  std::vector<FactorAnalysis> factors;
  Indices dummy;
};
[[nodiscard]] FactorAnalyses analyse_factors(const PipelineSpec& pipeline, const SensitivityData& data);

}  // namespace ocrs
