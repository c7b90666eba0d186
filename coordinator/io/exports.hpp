// The files of a screening (DESIGN §8) as text: points.csv, evaluations.csv, best.yaml, portfolio.yaml, manifest.json,
// and the JSON of `ocrscreen export`. Equal results give equal bytes, whatever order they came in. Writes them all
// atomically on demand.
#pragma once

#include <string>

#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/screening_results.hpp"

namespace ocrs {

/// One row per point, the baseline (-1) first: point, factors (empty where the factor counts for nothing), pages_done,
/// pages_failed, page-means of the scores, gain_SCORE (paired difference to the baseline), gain (of the objective),
/// objective, rank. The column of a score that has a factor's name is score_NAME (open's "contrast" is both).
[[nodiscard]] std::string points_csv(const ScreeningResults& results);

/// One row per point and page name, sorted so (names bytewise): point, page, status (done, failed, missing), reason,
/// scores, worker, backend, attempt, elapsed_ms. Without a final record an evaluation is missing.
[[nodiscard]] std::string evaluations_csv(const ScreeningResults& results);

/// The best setting with every value that is not left to chance: pipeline, ocr and factors as in a configuration; and
/// the verdict on it, from the analysis of the results.
[[nodiscard]] std::string best_yaml(const ScreeningResults& results, const Analysis& analysis);
/// The same kind of file for a setting that is none of the design: a point's with other values; `verdict` says why.
[[nodiscard]] std::string setting_yaml(const ScreeningResults& results, PointIndex point,
                                       const std::vector<FactorValue>& values, const std::string& verdict);

/// The few settings of which each page keeps one reading, with what they gain on pages left out; the untouched page
/// alone when no portfolio does better. Every setting has the keys it has in best.yaml.
[[nodiscard]] std::string portfolio_yaml(const ScreeningResults& results, const Analysis& analysis);

/// The final account: evaluations without a final record count as missing.
[[nodiscard]] std::string manifest_json(const ScreeningResults& results);
/// The same keys while it goes on: those are `pending`, not missing.
[[nodiscard]] std::string status_json(const ScreeningResults& results);

/// Points with factors, scores, gains and ranks, and every evaluation's scores.
[[nodiscard]] std::string export_json(const ScreeningResults& results);

/// Writes points.csv, evaluations.csv, best.yaml, portfolio.yaml and manifest.json; `analysis` is that of the results.
[[nodiscard]] Result<void> write_all(const OutputPaths& paths, const ScreeningResults& results,
                                     const Analysis& analysis);

}  // namespace ocrs
