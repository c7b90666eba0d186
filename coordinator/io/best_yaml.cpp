#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "common/version.hpp"
#include "coordinator/core/gain_check.hpp"
#include "coordinator/core/reading_choice.hpp"
#include "coordinator/core/verdict.hpp"
#include "coordinator/io/exports.hpp"

namespace ocrs {
namespace {

/// JSON's double-quoted strings are YAML's; unquoted, "off" and "on" would be taken for booleans by some readers.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The shortest text of a double that every YAML reader takes for a real number: "12.0", "1.0e-07".
std::string real(double value) {
  std::string text = shortest(value);
  const std::size_t exponent = text.find('e');
  const std::size_t mantissa = std::min(exponent, text.size());
  if (text.find_first_not_of("-0123456789", 0) >= mantissa) text.insert(mantissa, ".0");
  return text;
}

std::string yaml(const FactorValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return real(*number);
  if (const auto* name = std::get_if<std::string>(&value)) return quoted(*name);
  return to_text(value);
}

std::string optional_real(const std::optional<double>& value) { return value ? real(*value) : "null"; }

/// How most pages were read; of equally frequent ways the smaller.
std::pair<std::string, std::int32_t> usual_reading(const Screening& screening) {
  std::map<std::pair<std::string, std::int32_t>, std::size_t> counts;
  for (const Page& page : screening.pages) ++counts[{page.spec.languages, page.spec.psm}];
  std::pair<std::string, std::int32_t> usual{"eng", 6};
  std::size_t most = 0;
  for (const auto& [way, count] : counts) {
    if (count <= most) continue;
    most = count;
    usual = way;
  }
  return usual;
}

/// As a configuration has it: a known name, or the list of stages.
std::string pipeline_of(const PipelineSpec& pipeline) {
  if (find_pipeline(pipeline.name)) return quoted(pipeline.name);
  std::string list;
  for (const StageSpec& stage : pipeline.stages) list += (list.empty() ? "" : ", ") + quoted(stage.id);
  return "[" + list + "]";
}

std::string factors_of(const ScreeningResults& results, const std::vector<FactorValue>& values) {
  const std::vector<FactorSlot> slots = factor_slots(results.record.screening.pipeline);
  std::string text;
  for (std::size_t f = 0; f < slots.size(); ++f) {
    if (std::holds_alternative<std::monostate>(values[f])) continue;
    text += "  " + slots[f].factor->name + ": " + yaml(values[f]);
    text += "  # " + results.record.screening.pipeline.stages[slots[f].stage].name + "\n";
  }
  return text;
}

std::string factors_of(const ScreeningResults& results, PointIndex point) {
  return factors_of(results, results.points[static_cast<std::size_t>(point.value)].values);
}

/// Of every factor that has one: without it a configuration's own `unit` would be lost.
std::string units_of(const PipelineSpec& pipeline) {
  std::string text;
  for (const FactorSlot& slot : factor_slots(pipeline)) {
    if (slot.factor->unit == FactorUnit::none) continue;
    text += "  " + slot.factor->name + ": " + std::string(to_string(slot.factor->unit)) + "\n";
  }
  return text.empty() ? "units: {}\n" : "units:\n" + text;
}

std::string limits_of(const EvaluationLimits& limits) {
  return "limits:\n  max_pixels: " + std::to_string(limits.max_pixels) +
         "\n  components: " + std::to_string(limits.components) +
         "\n  deadline_s: " + std::to_string(limits.deadline_s) + "\n";
}

std::string scores_of(const char* key, const ScoreRow& row) {
  std::string text = std::string(key) + ":\n";
  for (std::size_t s = 0; s < score_count; ++s) {
    if (row[s]) text += "  " + std::string(score_names[s]) + ": " + real(*row[s]) + "\n";
  }
  return text;
}

/// How every setting of the screening is read: engine, models, pipeline.
std::string reading_of(const ScreeningResults& results) {
  const ScreeningRecord& record = results.record;
  const Screening& screening = record.screening;
  const auto [languages, psm] = usual_reading(screening);
  std::string text = "ocr:\n  languages: " + quoted(languages) + "\n  psm: " + std::to_string(psm) + "\n";
  text += "  oem: " + std::to_string(screening.engine.oem) + "\n";
  text += "  width_max: " + std::to_string(screening.engine.width_max) + "\n";
  text += std::string("  invert: ") + (screening.engine.invert ? "true" : "false") + "\n";
  text += "engine:\n  tesseract: " + quoted(record.engine.tesseract) + "\n";
  text += "  leptonica: " + quoted(record.engine.leptonica) + "\n  opencv: " + quoted(record.engine.opencv) + "\n";
  text += "models:" + std::string(screening.models.empty() ? " {}" : "") + "\n";
  for (const ModelRef& model : screening.models)
    text += "  " + quoted(model.language) + ": " + quoted(to_hex(model.hash)) + "\n";

  text += "pipeline: " + pipeline_of(screening.pipeline) + "\n" + units_of(screening.pipeline);
  text += limits_of(screening.limits);
  return text;
}

/// What stands in the file: the recommended settings; without a portfolio that can be judged the best point, and the
/// untouched page where leaving pages out speaks for nothing else.
std::vector<PointIndex> portfolio_settings(const ScreeningResults& results, const PortfolioAnalysis& portfolio) {
  std::vector<PointIndex> settings;
  for (std::size_t i = 0; i < portfolio.recommended; ++i) settings.push_back(portfolio.steps[i].added);
  if (!settings.empty()) return settings;
  const PointScores* best = results.ranking.best();
  return {portfolio.steps.empty() && best ? best->point : baseline_point};
}

std::string verdict_on(const PortfolioAnalysis& portfolio) {
  if (portfolio.steps.empty()) return "too few pages to judge a portfolio by pages left out";
  if (portfolio.recommended == 0) return "no portfolio reads pages left out better than leaving them untouched";
  return "of each page the reading with the highest " + std::string(to_string(default_keep)) +
         " among these settings is kept";
}

/// One entry per size, with what it gives on the pages themselves and on pages left out.
std::string portfolio_curve(const PortfolioAnalysis& portfolio) {
  std::string text = portfolio.steps.empty() ? "curve: []\n" : "curve:\n";
  for (std::size_t i = 0; i < portfolio.steps.size(); ++i) {
    const PortfolioStep& step = portfolio.steps[i];
    text += "  - {settings: " + std::to_string(i + 1) + ", value: " + real(step.value);
    text += ", left_out: " + real(step.left_out) + ", gain_low: " + real(step.left_out_interval.low);
    text += ", gain_high: " + real(step.left_out_interval.high) + ", closed: " + optional_real(step.closed);
    text += ", cer: " + optional_real(step.cer) + ", left_out_cer: " + optional_real(step.left_out_cer) + "}\n";
  }
  return text;
}

std::string indented(const std::string& text, const std::string& by) {
  std::string out;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start) + 1;
    out += by + text.substr(start, end - start);
    start = end;
  }
  return out;
}

}  // namespace

