// What `run` tells its user at the end: the verdict in a few lines, and where the files are. Writes nothing.
#pragma once

#include <string>

#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/screening_results.hpp"

namespace ocrs {

/// A setting in words: "scale 0.8, denoise nlm (denoise_h 7.1, …)"; "the untouched pages" for the baseline.
[[nodiscard]] std::string setting_text(const ScreeningResults& results, PointIndex point);
/// The same of any values, one per factor slot.
[[nodiscard]] std::string setting_text(const PipelineSpec& pipeline, const std::vector<FactorValue>& values);

/// What every stage did over the design, on against off, option by option, a line each; "" before any setting was read
/// on every page.
[[nodiscard]] std::string story_text(const ScreeningResults& results);

/// Several lines with newlines: the story of the stages, best setting, its gain over the untouched pages (objective
/// with its interval, confidence, cer where there is ground truth), the portfolio, counts, missing evaluations, files.
[[nodiscard]] std::string summary_text(const ScreeningResults& results, const Analysis& analysis,
                                       const OutputPaths& paths);

/// Every sentence of the advice on a line of its own.
[[nodiscard]] std::string advice_text(const Analysis& analysis);

}  // namespace ocrs
