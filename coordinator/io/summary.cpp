#include "coordinator/io/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/core/factor.hpp"
#include "coordinator/core/best_share.hpp"
#include "coordinator/core/gain_check.hpp"
#include "coordinator/core/stage_story.hpp"
#include "coordinator/core/verdict.hpp"

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

std::string verdict_text(const StageEffect& effect) {
  switch (effect.verdict) {
    case StageVerdict::helped:
      return "helped";
    case StageVerdict::hurt:
      return "hurt";
    case StageVerdict::within_noise:
      return "within noise";
    case StageVerdict::too_few:
      return "too few settings to say";
  }
  return "";
}

std::string effect_line(const PipelineSpec& pipeline, const StageEffect& effect) {
  const std::string stage = effect.option.empty() ? pipeline.stages[effect.stage].name : "  " + effect.option;
  const std::string error = effect.error > 0 ? fmt::format("{:.4f}", effect.error) : "?";
  return fmt::format("  {:<13} {:>8.4f} {:>8.4f}  {:>+8.4f} +- {:<7} {:>4} / {:<4} {:>3} of {:<3}  {}\n", stage,
                     effect.on, effect.off, effect.difference, error, effect.on_points, effect.off_points,
                     effect.pages_better, effect.pages, verdict_text(effect));
}

std::string count_of(std::size_t number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

/// How far the winner's gain can be believed, as a sentence; empty when there is nothing to add.
std::string gain_text(const GainCheck& check, Verdict verdict) {
  const std::string pages = fmt::format("better on {}, worse on {} of {}", check.pages_better, check.pages_worse,
                                        count_of(check.pages, "page"));
  const std::string held_out =
      fmt::format("a setting chosen on half of the pages gains {:+.4f} +- {:.4f} on the other half",
                  check.held_out.mean, check.held_out.error);
  if (verdict == Verdict::unsure && check.pages < 2) return "";  // no page has a result of every setting
  switch (verdict) {
    case Verdict::sure:
      return fmt::format("  {}; {}: more than luck\n", pages, held_out);
    case Verdict::unsure:
      return fmt::format("  {}; {}: not more than luck may do\n", pages, held_out);
    case Verdict::one_page:
      return "  on one page alone: whether it holds for others is not known\n";
    case Verdict::no_best:
    case Verdict::untouched:
    case Verdict::no_gain:
      return "";
  }
  return "";
}

std::string best_text(const ScreeningResults& results, Verdict verdict) {
  if (verdict == Verdict::untouched) return "best: nothing beats leaving the pages as they are\n";
  const PointIndex point = results.ranking.best()->point;
  const std::string setting = fmt::format("point {}: {}", point.value, setting_text(results, point));
  if (verdict != Verdict::unsure) return "best: " + setting + "\n";
  return "best: nothing beats leaving the pages as they are beyond noise; the highest of the settings is\n  " +
         setting + "\n";
}

/// How far the gain can be believed: what it would be on other pages like these.
void add_interval(std::string& text, const GainAnalysis& gain) {
  if (gain.pages == 0 || gain.best == baseline_point) return;
  text += fmt::format("  {:<12} {:+.4f} to {:+.4f} (95 %, over pages)", "gain", gain.gain.interval.low,
                      gain.gain.interval.high);
  if (gain.left_out_gain) text += fmt::format("; {:+.4f} on pages left out", gain.left_out_gain->value);
  text += "\n";
}

void add_portfolio(std::string& text, const PortfolioAnalysis& portfolio) {
  if (portfolio.recommended == 0) return;
  const PortfolioStep& step = portfolio.steps[portfolio.recommended - 1];
  std::string settings;
  for (std::size_t i = 0; i < portfolio.recommended; ++i) {
    const PointIndex point = portfolio.steps[i].added;
    settings += (i == 0 ? "" : ", ") + (point == baseline_point ? "untouched" : std::to_string(point.value));
  }
  text +=
      fmt::format("portfolio: {} ({}): {:+.4f} on pages left out ({:+.4f} to {:+.4f})", portfolio.recommended, settings,
                  step.left_out - portfolio.untouched, step.left_out_interval.low, step.left_out_interval.high);
  if (step.closed) text += fmt::format(", {:.0f} % of the way to the best setting of each page", 100 * *step.closed);
  text += "\n";
}

/// "" when nothing is shared beyond chance.
std::string share_text(const PipelineSpec& pipeline, const BestShare& share) {
  if (share.options.empty()) return "";
  std::string text = fmt::format("  the best {} settings share", share.best);
  for (std::size_t i = 0; i < share.options.size(); ++i) {
    const SharedOption& one = share.options[i];
    text += fmt::format("{} {} {} ({} of {}; of all {} of {})", i == 0 ? "" : ",", pipeline.stages[one.stage].name,
                        one.option, one.among_best, share.best, one.over_all, share.settings);
  }
  return text + "\n";
}

}  // namespace

