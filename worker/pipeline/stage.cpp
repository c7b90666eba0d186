#include "worker/pipeline/stage.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "common/core/check.hpp"

namespace ocrs {

CanonicalParams& CanonicalParams::with(std::string_view name, double value) {
  values_.push_back({std::string(name), value, shortest(value)});
  return *this;
}

CanonicalParams& CanonicalParams::with(std::string_view name, float value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  OCRS_CHECK(error == std::errc{}, "a float needs at most 16 characters");
  values_.push_back({std::string(name), value, std::string(buffer.data(), end)});
  return *this;
}

CanonicalParams& CanonicalParams::with(std::string_view name, int value) {
  return with(name, static_cast<double>(value));
}

double CanonicalParams::number(std::string_view name) const {
  for (const Value& value : values_) {
    if (value.name == name) return value.number;
  }
  OCRS_CHECK(false, "a stage asks for a parameter its canonical form does not have");
}

int CanonicalParams::whole(std::string_view name) const { return static_cast<int>(number(name)); }

std::string CanonicalParams::text() const {
  std::string text = "(" + option_;
  for (const Value& value : values_) {
    if (text.size() > 1) text += ',';
    text += value.name + '=' + value.text;
  }
  return text + ')';
}

const FactorValue* StageValues::find(std::string_view factor, FactorUnit* unit) {
  for (std::size_t i = 0; i < factors_.size() && i < point_.values.size(); ++i) {
    if (factors_[i].name != factor) continue;
    if (unit != nullptr) *unit = factors_[i].unit;
    return &point_.values[i];
  }
  complain(factor, "is not in the screening");
  return nullptr;
}

void StageValues::complain(std::string_view factor, std::string_view what) {
  if (!problem_) problem_ = "factor " + std::string(factor) + ' ' + std::string(what);
}

double StageValues::number(std::string_view factor) {
  FactorUnit unit = FactorUnit::none;
  const FactorValue* value = find(factor, &unit);
  if (value == nullptr) return 0;
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(value)) {
    number = *real;
  } else {
    complain(factor, "has no number at this point");
    return 0;
  }
  if (unit == FactorUnit::px300) number *= dpi_ / 300;
  if (!std::isfinite(number)) complain(factor, "is not a finite number");
  return std::isfinite(number) ? number : 0;
}

int StageValues::whole(std::string_view factor) {
  constexpr double limit = 1e6;  // far beyond any image; keeps window arithmetic inside int
  return static_cast<int>(std::lround(std::clamp(number(factor), -limit, limit)));
}

std::string StageValues::choice(std::string_view factor) {
  const FactorValue* value = find(factor, nullptr);
  if (value == nullptr) return {};
  if (const auto* name = std::get_if<std::string>(value)) return *name;
  complain(factor, "has no option at this point");
  return {};
}

void StageRegistry::add(std::string id, StageFunction function) {
  const bool added = stages_.emplace(std::move(id), std::move(function)).second;
  OCRS_CHECK(added, "two stages of one id");
}

const StageFunction* StageRegistry::find(std::string_view id) const {
  const auto found = stages_.find(id);
  return found == stages_.end() ? nullptr : &found->second;
}

std::vector<std::string> StageRegistry::ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, function] : stages_) ids.push_back(id);
  return ids;
}

}  // namespace ocrs
