#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/core/messages.hpp"
#include "common/version.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/journal_schema.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

/// Whether evaluations without a final record are missing for good.
enum class Open { missing, pending };

Json evaluations_of(const Account& account, Open open) {
  const std::uint64_t missing = account.missing + (open == Open::missing ? account.pending : 0);
  Json json = {{"total", account.total}, {"done", account.done}, {"failed", account.failed}, {"missing", missing}};
  json["merged"] = account.merged;
  json["dropped"] = account.dropped;
  if (open == Open::pending) json["pending"] = account.pending;
  return json;
}

Json missing_of(const ScreeningResults& results, Open open) {
  std::vector<MissingEvaluation> missing = results.account.missing_evaluations;
  if (open == Open::missing && results.account.pending > 0) {
    for (const PointScores& row : results.ranking.points) {
      for (std::uint32_t page = 0; page < results.table.pages(); ++page) {
        if (results.table.cell(PageIndex{page}, row.point).status != CellStatus::pending) continue;
        missing.push_back({{PageIndex{page}, row.point}, results.open_reason});
      }
    }
    std::sort(missing.begin(), missing.end(), [](const MissingEvaluation& a, const MissingEvaluation& b) {
      return std::pair(a.id.point, a.id.page) < std::pair(b.id.point, b.id.page);
    });
  }
  Json json = Json::array();
  for (const MissingEvaluation& one : missing) {
    json.push_back({{"point", one.id.point.value},
                    {"page", results.record.screening.pages[one.id.page.value].names.front()},
                    {"reason", one.reason}});
  }
  return json;
}

Json stage_runs_of(const ScreeningResults& results) {
  Json json = Json::object();
  const std::vector<StageSpec>& stages = results.record.screening.pipeline.stages;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    Json& count = json[stages[i].name];  // A list may use two stages of one name: they are counted together.
    count = results.account.stage_runs[i] + (count.is_null() ? 0 : count.get<std::uint64_t>());
  }
  return json;
}

Json stage_ms_of(const ScreeningResults& results) {
  Json json = Json::object();
  const std::vector<StageSpec>& stages = results.record.screening.pipeline.stages;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    Json& sum = json[stages[i].name];
    sum = results.account.stage_ms[i] + (sum.is_null() ? 0 : sum.get<double>());
  }
  json["recognise"] = results.account.recognise_ms;
  return json;
}

Json engine_of(const ScreeningRecord& record) {
  const EngineOptions& options = record.screening.engine;
  Json models = Json::object();
  for (const ModelRef& model : record.screening.models) models[model.language] = to_hex(model.hash);
  return {{"tesseract", record.engine.tesseract},
          {"leptonica", record.engine.leptonica},
          {"opencv", record.engine.opencv},
          {"oem", options.oem},
          {"width_max", options.width_max},
          {"invert", options.invert},
          {"models", models}};
}

Json pages_of(const Screening& screening) {
  Json json = Json::array();
  for (const Page& page : screening.pages) {
    const PageSpec& spec = page.spec;
    json.push_back({{"name", page.names.front()},
                    {"names", page.names},
                    {"hash", to_hex(spec.file)},
                    {"frame", spec.frame},
                    {"width", spec.width},
                    {"height", spec.height},
                    {"dpi", spec.dpi},
                    {"dpi_source", page.dpi_source},
                    {"languages", spec.languages},
                    {"psm", spec.psm},
                    {"ground_truth", spec.ground_truth ? Json(to_hex(*spec.ground_truth)) : Json(nullptr)}});
  }
  return json;
}

Json standing_of(const PointScores* scores) {
  if (!scores || !scores->objective) return nullptr;
  Json json = {{"point", scores->point.value}, {"objective", *scores->objective}};
  json["gain"] = scores->gain ? Json(*scores->gain) : Json(nullptr);
  return json;
}

Json objective_of(const RankingObjective& objective) {
  Json weights = Json::object();
  for (const auto& [score, weight] : objective.weights) weights[std::string(to_string(score))] = weight;
  return {{"name", objective.name}, {"weights", weights}};
}

Json counts_of(const std::map<std::string, std::uint64_t>& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

std::string account_json(const ScreeningResults& results, Open open) {
  const ScreeningRecord& record = results.record;
  const Screening& screening = record.screening;
  Json json = {{"run_id", to_hex(record.run)}, {"screening", screening.title}};
  const bool all_done = results.complete();
  json["state"] = all_done ? "complete" : "incomplete";
  json["evaluations"] = evaluations_of(results.account, open);
  json["objective"] = objective_of(results.ranking.objective);
  json["best"] = standing_of(results.ranking.best());
  json["baseline"] = standing_of(&results.ranking.baseline());
  json["stage_runs"] = stage_runs_of(results);
  json["recognitions"] = results.account.recognitions;
  json["missing"] = missing_of(results, open);
  json["design"] = {{"kind", "sobol"},
                    {"points", screening.design.points},
                    {"seed", screening.design.seed},
                    {"scramble", screening.design.scrambling == Scrambling::none ? "none" : "owen"}};
  if (const auto& race = screening.design.racing) {
    json["design"]["racing"] = {{"first_pages", race->first_pages}, {"keep", race->keep}};
  }
  json["pipeline"] = screening.pipeline.name;
  json["engine"] = engine_of(record);
  json["ground_truth"] = {{"fold",
                           {{"case", screening.folding.letter_case},
                            {"quotes", screening.folding.quotes},
                            {"dashes", screening.folding.dashes}}}};
  json["limits"] = {{"max_pixels", screening.limits.max_pixels},
                    {"components", screening.limits.components},
                    {"deadline_s", screening.limits.deadline_s}};
  json["pages"] = pages_of(screening);
  json["skipped_pages"] = screening.skipped_pages;
  json["backends"] = counts_of(results.account.backends);
  json["workers"] = counts_of(results.account.workers);
  json["work_ms"] = stage_ms_of(results);
  json["score_version"] = score_version;
  json["versions"] = {{"program", program_version},
                      {"journal_made_by", record.program},
                      {"protocol", std::to_string(protocol_major) + "." + std::to_string(protocol_minor)},
                      {"score_version", score_version},
                      {"schema", journal_schema}};
  for (const auto& [name, text] : results.notes) {
    if (json.contains(name)) continue;
    Json note = Json::parse(text, nullptr, false);
    json[name] = note.is_discarded() ? Json(text) : std::move(note);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string manifest_json(const ScreeningResults& results) { return account_json(results, Open::missing); }
std::string status_json(const ScreeningResults& results) { return account_json(results, Open::pending); }

}  // namespace ocrs