std::string best_yaml(const ScreeningResults& results, const Analysis& analysis) {
  const ScreeningRecord& record = results.record;
  const Screening& screening = record.screening;
  const PointScores* best = results.ranking.best();
  const bool untouched = best && best->point == baseline_point;
  const GainCheck check = check_gain(results.table, results.ranking);
  const Verdict judged = verdict_of(results.ranking, analysis.gain);
  const std::string verdict(verdict_clause(judged));
  std::string text = "# Written by ocrscreen " + std::string(program_version) + "; `ocrscreen apply` reads it.\n";
  text += "# " + verdict + ".\n";
  if (!results.complete()) text += "# The screening is not complete: this may change.\n";
  text += "ocrscreen: best\nrun_id: " + quoted(to_hex(record.run)) + "\n";
  text += "screening: " + quoted(screening.title) + "\n";
  text += "verdict: " + quoted(verdict) + "\n";
  text += "point: " + (best ? std::to_string(best->point.value) : "null") + "\n";
  text += std::string("untouched: ") + (untouched ? "true" : "false") + "\n";
  text += "objective:\n  name: " + quoted(results.ranking.objective.name) + "\n";
  text += "  value: " + optional_real(best ? best->objective : std::nullopt) + "\n";
  text += "  untouched: " + optional_real(results.ranking.baseline().objective) + "\n";
  text += "  gain: " + optional_real(best ? best->gain : std::nullopt) + "\n";
  if (check.verdict == GainVerdict::beyond_noise || check.verdict == GainVerdict::within_noise) {
    text += "  held_out_gain: " + real(check.held_out.mean) +
            "  # on either half of the pages, of the setting best on the other half\n";
    text += "  held_out_error: " + real(check.held_out.error) + "  # its standard error over the pages\n";
    text += std::string("  beyond_noise: ") + (judged == Verdict::sure ? "true" : "false") + "\n";
  }
  if (best) text += scores_of("scores", best->means);
  text += reading_of(results);
  const std::string factors = best && !untouched ? factors_of(results, best->point) : "";
  text += factors.empty() ? "factors: {}\n" : "factors:\n" + factors;
  return text;
}

