#include "coordinator/core/design.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "common/core/check.hpp"
#include "coordinator/core/owen_scrambling.hpp"
#include "coordinator/core/sobol.hpp"

namespace ocrs {

std::size_t design_dimensions(const PipelineSpec& pipeline) {
  std::size_t dimensions = 0;
  for (const FactorSlot& slot : factor_slots(pipeline)) dimensions += slot.factor->kind != FactorKind::fixed;
  return dimensions;
}

std::vector<std::vector<double>> design_coordinates(const PipelineSpec& pipeline, const DesignSettings& settings,
                                                    std::uint32_t first, std::uint32_t count) {
  const Sobol sobol(design_dimensions(pipeline));
  std::vector<std::uint64_t> keys;
  for (std::uint32_t d = 0; d < sobol.dimensions(); ++d) keys.push_back(owen_key(settings.seed, d));

  std::vector<std::vector<double>> coordinates;
  coordinates.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::vector<std::uint32_t> digits = sobol.point(first + i);
    std::vector<double>& u = coordinates.emplace_back(digits.size());
    for (std::size_t d = 0; d < digits.size(); ++d) {
      const bool scramble = settings.scrambling == Scrambling::owen;
      u[d] = static_cast<double>(scramble ? owen_scrambled(digits[d], keys[d]) : digits[d]) * 0x1p-32;
    }
  }
  return coordinates;
}

std::vector<FactorValue> effective_values(const PipelineSpec& pipeline, std::vector<FactorValue> values) {
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  OCRS_CHECK(values.size() == slots.size(), "one value per factor of the pipeline");
  std::vector<const std::string*> chosen(pipeline.stages.size(), nullptr);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const FactorSlot& slot = slots[i];
    if (!slot.when) {  // Choices come first, so every stage's option is known before its factors are looked at.
      chosen[slot.stage] = std::get_if<std::string>(&values[i]);
      OCRS_CHECK(chosen[slot.stage], "a choice has an option's name as its value");
      continue;
    }
    const std::string* option = chosen[slot.stage];
    if (!option) continue;
    const bool counts = slot.when->empty()
                            ? *option != "off"
                            : std::find(slot.when->begin(), slot.when->end(), *option) != slot.when->end();
    if (!counts) values[i] = std::monostate{};
  }
  return values;
}

std::vector<Point> design_points(const PipelineSpec& pipeline, const DesignSettings& settings, std::uint32_t first,
                                 std::uint32_t count) {
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  std::vector<Point> points;
  points.reserve(count);
  for (const std::vector<double>& u : design_coordinates(pipeline, settings, first, count)) {
    std::vector<FactorValue> values;
    values.reserve(slots.size());
    std::size_t dimension = 0;
    for (const FactorSlot& slot : slots) {
      const bool free = slot.factor->kind != FactorKind::fixed;
      values.push_back(factor_value(*slot.factor, free ? u[dimension++] : 0));
    }
    const PointIndex index{static_cast<std::int64_t>(first) + static_cast<std::int64_t>(points.size())};
    points.push_back({index, effective_values(pipeline, std::move(values))});
  }
  return points;
}

std::vector<std::size_t> schedule_order(const PipelineSpec& pipeline, const std::vector<Point>& points) {
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  // Positions of the values, stage by stage; within a stage the slots' order has the choice first.
  std::vector<std::size_t> by_stage(slots.size());
  std::iota(by_stage.begin(), by_stage.end(), std::size_t{0});
  std::stable_sort(by_stage.begin(), by_stage.end(),
                   [&](std::size_t a, std::size_t b) { return slots[a].stage < slots[b].stage; });
  for (const Point& point : points) OCRS_CHECK(point.values.size() == slots.size(), "a point of this pipeline");

  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    for (const std::size_t i : by_stage) {
      const FactorValue& left = points[a].values[i];
      const FactorValue& right = points[b].values[i];
      if (left != right) return left < right;
    }
    return points[a].index < points[b].index;
  });
  return order;
}

}  // namespace ocrs
