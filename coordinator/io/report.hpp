// report.html: one self-contained page that opens offline, made from a screening's results. The model is JSON that the
// bundled page (coordinator/web) draws; every text in it is data there, never markup. Decodes no image: what the pages
// look like comes as encoded bytes from an evaluator child. Any thread, with the journal's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/screening_results.hpp"
#include "coordinator/io/sqlite_journal.hpp"

namespace ocrs {

/// A page through a point's pipeline (empty values and index -1: untouched) as a small WebP file, or why there is none.
using PagePreview = std::function<Result<std::string>(PageIndex page, const Point& point)>;

struct ReportSources {
  const ScreeningResults& results;
  SqliteJournal& journal;  // for the readings
  PagePreview preview;     // may be empty: the report then shows texts alone
};

/// The page's data. Equal results give equal bytes.
[[nodiscard]] std::string report_json(const ReportSources& sources);
[[nodiscard]] std::string report_html(const ReportSources& sources);
/// Atomically.
[[nodiscard]] Result<void> write_report(const OutputPaths& paths, const ReportSources& sources);

}  // namespace ocrs
