// What a factor is and how a number in [0, 1) becomes one of its values (DESIGN §3 "Factor kinds").
// Decides nothing about which stage uses it (pipeline_spec) or which Sobol dimension it takes (design).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ocrs {

enum class FactorKind { fixed, integer, real, log, step, levels, choice };
enum class FactorUnit { none, px, px300 };  // px300: pixels at 300 dpi, scaled by the page's resolution / 300

/// A factor's value at a point; monostate = inactive, because the stage that owns it is off there.
using FactorValue = std::variant<std::monostate, std::int64_t, double, std::string>;

struct ChoiceShare {
  std::string name;
  double share = 0;  // > 0; shares are normalised by their sum when drawn
  bool operator==(const ChoiceShare&) const = default;
};

/// One tunable parameter. Only the members of its kind are used; ranges are closed and low <= high.
struct Factor {
  std::string name;
  FactorKind kind = FactorKind::fixed;
  FactorUnit unit = FactorUnit::none;
  double low = 0;                    // integer, real, log (> 0), step
  double high = 0;                   // integer, real, log, step
  double step = 0;                   // step (> 0)
  std::vector<FactorValue> levels;   // levels
  std::vector<ChoiceShare> choices;  // choice
  FactorValue fixed;                 // fixed
  bool operator==(const Factor&) const = default;
};

/// The factor's value for u in [0, 1); every level of int, step, levels has an equal share, choices their own.
///   integer: low + floor(u (high - low + 1)); real: low + u (high - low); log: low (high / low)^u;
///   step: low + i step for i = floor(u n), n = number of steps <= high; levels: levels[floor(u n)].
/// integer and whole-numbered step give int64, real and log give double, choice gives the name.
[[nodiscard]] FactorValue factor_value(const Factor& factor, double u);

/// How a value is written in CSV, YAML and messages to people: integers plain, doubles as the shortest text that
/// reads back to the same bits, inactive as the empty string. Locale-independent.
[[nodiscard]] std::string to_text(const FactorValue& value);

/// Shortest text that reads back to the same double ("0.1", "12", "1e-07"); locale-independent.
[[nodiscard]] std::string shortest(double value);

[[nodiscard]] std::string_view to_string(
    FactorKind kind);  // "int", "float", "log", "step", "levels", "choice", "fixed"
[[nodiscard]] std::string_view to_string(FactorUnit unit);  // "", "px", "px300"

}  // namespace ocrs