std::string story_text(const ScreeningResults& results) {
  const Ranking& ranking = results.ranking;
  const PipelineSpec& pipeline = results.record.screening.pipeline;
  const auto untouched = ranking.baseline().objective;
  std::size_t settings = 0, better = 0;
  double sum = 0;
  for (const PointScores& row : ranking.points) {
    if (row.point == baseline_point || !row.objective) continue;
    ++settings;
    sum += *row.objective;
    better += untouched && *row.objective > *untouched;
  }
  if (settings == 0) return "";
  std::string text = "what the stages did (objective: more is better)\n";
  text += fmt::format("  {} read on every page: mean {:.4f}", count_of(settings, "setting"),
                      sum / static_cast<double>(settings));
  if (untouched) text += fmt::format("; untouched {:.4f}, which {} of them beat", *untouched, better);
  text += "\n";
  const auto effects = stage_effects(pipeline, results.points, results.table, ranking);
  if (effects.empty()) return text + "  no stage was both on and off, so there is nothing to compare\n";
  text += fmt::format("  {:<13} {:>8} {:>8}  {:>8} {:<10} {:<11} {:<10}\n", "stage", "on", "off", "on - off",
                      "+- error", "settings", "pages better");
  for (const StageEffect& effect : effects) text += effect_line(pipeline, effect);
  return text + share_text(pipeline, best_share(pipeline, results.points, ranking));
}

std::string setting_text(const ScreeningResults& results, PointIndex point) {
  if (point == baseline_point) return "the untouched pages";
  return setting_text(results.record.screening.pipeline, results.points[static_cast<std::size_t>(point.value)].values);
}

std::string setting_text(const PipelineSpec& pipeline, const std::vector<FactorValue>& values) {
  const auto slots = factor_slots(pipeline);
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

std::string summary_text(const ScreeningResults& results, const Analysis& analysis, const OutputPaths& paths) {
  const Account& account = results.account;
  const Ranking& ranking = results.ranking;
  std::string text = fmt::format("{} of {} evaluations done", account.done, account.total);
  if (account.failed > 0) text += fmt::format(", {} failed because of their setting", account.failed);
  if (account.dropped > 0) text += fmt::format(", {} dropped by the race", account.dropped);
  const std::uint64_t missing = account.missing + account.pending;
  if (missing > 0) text += fmt::format(", {} missing (listed in {})", missing, paths.manifest_json().string());
  text += fmt::format("; {} pages were recognised\n", account.recognitions);

  text += story_text(results);
  if (const PointScores* best = ranking.best()) {
    const GainCheck check = check_gain(results.table, ranking);
    const Verdict verdict = verdict_of(ranking, analysis.gain);
    text += best_text(results, verdict);
    text += fmt::format("  {:<12} {:.4f} (untouched {:.4f}, {:+.4f})\n", "objective", best->objective.value_or(0),
                        ranking.baseline().objective.value_or(0), best->gain.value_or(0));
    add_interval(text, analysis.gain);
    add_comparison(text, ranking, Score::confidence, 2);
    add_comparison(text, ranking, Score::cer, 4);
    add_comparison(text, ranking, Score::word_recall, 4);
    text += gain_text(check, verdict);
    text += fmt::format("  (objective: {}; means over {})\n", ranking.objective.name,
                        count_of(results.table.pages(), "page"));
    add_portfolio(text, analysis.portfolio);
  } else {
    text += "best: not known, no setting was read on every page\n";
  }
  text += fmt::format("files: {}, {}, {}, {}, {}, {}\n", paths.report_html().string(), paths.points_csv().string(),
                      paths.evaluations_csv().string(), paths.best_yaml().string(), paths.portfolio_yaml().string(),
                      paths.manifest_json().string());
  return text;
}

std::string advice_text(const Analysis& analysis) {
  std::string text;
  if (!analysis.coverage.note.empty()) text += analysis.coverage.note + ".\n";
  for (const Advice& advice : analysis.advice) text += advice.text + "\n";
  return text;
}

}  // namespace ocrs
