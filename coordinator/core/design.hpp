// The design: which factor values each Sobol point has. Point i depends on the pipeline, the seed and i alone, so the
// first n points are the same at every size. Decides nothing about who evaluates what, or when. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/screening.hpp"

namespace ocrs {

/// Sobol dimensions of a pipeline: one per factor that is not fixed, in factor_slots order (choices first).
[[nodiscard]] std::size_t design_dimensions(const PipelineSpec& pipeline);

/// u_1 … u_d of the points first … first + count - 1: multiples of 2^-32 in [0, 1).
[[nodiscard]] std::vector<std::vector<double>> design_coordinates(const PipelineSpec& pipeline,
                                                                  const DesignSettings& settings, std::uint32_t first,
                                                                  std::uint32_t count);

/// The points first … first + count - 1, with one value per factor slot; a factor that counts for nothing there
/// (its stage is off, or the stage's choice does not use it) is monostate, though it takes its dimension.
/// `settings.points` is not looked at.
[[nodiscard]] std::vector<Point> design_points(const PipelineSpec& pipeline, const DesignSettings& settings,
                                               std::uint32_t first, std::uint32_t count);

/// `values` (one per slot) with every factor that counts for nothing set to monostate.
[[nodiscard]] std::vector<FactorValue> effective_values(const PipelineSpec& pipeline, std::vector<FactorValue> values);

/// Positions in `points` such that those sharing the first stages stand together: by stage, then by the stage's values,
/// choice first; equal points by index. The baseline is none of them.
[[nodiscard]] std::vector<std::size_t> schedule_order(const PipelineSpec& pipeline, const std::vector<Point>& points);

}  // namespace ocrs
