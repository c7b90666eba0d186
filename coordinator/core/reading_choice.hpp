// Which of a portfolio's readings of a page is kept (DESIGN §4): the one of the highest text_yield, compared among
// these readings alone. Knows no page, file or setting. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace ocrs {

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
[[nodiscard]] std::optional<ReadingChoice> choose_reading(const std::vector<std::optional<CandidateReading>>& readings);

}  // namespace ocrs
