// report.html: one self-contained page that opens offline, made from a screening's results. The model is JSON that the
// bundled page (coordinator/web) draws; every text in it is data there, never markup. Decodes no image: what the pages
// look like comes as encoded bytes from an evaluator child. Any thread, with the journal's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/screening_results.hpp"
#include "coordinator/io/sqlite_journal.hpp"

namespace ocrs {

/// One page through each of the points (index -1 without values: untouched) as small WebP files.
struct PagePictures {
  PageIndex page;
  std::vector<Result<std::string>> pictures;  // one per point, or why there is none
};
using PagePreviews =
    std::function<std::vector<PagePictures>(const std::vector<PageIndex>& pages, const std::vector<Point>& points)>;

struct ReportSources {
  const ScreeningResults& results;
  const Analysis& analysis;  // of these results
  SqliteJournal& journal;    // for the readings
  PagePreviews previews;     // may be empty: the report then shows texts alone
};

/// The page's data. Equal results give equal bytes.
[[nodiscard]] std::string report_json(const ReportSources& sources);
[[nodiscard]] std::string report_html(const ReportSources& sources);
/// Atomically.
[[nodiscard]] Result<void> write_report(const OutputPaths& paths, const ReportSources& sources);

}  // namespace ocrs
