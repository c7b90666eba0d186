#include "coordinator/io/setting_file.hpp"

#include <algorithm>
#include <utility>

#include "common/core/pipeline_spec.hpp"
#include "common/core/text_scores.hpp"
#include "common/io/file.hpp"
#include "coordinator/core/design.hpp"
#include "coordinator/io/config_factors.hpp"
#include "coordinator/io/config_ocr.hpp"
#include "coordinator/io/yaml_reader.hpp"

namespace ocrs {
namespace {

constexpr std::int64_t point_max = (std::int64_t{1} << 31) - 1;

using Keys = std::vector<std::string>;
const Keys shared_keys = {"pipeline", "ocr", "limits", "units"};
const Keys setting_keys = {"point", "untouched", "factors", "objective", "scores"};
/// `curve` and `pages` tell what the portfolio is worth; `keep` is what apply does.
const Keys portfolio_keys = {"settings", "objective", "scores", "keep", "pages", "curve"};
/// What only tells where the file comes from.
const Keys origin_keys = {"ocrscreen", "run_id", "screening", "verdict", "engine", "models"};

Keys joined(Keys keys, const Keys& more, const Keys& most = {}) {
  keys.insert(keys.end(), more.begin(), more.end());
  keys.insert(keys.end(), most.begin(), most.end());
  return keys;
}

/// What a setting has before its own keys are read.
struct Base {
  PipelineSpec pipeline = *find_pipeline("open");
  std::map<std::string, FactorUnit> units;
  std::string languages = "eng";
  std::int32_t psm = 6;
  EngineOptions engine;
  EvaluationLimits limits;
};

class SettingReader {
 public:
  explicit SettingReader(YamlReader& reader) : reader_(reader) {}

  void read_file_of(const YamlNode& root, SettingFile& file);

 private:
  void read_base(const YamlNode& node, Base& base);
  void read_units(const YamlNode& node, Base& base);
  void read_origin(const YamlNode& root, SettingFile& file);
  [[nodiscard]] std::optional<Setting> read_setting(const YamlNode& node, Base base, const std::string& key);
  [[nodiscard]] std::optional<PointIndex> read_point(const YamlNode& node, const std::string& key);
  void read_values(const YamlNode& node, const Base& base, const std::string& key, Setting& setting);
  [[nodiscard]] std::optional<FactorValue> read_value(const YamlNode& node, const Factor& factor,
                                                      const std::string& key);

