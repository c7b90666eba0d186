#include "coordinator/io/ablate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/io/hash.hpp"
#include "coordinator/core/ablation.hpp"
#include "coordinator/io/csv.hpp"
#include "coordinator/io/evaluator_client.hpp"
#include "coordinator/io/models.hpp"
#include "coordinator/io/parallel_progress.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {
namespace {

/// A column of the table: the objective of a setting on every page.
using PageObjectives = std::vector<std::optional<double>>;

/// New readings are compared with the journal's, so they must come from the same engine and models.
void check_same_engine(const ScreeningRecord& record, EvaluatorClient& evaluator) {
  const auto versions = evaluator.versions();
  if (!versions) throw StartupError(versions.error().text);
  const auto compare = [](const char* what, const std::string& theirs, const std::string& ours) {
    if (theirs.empty() || theirs == ours) return;
    throw StartupError(fmt::format(
        "the pages were read with {} {}, this machine has {}: its readings cannot be compared", what, theirs, ours));
  };
  compare("tesseract", record.engine.tesseract, versions->tesseract);
  compare("leptonica", record.engine.leptonica, versions->leptonica);
  compare("opencv", record.engine.opencv, versions->opencv);
  for (const ModelRef& model : record.screening.models) {
    const std::filesystem::path file = tessdata_folder() / (model.language + ".traineddata");
    const Result<ContentHash> hash = hash_file(file);
    if (!hash) throw StartupError(hash.error().text);
    if (*hash != model.hash) throw StartupError(file.string() + ": is another model than the pages were read with");
  }
}

std::optional<std::string> why_unreadable(const Page& page) {
  const Result<ContentHash> hash = hash_file(page.file);
  if (!hash) return hash.error().text;
  if (*hash != page.spec.file) return page.file.string() + ": has changed since it was read";
  return std::nullopt;
}

/// What the page's evaluations are worth, in the order of `without`; none where the evaluator died.
std::vector<std::optional<double>> objectives_on_page(const ScreeningResults& results, PageIndex index,
                                                      const std::vector<WithoutStage>& without,
                                                      EvaluatorClient& evaluator, ParallelProgress& progress) {
  const Page& page = results.record.screening.pages[index.value];
  std::vector<std::optional<double>> values(without.size());
  if (const auto why = why_unreadable(page)) {
    progress.fail(page.names.front(), *why);
    return values;
  }
  std::vector<Point> points;
  for (const WithoutStage& one : without) points.push_back(one.point);
  auto evaluated = evaluator.evaluate(index, page.file, page.ground_truth, points);
  if (!evaluated) {
    progress.fail(page.names.front(), evaluated.error().text);
    return values;
  }
  for (const Evaluated& one : *evaluated) {
    const std::int64_t at = one.result.id.point.value;
    if (at < 0 || at >= std::ssize(values)) continue;
    StoredEvaluation stored;
    stored.status = one.result.failure ? EvaluationStatus::failed : EvaluationStatus::done;
    stored.result = one.result;
    const ScoreCell cell =
        score_cell(stored, results.table.has_ground_truth(index), results.table.median_characters(index));
    values[static_cast<std::size_t>(at)] = page_objective(results.ranking.objective, cell);
  }
  return values;
}

PageObjectives of_journal(const ScreeningResults& results, PointIndex point) {
  PageObjectives values;
  for (std::uint32_t page = 0; page < results.table.pages(); ++page) {
    values.push_back(page_objective(results.ranking.objective, results.table.cell(PageIndex{page}, point)));
  }
  return values;
}

std::string debt_text(const Ablation& of) {
  switch (of.debt) {
    case StageDebt::needed:
      return "needed";
    case StageDebt::harmful:
      return "better without";
    case StageDebt::not_certain:
      return of.pages_better + of.pages_worse == 0 ? "changes nothing" : "within noise";
  }
  return "";
}

std::string row_text(const std::string& name, const Ablation& of, const std::string& debt) {
  const std::string error = of.pages > 1 ? fmt::format("{:.4f}", of.owed.error) : "?";
  return fmt::format("  {:<20} {:>9.4f}  {:>+8.4f} +- {:<7} {:>4} / {:<4} of {:<4}  {}", name, of.without_mean,
                     of.owed.mean, error, of.pages_better, of.pages_worse, of.pages, debt);
}

std::string stage_name(const ScreeningResults& results, const WithoutStage& without) {
  const std::string& stage = results.record.screening.pipeline.stages[without.stage].name;
  return without.option == "on" ? stage : stage + " " + without.option;
}

std::string csv_text(const ScreeningResults& results, const std::vector<WithoutStage>& without,
                     const PageObjectives& with, const PageObjectives& untouched,
                     const std::vector<PageObjectives>& off) {
  CsvText csv;
  csv.text("page").text("with_all").text("untouched");
  for (const WithoutStage& one : without) {
    csv.text("without_" + results.record.screening.pipeline.stages[one.stage].name);
  }
  csv.end_row();
  for (std::size_t page = 0; page < with.size(); ++page) {
    csv.text(results.record.screening.pages[page].names.front()).number(with[page]).number(untouched[page]);
    for (const PageObjectives& one : off) csv.number(one[page]);
    csv.end_row();
  }
  return csv.take();
}

/// Objectives of every page without each of the stages; nothing = interrupted.
std::optional<std::vector<PageObjectives>> read_pages(const ScreeningResults& results,
                                                      const std::vector<WithoutStage>& without, std::size_t jobs) {
  const Prepare prepare{screening_spec(results.record.screening, results.record.run), tessdata_folder().string()};
  const std::size_t pages = results.table.pages();
  std::vector<PageObjectives> off(without.size(), PageObjectives(pages));
  ParallelProgress progress("pages without a stage", pages);
  const auto runner = [&]() -> JobRunner {
    auto evaluator = std::make_shared<EvaluatorClient>(worker_program());
    evaluator->prepare(prepare);
    return [&, evaluator](std::size_t page) {
      const auto values =
          objectives_on_page(results, PageIndex{static_cast<std::uint32_t>(page)}, without, *evaluator, progress);
      for (std::size_t i = 0; i < values.size(); ++i) off[i][page] = values[i];
    };
  };
  const bool complete =
      run_in_parallel(pages, jobs, runner, [&](std::size_t finished) { return progress.look(finished); });
  static_cast<void>(progress.look(pages));
  progress.finish();
  if (!complete) return std::nullopt;
  return off;
}

std::vector<Ablation> compared(const PageObjectives& with, const std::vector<PageObjectives>& off) {
  std::vector<Ablation> all;
  for (const PageObjectives& one : off) all.push_back(compare_without(with, one));
  return all;
}

/// A setting with fewer stages, and the stages that went.
struct Leaner {
  Point setting;
  std::string left_out;
  Ablation against_all;  // of everything that went
};

/// Leaves out what `first` calls dispensable, then looks again, always against the whole setting; nothing =
/// interrupted.
std::optional<Leaner> leanest(const ScreeningResults& results, Point setting, const PageObjectives& with,
                              std::vector<WithoutStage> without, std::vector<Ablation> ablations, double cost_max,
                              std::size_t jobs) {
  Leaner lean{std::move(setting), {}, {}};
  while (const auto drop = most_dispensable(ablations, cost_max)) {
    lean.left_out += (lean.left_out.empty() ? "" : ", ") + stage_name(results, without[*drop]);
    lean.against_all = ablations[*drop];
    lean.setting.values = without[*drop].point.values;
    without = without_each_stage(results.record.screening.pipeline, lean.setting);
    if (without.empty()) break;
    const auto off = read_pages(results, without, jobs);
    if (!off) return std::nullopt;
    ablations = compared(with, *off);
  }
  return lean;
}

std::string table_text(const ScreeningResults& results, PointIndex point, const std::vector<WithoutStage>& without,
                       const std::vector<Ablation>& ablations, const Ablation& untouched) {
  std::string text = fmt::format("what point {} owes to its stages (objective: {}, more is better)\n  {}\n",
                                 point.value, results.ranking.objective.name, setting_text(results, point));
  text += fmt::format("  {:<20} {:>9}  {:>8} {:<10} {}\n", "without", "objective", "owed", "+- error",
                      "pages better/worse");
  for (std::size_t i = 0; i < without.size(); ++i) {
    text += row_text(stage_name(results, without[i]), ablations[i], debt_text(ablations[i])) + "\n";
  }
  text += row_text("all: untouched", untouched, "") + "\n";
  return text +
         fmt::format("  with all of them {:.4f}; the pages chose this setting, so what it owes is a little too high\n",
                     untouched.with_mean);
}

}  // namespace

