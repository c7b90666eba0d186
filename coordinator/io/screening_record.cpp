#include "coordinator/io/screening_record.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/io/hash.hpp"
#include "common/version.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

// Text of pages and file names need not be UTF-8; a journal that cannot be written over a file name helps nobody.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json to_json(const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* name = std::get_if<std::string>(&value)) return *name;
  return nullptr;
}

FactorValue factor_value_from(const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  return std::monostate{};
}

template <class Enum, std::size_t n>
Enum enum_from(const Json& json, const std::array<Enum, n>& values) {
  const auto text = json.get<std::string>();
  for (const Enum value : values) {
    if (to_string(value) == text) return value;
  }
  throw std::runtime_error("\"" + text + "\" is not known here");
}

constexpr std::array factor_kinds = {FactorKind::fixed, FactorKind::integer, FactorKind::real,  FactorKind::log,
                                     FactorKind::step,  FactorKind::levels,  FactorKind::choice};
constexpr std::array factor_units = {FactorUnit::none, FactorUnit::px, FactorUnit::px300};

Json to_json(const Factor& factor) {
  Json json = {{"name", factor.name}, {"kind", to_string(factor.kind)}, {"unit", to_string(factor.unit)}};
  json["low"] = factor.low;
  json["high"] = factor.high;
  json["step"] = factor.step;
  json["levels"] = Json::array();
  for (const FactorValue& level : factor.levels) json["levels"].push_back(to_json(level));
  json["choices"] = Json::array();
  for (const ChoiceShare& option : factor.choices) json["choices"].push_back({option.name, option.share});
  json["fixed"] = to_json(factor.fixed);
  return json;
}

Factor factor_from(const Json& json) {
  Factor factor;
  factor.name = json.at("name").get<std::string>();
  factor.kind = enum_from(json.at("kind"), factor_kinds);
  factor.unit = enum_from(json.at("unit"), factor_units);
  factor.low = json.at("low").get<double>();
  factor.high = json.at("high").get<double>();
  factor.step = json.at("step").get<double>();
  for (const Json& level : json.at("levels")) factor.levels.push_back(factor_value_from(level));
  for (const Json& option : json.at("choices")) {
    factor.choices.push_back({option.at(0).get<std::string>(), option.at(1).get<double>()});
  }
  factor.fixed = factor_value_from(json.at("fixed"));
  return factor;
}

Json to_json(const PipelineSpec& pipeline) {
  Json stages = Json::array();
  for (const StageSpec& stage : pipeline.stages) {
    Json factors = Json::array();
    for (const StageFactor& used : stage.factors) {
      factors.push_back({{"factor", to_json(used.factor)}, {"when", used.when}});
    }
    stages.push_back({{"id", stage.id},
                      {"name", stage.name},
                      {"choice", stage.choice ? to_json(*stage.choice) : Json(nullptr)},
                      {"factors", factors}});
  }
  return {{"name", pipeline.name}, {"default_width_max", pipeline.default_width_max}, {"stages", stages}};
}

PipelineSpec pipeline_from(const Json& json) {
  PipelineSpec pipeline;
  pipeline.name = json.at("name").get<std::string>();
  pipeline.default_width_max = json.at("default_width_max").get<int>();
  for (const Json& entry : json.at("stages")) {
    StageSpec stage;
    stage.id = entry.at("id").get<std::string>();
    stage.name = entry.at("name").get<std::string>();
    if (!entry.at("choice").is_null()) stage.choice = factor_from(entry.at("choice"));
    for (const Json& used : entry.at("factors")) {
      stage.factors.push_back({factor_from(used.at("factor")), used.at("when").get<std::vector<std::string>>()});
    }
    pipeline.stages.push_back(std::move(stage));
  }
  return pipeline;
}

ContentHash hash_from(const Json& json) {
  const std::optional<ContentHash> hash = content_hash_from_hex(json.get<std::string>());
  if (!hash) throw std::runtime_error("a hash is not 64 hexadecimal digits");
  return *hash;
}

Screening screening_from(const Json& json) {
  Screening s;
  s.title = json.at("title").get<std::string>();
  s.pipeline = pipeline_from(json.at("pipeline"));
  const Json& design = json.at("design");
  s.design = {design.at("points").get<std::uint32_t>(),
              design.at("seed").get<std::uint64_t>(),
              design.at("scramble") == "none" ? Scrambling::none : Scrambling::owen,
              {}};
  if (const auto racing = design.find("racing"); racing != design.end()) {
    s.design.racing = RaceSettings{racing->at("first_pages").get<std::uint32_t>(), racing->at("keep").get<double>()};
  }
  const Json& ocr = json.at("ocr");
  s.engine = {ocr.at("oem").get<std::int32_t>(), ocr.at("width_max").get<std::int32_t>(), ocr.at("invert").get<bool>()};
  const Json& limits = json.at("limits");
  s.limits = {limits.at("max_pixels").get<std::uint64_t>(), limits.at("components").get<std::uint32_t>(),
              limits.at("deadline_s").get<std::uint32_t>()};
  const Json& fold = json.at("fold");
  s.folding = {fold.at("case").get<bool>(), fold.at("quotes").get<bool>(), fold.at("dashes").get<bool>()};
  s.objective.weights = json.at("objective").get<std::map<std::string, double>>();
  const Json& cluster = json.at("cluster");
  s.cluster = {cluster.at("heartbeat_s").get<double>(), cluster.at("suspect_s").get<double>(),
               cluster.at("lease_s").get<double>()};
  for (const Json& model : json.at("models")) {
    s.models.push_back(
        {model.at("language").get<std::string>(), hash_from(model.at("hash")), model.at("bytes").get<std::uint64_t>()});
  }
  s.skipped_pages = json.at("skipped_pages").get<std::vector<std::string>>();
  return s;
}

