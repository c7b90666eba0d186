#include "coordinator/io/summary.hpp"

#include <fmt/format.h>

#include "common/core/factor.hpp"

namespace ocrs {

namespace {

/// Enough digits for a person; files carry all of them.
std::string value_text(const FactorValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:.3g}", *number);
  return to_text(value);
}

void add_comparison(std::string& text, const Ranking& ranking, Score score, int digits) {
  const auto& best = ranking.best()->means[index_of(score)];
  const auto& untouched = ranking.baseline().means[index_of(score)];
  const auto& gain = ranking.best()->gains[index_of(score)];
  if (!best || !untouched || !gain) return;
  text += fmt::format("  {:<12} {:.{}f} (untouched {:.{}f}, {:+.{}f})\n", to_string(score), *best, digits, *untouched,
                      digits, *gain, digits);
}

}  // namespace

std::string setting_text(const ScreeningResults& results, PointIndex point) {
  if (point == baseline_point) return "the untouched pages";
  const PipelineSpec& pipeline = results.record.screening.pipeline;
  const auto slots = factor_slots(pipeline);
  const std::vector<FactorValue>& values = results.points[static_cast<std::size_t>(point.value)].values;
  std::string text;
  for (std::size_t stage = 0; stage < pipeline.stages.size(); ++stage) {
    std::string option, factors;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].stage != stage || std::holds_alternative<std::monostate>(values[i])) continue;
      if (slots[i].when == nullptr) {
        option = value_text(values[i]);
      } else {
        factors += (factors.empty() ? "" : ", ") + slots[i].factor->name + " " + value_text(values[i]);
      }
    }
    if (option == "off" || (option.empty() && factors.empty())) continue;
    if (!text.empty()) text += "; ";
    text += pipeline.stages[stage].name;
    if (!option.empty() && option != "on") text += " " + option;
    if (!factors.empty()) text += " (" + factors + ")";
  }
  return text.empty() ? "every stage off" : text;
}

std::string summary_text(const ScreeningResults& results, const OutputPaths& paths) {
  const Account& account = results.account;
  const Ranking& ranking = results.ranking;
  std::string text = fmt::format("{} of {} evaluations done", account.done, account.total);
  if (account.failed > 0) text += fmt::format(", {} failed because of their setting", account.failed);
  const std::uint64_t missing = account.missing + account.pending;
  if (missing > 0) text += fmt::format(", {} missing (listed in {})", missing, paths.manifest_json().string());
  text += fmt::format("; {} pages were recognised\n", account.recognitions);

  if (const PointScores* best = ranking.best()) {
    if (best->point == baseline_point) {
      text += "best: leave the pages as they are; none of the settings reads better\n";
    } else {
      text += fmt::format("best: point {}: {}\n", best->point.value, setting_text(results, best->point));
    }
    text += fmt::format("  {:<12} {:.4f} (untouched {:.4f}, {:+.4f})\n", "objective", best->objective.value_or(0),
                        ranking.baseline().objective.value_or(0), best->gain.value_or(0));
    add_comparison(text, ranking, Score::confidence, 2);
    add_comparison(text, ranking, Score::cer, 4);
    add_comparison(text, ranking, Score::word_recall, 4);
    text += fmt::format("  (objective: {}; means over {} pages)\n", ranking.objective.name, results.table.pages());
  } else {
    text += "best: not known, no setting was read on every page\n";
  }
  text += fmt::format("files: {}, {}, {}, {}, {}\n", paths.report_html().string(), paths.points_csv().string(),
                      paths.evaluations_csv().string(), paths.best_yaml().string(), paths.manifest_json().string());
  return text;
}

}  // namespace ocrs