std::optional<AblationOutcome> ablate(const ScreeningResults& results, PointIndex point, std::size_t jobs) {
  AblationOutcome outcome;
  if (point == baseline_point) {
    outcome.text = "the untouched pages are the best setting: there is no stage to leave out\n";
    return outcome;
  }
  const PipelineSpec& pipeline = results.record.screening.pipeline;
  const Point& setting = results.points[static_cast<std::size_t>(point.value)];
  const auto without = without_each_stage(pipeline, setting);
  if (without.empty()) {
    outcome.text = fmt::format("point {}: no stage of it may be off\n", point.value);
    outcome.leanest = setting.values;
    return outcome;
  }
  {
    EvaluatorClient evaluator{worker_program()};
    check_same_engine(results.record, evaluator);
  }
  const auto off = read_pages(results, without, jobs);
  if (!off) return std::nullopt;
  const PageObjectives with = of_journal(results, point), untouched = of_journal(results, baseline_point);
  const std::vector<Ablation> ablations = compared(with, *off);
  const Ablation all = compare_without(with, untouched);
  auto lean =
      leanest(results, setting, with, without, ablations, std::max(0.0, gain_for_leanness * all.owed.mean), jobs);
  if (!lean) return std::nullopt;

  outcome.verdict = fmt::format("point {}: no stage can be left out without loss", point.value);
  if (!lean->left_out.empty()) {
    outcome.verdict = fmt::format("point {} without {}: objective {:.4f} instead of {:.4f}", point.value,
                                  lean->left_out, lean->against_all.without_mean, lean->against_all.with_mean);
  }
  outcome.leanest = std::move(lean->setting.values);
  outcome.csv = csv_text(results, without, with, untouched, *off);
  outcome.text = table_text(results, point, without, ablations, all);
  outcome.text +=
      fmt::format("leanest that reads as well: {}\n  {}\n", outcome.verdict, setting_text(pipeline, outcome.leanest));
  outcome.every_page = std::all_of(ablations.begin(), ablations.end(),
                                   [&](const Ablation& one) { return one.pages == results.table.pages(); });
  return outcome;
}

}  // namespace ocrs
