// The parts of the report's JSON, one function each; report.cpp puts them together and coordinator/web/src/data.js
// reads them. Inner part of report. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "coordinator/io/report.hpp"

namespace ocrs {

using ReportJson = nlohmann::ordered_json;

/// Six significant digits: what a chart can show, at a third of the bytes. null for what is no number.
[[nodiscard]] ReportJson report_number(double value);
[[nodiscard]] ReportJson report_number(const std::optional<double>& value);
[[nodiscard]] std::string base64(std::string_view bytes);

[[nodiscard]] ReportJson report_factors(const ScreeningResults& results);
[[nodiscard]] ReportJson report_page_list(const ScreeningResults& results);
/// Columns, one entry per row of the ranking: the baseline, then 0, 1, …
[[nodiscard]] ReportJson report_points(const ScreeningResults& results);
/// The objective of every page at every point as 16-bit steps between `low` and `high`, little-endian, in base64;
/// 65535 = none. By page, then row of the ranking.
[[nodiscard]] ReportJson report_matrix(const ScreeningResults& results);
/// Reasons of failed and missing evaluations with their counts, most frequent first.
[[nodiscard]] ReportJson report_failures(const ScreeningResults& results);
/// Finished evaluations per worker and piece of time.
[[nodiscard]] ReportJson report_timeline(const ScreeningResults& results);
/// What the analysis says, as its structs have it.
[[nodiscard]] ReportJson report_analysis(const Analysis& analysis);
/// Three sentences: the best setting, its gain with the interval, how sure that is; and whether it is.
[[nodiscard]] ReportJson report_verdict(const ScreeningResults& results, const Analysis& analysis);
/// The pages before and after, with their texts, at the best design point.
[[nodiscard]] ReportJson report_best_pages(const ReportSources& sources);

}  // namespace ocrs
