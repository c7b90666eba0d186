#include "coordinator/io/report.hpp"

#include "common/version.hpp"
#include "coordinator/io/report_model.hpp"
#include "coordinator/io/web_pages.hpp"

namespace ocrs {
namespace {

ReportJson account_json(const ScreeningResults& results) {
  const Account& account = results.account;
  ReportJson stages = ReportJson::array();
  for (std::size_t s = 0; s < account.stage_runs.size(); ++s) {
    stages.push_back({{"name", results.record.screening.pipeline.stages[s].name},
                      {"runs", account.stage_runs[s]},
                      {"ms", report_number(account.stage_ms[s])}});
  }
  return {{"total", account.total},
          {"done", account.done},
          {"failed", account.failed},
          {"missing", account.missing},
          {"dropped", account.dropped},
          {"pending", account.pending},
          {"merged", account.merged},
          {"recognitions", account.recognitions},
          {"recognise_ms", report_number(account.recognise_ms)},
          {"stages", std::move(stages)},
          {"backends", account.backends}};
}

}  // namespace

std::string report_json(const ReportSources& sources) {
  const ScreeningResults& results = sources.results;
  const ScreeningRecord& record = results.record;
  ReportJson json = {{"format", 1},
                     {"title", record.screening.title},
                     {"run_id", to_hex(record.run)},
                     {"program", program_version},
                     {"created_ms", record.created_ms},
                     {"engine",
                      {{"tesseract", record.engine.tesseract},
                       {"leptonica", record.engine.leptonica},
                       {"opencv", record.engine.opencv}}},
                     {"pipeline", record.screening.pipeline.name},
                     {"complete", results.complete()},
                     {"objective", results.ranking.objective.name}};
  json["verdict"] = report_verdict(results, sources.analysis);
  json["account"] = account_json(results);
  json["factors"] = report_factors(results);
  json["pages"] = report_page_list(results);
  json["points"] = report_points(results);
  json["matrix"] = report_matrix(results);
  json["failures"] = report_failures(results);
  json["timeline"] = report_timeline(results);
  json["analysis"] = report_analysis(sources.analysis);
  json["best"] = report_best_pages(sources);
  return json.dump(-1, ' ', false, ReportJson::error_handler_t::replace);
}

std::string report_html(const ReportSources& sources) {
  const std::string json = report_json(sources);
  std::string html(report_page.before);
  html.reserve(html.size() + json.size() + json.size() / 16 + report_page.after.size());
  for (const char c : json) {
    // No text of a page may end the element that holds the data.
    if (c == '<') {
      html += "\\u003c";
    } else {
      html += c;
    }
  }
  html += report_page.after;
  return html;
}

Result<void> write_report(const OutputPaths& paths, const ReportSources& sources) {
  return write_file_atomically(paths.report_html(), report_html(sources));
}

}  // namespace ocrs
