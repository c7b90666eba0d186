#include <fmt/format.h>

#include <cstdio>

#include "common/io/file.hpp"
#include "coordinator/core/design.hpp"
#include "coordinator/io/ablate.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/config.hpp"
#include "coordinator/io/csv.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/init_template.hpp"
#include "coordinator/io/page_previews.hpp"
#include "coordinator/io/parallel_progress.hpp"
#include "coordinator/io/report.hpp"
#include "coordinator/io/rescore.hpp"
#include "coordinator/io/sqlite_optuna.hpp"
#include "coordinator/io/status.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {

namespace {

void write_or_throw(const std::filesystem::path& path, const std::string& text) {
  if (auto written = write_file_atomically(path, text, 0644); !written) throw StartupError(written.error().text);
}

std::string design_csv(const ConfigFile& config, bool with_coordinates) {
  const auto points = design_points(config.pipeline, config.design, 0, config.design.points);
  const auto coordinates = design_coordinates(config.pipeline, config.design, 0, config.design.points);
  const auto slots = factor_slots(config.pipeline);
  std::string text = "point";
  if (with_coordinates) {
    for (std::size_t d = 1; d <= design_dimensions(config.pipeline); ++d) text += fmt::format(",u_{}", d);
  }
  for (const FactorSlot& slot : slots) text += "," + slot.factor->name;
  text += "\n";
  for (std::size_t i = 0; i < points.size(); ++i) {
    text += fmt::format("{}", points[i].index.value);
    if (with_coordinates) {
      for (const double u : coordinates[i]) text += "," + shortest(u);
    }
    for (const FactorValue& value : points[i].values) text += "," + to_text(value);
    text += "\n";
  }
  return text;
}

Analysis write_results(const OutputPaths& paths, const ScreeningResults& results, Surrogate& surrogate) {
  auto analysis = analysis_of(results, &surrogate);
  if (!analysis) throw StartupError(analysis.error().text);
  if (auto written = write_all(paths, results, *analysis); !written) throw StartupError(written.error().text);
  return std::move(*analysis);
}

ScreeningResults results_of(const std::filesystem::path& dir) {
  static_cast<void>(existing_output(dir));
  const auto journal = SqliteJournal::open_read_only(dir);
  auto results = read_results(*journal);
  if (!results) throw StartupError(results.error().text);
  return std::move(*results);
}

PointIndex chosen_point(const ScreeningResults& results, const std::optional<std::int64_t>& wanted) {
  if (wanted) {
    if (*wanted < 0 || *wanted >= std::ssize(results.points)) {
      throw StartupError(fmt::format("--point {}: expected 0 to {}", *wanted, std::ssize(results.points) - 1));
    }
    return PointIndex{*wanted};
  }
  if (const PointScores* best = results.ranking.best()) return best->point;
  throw StartupError("no setting was read on every page yet, so there is no best one; --point N names one");
}

}  // namespace

int init_command(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    throw StartupError(file.string() + ": exists already; move it away or give another name");
  }
  write_or_throw(file, std::string(init_template()));
  fmt::print("{} written. Point `pages:` at your scans, then: ocrscreen run {} --out out --plan\n", file.string(),
             file.string());
  return exit_complete;
}

int design_command(const std::filesystem::path& config_path, const std::optional<std::filesystem::path>& csv) {
  const ConfigFile config = read_config(config_path);
  if (csv) {
    write_or_throw(*csv, design_csv(config, true));
    fmt::print("{}: {} points, {} dimensions\n", csv->string(), config.design.points,
               design_dimensions(config.pipeline));
  } else {
    fmt::print("{}", design_csv(config, false));
  }
  return exit_complete;
}

int export_command(const std::filesystem::path& dir, const std::string& format,
                   const std::optional<std::filesystem::path>& output, Surrogate& surrogate) {
  const auto results = results_of_folder(dir);
  if (!results) throw StartupError(results.error().text);
  if (format == "json") {
    const std::string text = export_json(*results);
    if (output) write_or_throw(*output, text);
    if (!output) fmt::print("{}", text);
    return exit_complete;
  }
  if (format == "optuna") {
    const std::filesystem::path file = output.value_or(dir / "optuna.sqlite");
    if (auto written = write_optuna_study(file, *results); !written) throw StartupError(written.error().text);
    fmt::print("{}: the study {}\n", file.string(), optuna_study_name(*results));
    return exit_complete;
  }
  if (output) {
    write_or_throw(*output, points_csv(*results));
    return exit_complete;
  }
  // A coordinator at work writes these files itself.
  const OutputFolder folder = OutputFolder::acquire(dir);
  write_results(folder.paths(), *results, surrogate);
  fmt::print("{} and the other result files are written\n", folder.paths().points_csv().string());
  return exit_complete;
}

int rescore_command(const std::filesystem::path& dir, Surrogate& surrogate) {
  static_cast<void>(existing_output(dir));
  const OutputFolder folder = OutputFolder::acquire(dir);
  const auto journal = SqliteJournal::open(folder);
  const auto progress = [](std::uint64_t done, std::uint64_t total) {
    if (done % 5000 == 0 && done > 0) fmt::print(stderr, "{}/{} evaluations\n", done, total);
  };
  const auto rescored = rescore(*journal, progress);
  if (!rescored) throw StartupError(rescored.error().text);
  const auto results = read_results(*journal);
  if (!results) throw StartupError(results.error().text);
  const Analysis analysis = write_results(folder.paths(), *results, surrogate);
  if (auto written = write_report(folder.paths(), {*results, analysis, *journal, page_previews(results->record)});
      !written) {
    throw StartupError(written.error().text);
  }
  fmt::print("{} evaluations scored again, the ground truth of {} pages has changed\n{}", rescored->evaluations,
             rescored->pages_changed, summary_text(*results, analysis, folder.paths()));
  return exit_complete;
}

int report_command(const std::filesystem::path& dir, Surrogate& surrogate) {
  const OutputPaths paths = existing_output(dir);
  const auto journal = SqliteJournal::open_read_only(dir);
  const auto results = read_results(*journal);
  if (!results) throw StartupError(results.error().text);
  const auto analysis = analysis_of(*results, &surrogate);
  if (!analysis) throw StartupError(analysis.error().text);
  if (auto written = write_report(paths, {*results, *analysis, *journal, page_previews(results->record)}); !written)
    throw StartupError(written.error().text);
  write_or_throw(paths.portfolio_yaml(), portfolio_yaml(*results, *analysis));
  fmt::print("{}{}\n", advice_text(*analysis), paths.report_html().string());
  return exit_complete;
}

int ablate_command(const AblateOptions& options) {
  const ScreeningResults results = results_of(options.dir);
  const PointIndex point = chosen_point(results, options.point);
  ParallelProgress::block_signals();
  const auto outcome = ablate(results, point, options.jobs.value_or(evaluators_that_fit()));
  if (!outcome) {
    fmt::print("interrupted\n");
    return exit_interrupted;
  }
  fmt::print("{}", outcome->text);
  if (options.csv && !outcome->csv.empty()) write_or_throw(*options.csv, outcome->csv);
  if (options.yaml && !outcome->leanest.empty()) {
    write_or_throw(*options.yaml, setting_yaml(results, point, outcome->leanest, outcome->verdict));
  }
  return outcome->every_page ? exit_complete : exit_missing;
}

}  // namespace ocrs
