// Reads a screening's pages with one of its settings, once without each of its stages, on evaluator children of this
// process, and puts into words and tables what the setting owes to each (coordinator/core/ablation.hpp). Writes no file
// and nothing into the journal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/io/screening_results.hpp"

namespace ocrs {

struct AblationOutcome {
  std::string text;                  // several lines for the terminal
  std::string verdict;               // of the leanest setting; empty when there was nothing to leave out
  std::string csv;                   // page, with_all, untouched, without_STAGE …: objectives
  std::vector<FactorValue> leanest;  // empty for the untouched pages
  bool every_page = true;            // could be read without each stage
};

/// `point` is one of the screening's or the baseline. A progress line goes to stderr, and pages that cannot be read are
/// told there. ParallelProgress::block_signals() comes before; nothing = interrupted. Throws StartupError when the
/// readings could not be compared: another engine, another model, no worker program.
[[nodiscard]] std::optional<AblationOutcome> ablate(const ScreeningResults& results, PointIndex point,
                                                    std::size_t jobs);

}  // namespace ocrs
