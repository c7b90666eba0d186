// A screening as an Optuna study: the file that Optuna 3.1's RDB storage keeps (schema version 12, alembic v3.0.0.d),
// so that `optuna.load_study(storage="sqlite:///FILE", study_name=…)` goes on from it. Part of the module that uses
// SQLite.
#pragma once

#include <filesystem>

#include "coordinator/io/screening_results.hpp"

namespace ocrs {

/// Writes the file atomically. Trial n is point n with its active factors as parameters and its objective, maximised;
/// the last trial is the untouched page, without parameters. Points without an objective are FAIL. User attributes: the
/// study's run_id, screening and objective; each trial's point, rank and page-mean scores.
[[nodiscard]] Result<void> write_optuna_study(const std::filesystem::path& file, const ScreeningResults& results);

/// The study's name in the file: "ocrscreen-" and the first 12 digits of the run id.
[[nodiscard]] std::string optuna_study_name(const ScreeningResults& results);

}  // namespace ocrs
