#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "common/version.hpp"
#include "coordinator/core/gain_check.hpp"
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

std::string verdict_on(const ScreeningResults& results, const GainCheck& check) {
  const PointScores* best = results.ranking.best();
  if (!best) return "no setting has a result for every page, so there is no best one yet";
  if (best->point == baseline_point) return "the untouched page reads best: no setting of this screening beats it";
  if (!best->gain) return "best of the settings; the untouched pages were not all read, so its gain is not known";
  if (check.verdict == GainVerdict::within_noise) {
    return "nothing beats leaving the pages as they are beyond noise: this setting is the highest, by luck perhaps";
  }
  return "this setting reads better than the untouched page";
}

/// As a configuration has it: a known name, or the list of stages.
std::string pipeline_of(const PipelineSpec& pipeline) {
  if (find_pipeline(pipeline.name)) return quoted(pipeline.name);
  std::string list;
  for (const StageSpec& stage : pipeline.stages) list += (list.empty() ? "" : ", ") + quoted(stage.id);
  return "[" + list + "]";
}

std::string factors_of(const ScreeningResults& results, const PointScores& best) {
  const std::vector<FactorSlot> slots = factor_slots(results.record.screening.pipeline);
  const std::vector<FactorValue>& values = results.points[static_cast<std::size_t>(best.point.value)].values;
  std::string text;
  for (std::size_t f = 0; f < slots.size(); ++f) {
    if (std::holds_alternative<std::monostate>(values[f])) continue;
    text += "  " + slots[f].factor->name + ": " + yaml(values[f]);
    std::string remark = results.record.screening.pipeline.stages[slots[f].stage].name;
    if (slots[f].factor->unit != FactorUnit::none) remark += ", " + std::string(to_string(slots[f].factor->unit));
    text += "  # " + remark + "\n";
  }
  return text;
}

std::string scores_of(const char* key, const ScoreRow& row) {
  std::string text = std::string(key) + ":\n";
  for (std::size_t s = 0; s < score_count; ++s) {
    if (row[s]) text += "  " + std::string(score_names[s]) + ": " + real(*row[s]) + "\n";
  }
  return text;
}

}  // namespace

std::string best_yaml(const ScreeningResults& results) {
  const ScreeningRecord& record = results.record;
  const Screening& screening = record.screening;
  const PointScores* best = results.ranking.best();
  const bool untouched = best && best->point == baseline_point;
  const GainCheck check = check_gain(results.table, results.ranking);
  const std::string verdict = verdict_on(results, check);
  std::string text = "# Written by ocrscreen " + std::string(program_version) + "; `ocrscreen apply` reads it.\n";
  text += "# " + verdict + ".\n";
  if (!results.complete()) text += "# The screening is not complete: this may change.\n";
  text += "run_id: " + quoted(to_hex(record.run)) + "\n";
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
    text += std::string("  beyond_noise: ") + (check.verdict == GainVerdict::beyond_noise ? "true" : "false") + "\n";
  }
  if (best) text += scores_of("scores", best->means);

  const auto [languages, psm] = usual_reading(screening);
  text += "ocr:\n  languages: " + quoted(languages) + "\n  psm: " + std::to_string(psm) + "\n";
  text += "  oem: " + std::to_string(screening.engine.oem) + "\n";
  text += "  width_max: " + std::to_string(screening.engine.width_max) + "\n";
  text += std::string("  invert: ") + (screening.engine.invert ? "true" : "false") + "\n";
  text += "engine:\n  tesseract: " + quoted(record.engine.tesseract) + "\n";
  text += "  leptonica: " + quoted(record.engine.leptonica) + "\n  opencv: " + quoted(record.engine.opencv) + "\n";
  text += "models:" + std::string(screening.models.empty() ? " {}" : "") + "\n";
  for (const ModelRef& model : screening.models)
    text += "  " + quoted(model.language) + ": " + quoted(to_hex(model.hash)) + "\n";

  text += "pipeline: " + pipeline_of(screening.pipeline) + "\n";
  const std::string factors = best && !untouched ? factors_of(results, *best) : "";
  text += factors.empty() ? "factors: {}\n" : "factors:\n" + factors;
  return text;
}

}  // namespace ocrs
