// The one verdict on the best setting that the terminal, best.yaml and the report all give: what may be said of it
// after the gain's interval, the pages left out and the halves (ANALYSIS.md "Gain"). Works nothing out itself. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

enum class Verdict : std::uint8_t {
  no_best,    // no setting has a result for every page
  untouched,  // the untouched page has the best objective
  no_gain,    // a best setting, but the untouched pages were not all read
  one_page,   // better on the only page there is
  unsure,     // the highest, but the evidence does not hold together
  sure        // GainAnalysis::sure
};

[[nodiscard]] Verdict verdict_of(const Ranking& ranking, const GainAnalysis& gain);

/// A clause without capital and full stop, as best.yaml has it.
[[nodiscard]] std::string_view verdict_clause(Verdict verdict);

}  // namespace ocrs
