// Which of a portfolio's readings of a page is kept (DESIGN §4): the one of the highest yield, compared among these
// readings alone. Knows no page, file or setting. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ocrs {

/// tolerant_yield = confidence * min(1, characters / (0.85 * median)): a reading is not held back for the few
/// characters that a speck or a ruled line read as text added to the others. Beside text_yield in ANALYSIS.md
/// "Portfolio".
enum class KeepRule : std::uint8_t { text_yield, tolerant_yield };
inline constexpr KeepRule default_keep = KeepRule::tolerant_yield;
inline constexpr double tolerated_share = 0.85;
[[nodiscard]] constexpr std::string_view to_string(KeepRule rule) {
  return rule == KeepRule::text_yield ? "text_yield" : "tolerant_yield";
}

/// What readings of one page are compared by; `median_characters` is that of the readings compared.
[[nodiscard]] double kept_yield(KeepRule rule, double confidence, double characters, double median_characters);

struct CandidateReading {
  double confidence = 0;  // 0-100
  double characters = 0;
};

struct ReadingChoice {
  std::size_t setting = 0;  // position in the list
  double text_yield = 0;    // of that reading
};

/// One entry per setting, in the portfolio's order; empty = no reading. Of equal ones the earlier; nothing when there
/// is no reading at all.
[[nodiscard]] std::optional<ReadingChoice> choose_reading(const std::vector<std::optional<CandidateReading>>& readings,
                                                          KeepRule rule);

}  // namespace ocrs
