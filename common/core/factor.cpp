#include "common/core/factor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

/// Index of the equal share of [0, 1) that u falls in. The product can round up to `count` itself: that is the last.
std::size_t share_index(double u, std::size_t count) {
  const auto index = static_cast<std::size_t>(u * static_cast<double>(count));
  return std::min(index, count - 1);
}

bool is_whole(double value) { return std::floor(value) == value; }

FactorValue step_value(const Factor& factor, double u) {
  // The quotient of decimal fractions may come out just below a whole number: (0.7 - 0.1) / 0.1 must give 6 steps.
  const double steps = (factor.high - factor.low) / factor.step;
  const auto count = static_cast<std::size_t>(std::floor(steps * (1 + 1e-12) + 1e-9)) + 1;
  const double value = factor.low + static_cast<double>(share_index(u, count)) * factor.step;
  if (is_whole(factor.low) && is_whole(factor.step)) return static_cast<std::int64_t>(value);
  return std::min(value, factor.high);
}

const std::string& choice_name(const Factor& factor, double u) {
  double sum = 0;
  for (const ChoiceShare& choice : factor.choices) sum += choice.share;
  double upper = 0;
  for (const ChoiceShare& choice : factor.choices) {
    upper += choice.share;
    if (u * sum < upper) return choice.name;
  }
  return factor.choices.back().name;
}

}  // namespace

FactorValue factor_value(const Factor& factor, double u) {
  OCRS_CHECK(u >= 0 && u < 1, "u is in [0, 1)");
  switch (factor.kind) {
    case FactorKind::fixed:
      return factor.fixed;
    case FactorKind::integer: {
      const auto low = static_cast<std::int64_t>(factor.low);
      const auto high = static_cast<std::int64_t>(factor.high);
      return low + static_cast<std::int64_t>(share_index(u, static_cast<std::size_t>(high - low) + 1));
    }
    case FactorKind::real:
      return factor.low + u * (factor.high - factor.low);
    case FactorKind::log:
      return factor.low * std::pow(factor.high / factor.low, u);
    case FactorKind::step:
      return step_value(factor, u);
    case FactorKind::levels:
      OCRS_CHECK(!factor.levels.empty(), "a levels factor has levels");
      return factor.levels[share_index(u, factor.levels.size())];
    case FactorKind::choice:
      OCRS_CHECK(!factor.choices.empty(), "a choice factor has options");
      return choice_name(factor, u);
  }
  OCRS_CHECK(false, "unknown factor kind");
  return {};
}

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  OCRS_CHECK(error == std::errc{}, "a double needs at most 24 characters");
  return {buffer.data(), end};
}

std::string to_text(const FactorValue& value) {
  struct Writer {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return shortest(number); }
    std::string operator()(const std::string& name) const { return name; }
  };
  return std::visit(Writer{}, value);
}

std::string_view to_string(FactorKind kind) {
  switch (kind) {
    case FactorKind::fixed:
      return "fixed";
    case FactorKind::integer:
      return "int";
    case FactorKind::real:
      return "float";
    case FactorKind::log:
      return "log";
    case FactorKind::step:
      return "step";
    case FactorKind::levels:
      return "levels";
    case FactorKind::choice:
      return "choice";
  }
  return "unknown";
}

std::string_view to_string(FactorUnit unit) {
  switch (unit) {
    case FactorUnit::none:
      return "";
    case FactorUnit::px:
      return "px";
    case FactorUnit::px300:
      return "px300";
  }
  return "unknown";
}

}  // namespace ocrs
