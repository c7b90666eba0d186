#include "coordinator/core/ablation.hpp"

#include <algorithm>
#include <utility>

#include "common/core/check.hpp"
#include "coordinator/core/design.hpp"

namespace ocrs {

std::vector<WithoutStage> without_each_stage(const PipelineSpec& pipeline, const Point& setting) {
  const auto slots = factor_slots(pipeline);
  OCRS_CHECK(setting.values.size() == slots.size(), "a setting of another pipeline");
  std::vector<WithoutStage> all;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {  // choices come first, in stage order
    const auto& choice = pipeline.stages[slots[slot].stage].choice;
    if (slots[slot].when != nullptr || !choice) continue;
    const auto* option = std::get_if<std::string>(&setting.values[slot]);
    bool may_be_off = false;
    for (const ChoiceShare& share : choice->choices) may_be_off = may_be_off || share.name == "off";
    if (option == nullptr || *option == "off" || !may_be_off) continue;
    std::vector<FactorValue> values = setting.values;
    values[slot] = std::string("off");
    const PointIndex index{static_cast<std::int64_t>(all.size())};
    all.push_back({slots[slot].stage, *option, {index, effective_values(pipeline, std::move(values))}});
  }
  return all;
}

Ablation compare_without(const std::vector<std::optional<double>>& with,
                         const std::vector<std::optional<double>>& without) {
  OCRS_CHECK(with.size() == without.size(), "objectives of other pages");
  Ablation result;
  std::vector<double> owed, lost;
  for (std::size_t page = 0; page < with.size(); ++page) {
    if (!with[page] || !without[page]) continue;
    ++result.pages;
    result.with_mean += *with[page];
    result.without_mean += *without[page];
    owed.push_back(*with[page] - *without[page]);
    lost.push_back(-owed.back());
    result.pages_better += owed.back() > 0;
    result.pages_worse += owed.back() < 0;
  }
  if (result.pages == 0) return result;
  result.with_mean /= static_cast<double>(result.pages);
  result.without_mean /= static_cast<double>(result.pages);
  result.owed = mean_with_error(owed);
  if (more_than_luck(owed)) result.debt = StageDebt::needed;
  if (more_than_luck(lost)) result.debt = StageDebt::harmful;
  return result;
}

std::optional<std::size_t> most_dispensable(const std::vector<Ablation>& ablations, double cost_max) {
  std::optional<std::size_t> least;
  for (std::size_t i = 0; i < ablations.size(); ++i) {
    const Ablation& one = ablations[i];
    if (one.pages == 0 || one.owed.mean > std::min(one.owed.error, cost_max)) continue;
    if (!least || one.owed.mean <= ablations[*least].owed.mean) least = i;
  }
  return least;
}

}  // namespace ocrs