  YamlReader& reader_;
};

void SettingReader::read_file_of(const YamlNode& root, SettingFile& file) {
  const YamlNode* list = root.find("settings");
  Keys known = joined(origin_keys, shared_keys, list ? portfolio_keys : setting_keys);
  if (!list) known.push_back("settings");
  if (!reader_.map(root, "", known)) return;
  read_origin(root, file);
  Base base;
  read_base(root, base);
  if (!list) {
    if (auto setting = read_setting(root, base, "")) file.settings.push_back(std::move(*setting));
    return;
  }
  if (const YamlNode* keep = root.find("keep")) {
    const auto rule = reader_.one_of(*keep, "keep", {"text_yield", "tolerant_yield"});
    if (rule && *rule == to_string(KeepRule::tolerant_yield)) file.keep = KeepRule::tolerant_yield;
  }
  if (!reader_.list(*list, "settings", "settings")) return;
  if (list->items.size() > settings_max) {
    return reader_.error(list->line, "settings", "has more than " + std::to_string(settings_max) + " entries");
  }
  for (const YamlNode& item : list->items) {
    Base own = base;
    if (!reader_.map(item, "settings", joined(shared_keys, setting_keys))) continue;
    read_base(item, own);
    auto setting = read_setting(item, own, "settings");
    if (!setting) continue;
    if (std::find(file.settings.begin(), file.settings.end(), *setting) != file.settings.end()) {
      reader_.error(item.line, "settings", "has a setting twice, expected different ones");
    }
    file.settings.push_back(std::move(*setting));
  }
}

void SettingReader::read_origin(const YamlNode& root, SettingFile& file) {
  if (const YamlNode* kind = root.find("ocrscreen")) {
    const auto name = reader_.one_of(*kind, "ocrscreen", {"best", "portfolio"});
    const bool listed = root.find("settings") != nullptr;
    if (name && (*name == "portfolio") != listed) {
      reader_.error(kind->line, "ocrscreen",
                    "is " + describe(*kind) + ", but there is " + (listed ? "a" : "no") + " list 'settings'");
    }
  }
  if (const YamlNode* engine = root.find("engine");
      engine && reader_.map(*engine, "engine", {"tesseract", "leptonica", "opencv"})) {
    EngineVersions& versions = file.engine.emplace();
    const auto read = [&](const char* name, std::string& version) {
      const YamlNode* node = engine->find(name);
      if (node && node->kind == YamlNode::Kind::scalar) version = node->text;
    };
    read("tesseract", versions.tesseract);
    read("leptonica", versions.leptonica);
    read("opencv", versions.opencv);
  }
  if (const YamlNode* models = root.find("models")) {
    if (models->kind != YamlNode::Kind::map) {
      return reader_.error(models->line, "models", "is " + describe(*models) + ", expected languages with hashes");
    }
    for (const auto& [language, hash] : models->entries) {
      if (const auto text = reader_.text(hash, below("models", language.text))) file.models[language.text] = *text;
    }
  }
}

void SettingReader::read_base(const YamlNode& node, Base& base) {
  if (const YamlNode* pipeline = node.find("pipeline")) {
    if (auto read = read_pipeline(reader_, *pipeline)) {
      base.pipeline = std::move(*read);
      base.engine.width_max = base.pipeline.default_width_max;
    }
  }
  const YamlNode* ocr = node.find("ocr");
  if (ocr && reader_.map(*ocr, "ocr", {"languages", "psm", "oem", "width_max", "invert"})) {
    if (const YamlNode* languages = ocr->find("languages")) {
      base.languages = read_languages(reader_, *languages, "ocr.languages").value_or(base.languages);
    }
    if (const YamlNode* psm = ocr->find("psm")) base.psm = read_psm(reader_, *psm, "ocr.psm").value_or(base.psm);
    read_engine(reader_, *ocr, base.engine);
  }
  if (const YamlNode* limits = node.find("limits")) read_limits(reader_, *limits, base.limits);
  if (const YamlNode* units = node.find("units")) read_units(*units, base);
}

void SettingReader::read_units(const YamlNode& node, Base& base) {
  Keys names;
  for (const FactorSlot& slot : factor_slots(base.pipeline)) {
    if (slot.factor->unit != FactorUnit::none) names.push_back(slot.factor->name);
  }
  if (node.kind == YamlNode::Kind::map && node.entries.empty()) return;
  if (!reader_.map(node, "units", names)) return;
  for (const auto& [name, unit] : node.entries) {
    const auto read = reader_.one_of(unit, below("units", name.text), {"px", "px300"});
    if (read) base.units[name.text] = *read == "px" ? FactorUnit::px : FactorUnit::px300;
  }
}

std::optional<PointIndex> SettingReader::read_point(const YamlNode& node, const std::string& key) {
  const YamlNode* point = node.find("point");
  const YamlNode* untouched = node.find("untouched");
  if (!point) {
    reader_.error(node.line, below(key, "point"),
                  "is missing, expected the setting's point, or -1 for the untouched page");
    return std::nullopt;
  }
  if (point->kind == YamlNode::Kind::null || point->text == "null") {
    reader_.error(point->line, below(key, "point"),
                  "is empty: the screening has no best setting yet; expected a point");
    return std::nullopt;
  }
  const auto index = reader_.whole(*point, below(key, "point"), -1, point_max);
  if (!index) return std::nullopt;
  if (untouched) {
    const auto flag = reader_.boolean(*untouched, below(key, "untouched"));
    if (flag && *flag != (*index == baseline_point.value)) {
      reader_.error(untouched->line, below(key, "untouched"),
                    "is " + describe(*untouched) + " beside point " + std::to_string(*index) +
                        ", expected true with point -1 and false with any other");
      return std::nullopt;
    }
  }
  return PointIndex{*index};
}

std::optional<Setting> SettingReader::read_setting(const YamlNode& node, Base base, const std::string& key) {
  const auto point = read_point(node, key);
  if (!point) return std::nullopt;
  Setting setting;
  setting.point.index = *point;
  for (const StageSpec& stage : base.pipeline.stages) setting.stages.push_back(stage.id);
  for (const FactorSlot& slot : factor_slots(base.pipeline)) {
    const auto unit = base.units.find(slot.factor->name);
    setting.factors.push_back({slot.factor->name, unit == base.units.end() ? slot.factor->unit : unit->second});
  }
  setting.languages = base.languages;
  setting.psm = base.psm;
  setting.engine = base.engine;
  setting.limits = base.limits;
  const YamlNode* factors = node.find("factors");
  if (*point == baseline_point) {
    if (factors && !factors->entries.empty()) {
      reader_.error(factors->line, below(key, "factors"),
                    "has values, but the untouched page (point -1) has no factors");
    }
    return setting;
  }
  if (!factors) {
    reader_.error(node.line, below(key, "factors"), "is missing, expected a value for every factor of the setting");
    return setting;
  }
  read_values(*factors, base, below(key, "factors"), setting);
  return setting;
}

std::optional<FactorValue> SettingReader::read_value(const YamlNode& node, const Factor& factor,
                                                     const std::string& key) {
  if (factor.kind == FactorKind::choice) {
    Keys options;
    for (const ChoiceShare& option : factor.choices) options.push_back(option.name);
    const auto name = reader_.one_of(node, key, options);
    return name ? std::optional<FactorValue>(*name) : std::nullopt;
  }
  const FactorDomain domain = factor_domain(factor.name);
  if (domain.whole) {
    const auto whole =
        reader_.whole(node, key, static_cast<std::int64_t>(domain.low), static_cast<std::int64_t>(domain.high));
    return whole ? std::optional<FactorValue>(*whole) : std::nullopt;
  }
  const auto number = reader_.number(node, key, domain.low, domain.high);
  return number ? std::optional<FactorValue>(*number) : std::nullopt;
}

void SettingReader::read_values(const YamlNode& node, const Base& base, const std::string& key, Setting& setting) {
  const std::vector<FactorSlot> slots = factor_slots(base.pipeline);
  Keys names;
  for (const FactorSlot& slot : slots) names.push_back(slot.factor->name);
  if (!reader_.map(node, key, names)) return;
  std::vector<FactorValue> values;
  std::vector<bool> given;
  bool choices_known = true;
  for (const FactorSlot& slot : slots) {
    const Factor& factor = *slot.factor;
    const YamlNode* value = node.find(factor.name);
    std::optional<FactorValue> read;
    if (value) read = read_value(*value, factor, below(key, factor.name));
    if (!value && factor.kind == FactorKind::fixed) read = factor.fixed;
    if (!value && factor.kind == FactorKind::choice) {
      reader_.error(node.line, below(key, factor.name), "is missing, expected the stage's choice");
    }
    choices_known = choices_known && (read || factor.kind != FactorKind::choice);
    given.push_back(value || read);
    values.push_back(read.value_or(FactorValue(std::int64_t{0})));
  }
  if (!choices_known) return;
  setting.point.values = effective_values(base.pipeline, std::move(values));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!given[i] && !std::holds_alternative<std::monostate>(setting.point.values[i])) {
      reader_.error(node.line, below(key, slots[i].factor->name),
                    "is missing, expected its value (stage '" + base.pipeline.stages[slots[i].stage].name + "' is on)");
    }
  }
}

}  // namespace

SettingFile parse_setting_file(const std::string& text, const std::filesystem::path& path) {
  const Result<std::string> utf8 = checked_ground_truth(text);
  if (!utf8) throw StartupError(path.string() + ":1: not a UTF-8 text: " + utf8.error().text);
  const Result<YamlNode> tree = parse_yaml(*utf8, path.string());
  if (!tree) throw StartupError(tree.error().text);
  SettingFile file;
  file.path = path;
  YamlReader reader(path.string());
  SettingReader(reader).read_file_of(*tree, file);
  reader.throw_errors();
  return file;
}

SettingFile read_setting_file(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path, yaml_bytes_max);
  if (!text) throw StartupError(text.error().text);
  return parse_setting_file(*text, path);
}

}  // namespace ocrs