std::string setting_yaml(const ScreeningResults& results, PointIndex point, const std::vector<FactorValue>& values,
                         const std::string& verdict) {
  std::string text = "# Written by ocrscreen " + std::string(program_version) + "; `ocrscreen apply` reads it.\n";
  text += "# " + verdict + ".\n";
  text += "ocrscreen: best\nrun_id: " + quoted(to_hex(results.record.run)) + "\n";
  text += "screening: " + quoted(results.record.screening.title) + "\n";
  text += "verdict: " + quoted(verdict) + "\npoint: " + std::to_string(point.value) + "\nuntouched: false\n";
  text += reading_of(results);
  const std::string factors = factors_of(results, values);
  text += factors.empty() ? "factors: {}\n" : "factors:\n" + factors;
  return text;
}

std::string portfolio_yaml(const ScreeningResults& results, const Analysis& analysis) {
  const PortfolioAnalysis& portfolio = analysis.portfolio;
  std::string text = "# Written by ocrscreen " + std::string(program_version) + "; `ocrscreen apply` reads it.\n";
  text += "# " + verdict_on(portfolio) + ".\n";
  if (!results.complete()) text += "# The screening is not complete: this may change.\n";
  text += "ocrscreen: portfolio\nrun_id: " + quoted(to_hex(results.record.run)) + "\n";
  text += "screening: " + quoted(results.record.screening.title) + "\n";
  text += "verdict: " + quoted(verdict_on(portfolio)) + "\n";
  text += "objective:\n  name: " + quoted(results.ranking.objective.name) + "\n";
  text += "  untouched: " + real(portfolio.untouched) + "\n  optimum: " + real(portfolio.optimum) + "\n";
  text += "keep: " + std::string(to_string(default_keep)) + "\npages: " + std::to_string(portfolio.pages) + "\n" +
          portfolio_curve(portfolio);
  text += reading_of(results);
  text += "settings:\n";
  for (const PointIndex point : portfolio_settings(results, portfolio)) {
    const bool untouched = point == baseline_point;
    text += "  - point: " + std::to_string(point.value) + "\n";
    text += std::string("    untouched: ") + (untouched ? "true" : "false") + "\n";
    const std::string factors = untouched ? "" : factors_of(results, point);
    text += factors.empty() ? "    factors: {}\n" : "    factors:\n" + indented(factors, "    ");
  }
  return text;
}

}  // namespace ocrs
