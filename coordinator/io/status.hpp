// What `ocrscreen status DIR` says, from DIR's journal alone: a coordinator may be writing or there may be none.
// Text for people; the JSON has the manifest's keys.
#pragma once

#include <filesystem>
#include <string>

#include "coordinator/io/screening_results.hpp"

namespace ocrs {

/// Several lines: title and run id, counts, what failed or is missing, the best point so far beside the untouched page.
[[nodiscard]] std::string status_text(const ScreeningResults& results);

/// Opens DIR read-only. Throws StartupError where there is no journal; Error when it cannot be read.
[[nodiscard]] Result<ScreeningResults> results_of_folder(const std::filesystem::path& dir);

}  // namespace ocrs