/// nlohmann reports by exceptions; whatever is wrong with stored JSON becomes one sentence.
template <class Read>
auto guarded(std::string_view text, Read read) -> Result<decltype(read(Json{}))> {
  try {
    return read(Json::parse(text));
  } catch (const std::exception& problem) {
    return Error{std::string("unreadable settings: ") + problem.what()};
  }
}

using Values = std::map<std::string, std::vector<std::string>>;

Values values_by_key(std::string_view identity, const std::set<std::string>& without) {
  Values values;
  while (!identity.empty()) {
    const std::size_t end = std::min(identity.find('\n'), identity.size());
    const std::string line(identity.substr(0, end));
    identity.remove_prefix(std::min(end + 1, identity.size()));
    if (line.empty() || without.contains(line)) continue;
    const std::size_t colon = line.rfind(": ");  // Values have no colon, page names may.
    if (colon == std::string::npos) {
      values[line];
    } else {
      values[line.substr(0, colon)].push_back(line.substr(colon + 2));
    }
  }
  return values;
}

std::set<std::string> lines_of(std::string_view text) {
  std::set<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

/// A page's line is "hash label value label value …": says which of them differ, without the hashes.
std::string page_difference(const std::string& page, const std::string& here, const std::string& there,
                            const std::string& folder) {
  const std::vector<std::string> a = words_of(here);
  const std::vector<std::string> b = words_of(there);
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (a.empty() || b.empty() || a.size() != b.size()) return page + ": " + here + " here, " + there + " in " + folder;
  if (a[0] != b[0]) add("its bytes are not those that " + folder + " was made with");
  for (std::size_t i = 1; i + 1 < a.size(); i += 2) {
    if (a[i] == b[i] && a[i + 1] == b[i + 1]) continue;
    if (a[i] == "ground_truth") {
      add("its ground truth is not the one that " + folder + " was made with (`ocrscreen rescore " + folder +
          "` takes a corrected one)");
    } else {
      add(a[i] + " " + a[i + 1] + " here, " + b[i + 1] + " in " + folder);
    }
  }
  return page + ": " + text;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

}  // namespace

ScreeningRecord new_record(Screening screening, EngineVersions engine, std::int64_t created_ms) {
  ScreeningRecord record;
  record.identity = identity_text(screening);
  record.run = hash_bytes(record.identity);
  record.screening = std::move(screening);
  record.engine = std::move(engine);
  record.program = program_version;
  record.created_ms = created_ms;
  return record;
}

std::vector<std::string> identity_differences(std::string_view here, std::string_view there,
                                              const std::string& folder) {
  // Lines that stand in both say nothing.
  const Values ours = values_by_key(here, lines_of(there));
  const Values theirs = values_by_key(there, lines_of(here));
  std::vector<std::string> differences;
  for (const auto& [key, values] : ours) {
    const std::string page = key.starts_with("page.") ? "page " + key.substr(5) : "";
    const auto other = theirs.find(key);
    if (other == theirs.end()) {
      differences.push_back("differs: " + (page.empty() ? key + ": " + joined(values) : page) + " here, not in " +
                            folder);
    } else if (!page.empty()) {
      differences.push_back("differs: " + page_difference(page, joined(values), joined(other->second), folder));
    } else {
      differences.push_back("differs: " + key + ": " + joined(values) + " here, " + joined(other->second) + " in " +
                            folder);
    }
  }
  for (const auto& [key, values] : theirs) {
    if (ours.contains(key)) continue;
    const bool page = key.starts_with("page.");
    differences.push_back("differs: " + (page ? "page " + key.substr(5) : key + ": " + joined(values)) + " in " +
                          folder + ", not here");
  }
  return differences;
}

std::string settings_to_json(const Screening& s) {
  Json models = Json::array();
  for (const ModelRef& model : s.models) {
    models.push_back({{"language", model.language}, {"hash", to_hex(model.hash)}, {"bytes", model.bytes}});
  }
  Json json = {{"title", s.title}, {"pipeline", to_json(s.pipeline)}};
  json["design"] = {{"points", s.design.points},
                    {"seed", s.design.seed},
                    {"scramble", s.design.scrambling == Scrambling::none ? "none" : "owen"}};
  if (const auto& race = s.design.racing) {
    json["design"]["racing"] = {{"first_pages", race->first_pages}, {"keep", race->keep}};
  }
  json["ocr"] = {{"oem", s.engine.oem}, {"width_max", s.engine.width_max}, {"invert", s.engine.invert}};
  json["limits"] = {
      {"max_pixels", s.limits.max_pixels}, {"components", s.limits.components}, {"deadline_s", s.limits.deadline_s}};
  json["fold"] = {{"case", s.folding.letter_case}, {"quotes", s.folding.quotes}, {"dashes", s.folding.dashes}};
  json["objective"] = s.objective.weights;
  json["cluster"] = {
      {"heartbeat_s", s.cluster.heartbeat_s}, {"suspect_s", s.cluster.suspect_s}, {"lease_s", s.cluster.lease_s}};
  json["models"] = models;
  json["skipped_pages"] = s.skipped_pages;
  return dumped(json);
}

Result<Screening> settings_from_json(std::string_view json) { return guarded(json, screening_from); }

std::string engine_to_json(const EngineVersions& engine) {
  return dumped({{"tesseract", engine.tesseract}, {"leptonica", engine.leptonica}, {"opencv", engine.opencv}});
}

Result<EngineVersions> engine_from_json(std::string_view json) {
  return guarded(json, [](const Json& parsed) {
    return EngineVersions{parsed.at("tesseract").get<std::string>(), parsed.at("leptonica").get<std::string>(),
                          parsed.at("opencv").get<std::string>()};
  });
}

}  // namespace ocrs
