#include "coordinator/io/config_factors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace ocrs {
namespace {

constexpr std::size_t levels_max = 1000;

std::vector<std::string> pipeline_names() {
  std::vector<std::string> names;
  for (const PipelineSpec& pipeline : known_pipelines()) names.push_back(pipeline.name);
  return names;
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const PipelineSpec& pipeline : known_pipelines()) {
    for (const StageSpec& stage : pipeline.stages) {
      if (std::find(names.begin(), names.end(), stage.name) == names.end()) names.push_back(stage.name);
    }
  }
  return names;
}

std::optional<PipelineSpec> read_stage_list(YamlReader& reader, const YamlNode& node) {
  PipelineSpec pipeline;
  pipeline.name = "custom";
  if (!reader.list(node, "pipeline", "stages")) return std::nullopt;
  bool good = true;
  for (const YamlNode& item : node.items) {
    const std::optional<std::string> name = reader.text(item, "pipeline");
    const StageSpec* stage = name ? find_stage(*name) : nullptr;
    good = good && stage;
    if (!name) continue;
    if (!stage) {
      std::vector<std::string> candidates = stage_names();
      const std::string expected = alternatives(candidates);
      for (const PipelineSpec& known : known_pipelines()) {
        for (const StageSpec& full : known.stages) candidates.push_back(full.id);
      }
      reader.error(item.line, "pipeline",
                   "has no stage '" + *name + "'" + did_you_mean(*name, candidates) + ", expected " + expected +
                       ", or a full name as standard.denoise");
      continue;
    }
    pipeline.stages.push_back(*stage);
  }
  if (!good) return std::nullopt;

  // A factor's name is a column of the results and a key of the configuration: it can have one owner only.
  std::vector<std::pair<std::string, std::string>> owners;
  for (const FactorSlot& slot : factor_slots(pipeline)) {
    const std::string& owner = pipeline.stages[slot.stage].id;
    const auto same =
        std::find_if(owners.begin(), owners.end(), [&](const auto& entry) { return entry.first == slot.factor->name; });
    if (same == owners.end()) {
      owners.emplace_back(slot.factor->name, owner);
      continue;
    }
    const std::string what = same->second == owner ? "the stage '" + owner + "' stands in the list twice"
                                                   : "the stages '" + same->second + "' and '" + owner +
                                                         "' both have a factor '" + slot.factor->name + "'";
    reader.error(node.line, "pipeline", what + ", expected stages with factors of different names");
    return std::nullopt;
  }
  return pipeline;
}

/// "line_h", what it is by default and what it may be.
struct Target {
  Factor& factor;
  FactorDomain domain;
  std::string key;

  [[nodiscard]] FactorValue value(double number) const {
    if (domain.whole) return static_cast<std::int64_t>(number);
    return number;
  }
};

std::optional<double> read_value(YamlReader& reader, const YamlNode& node, const Target& target,
                                 const std::string& key) {
  const FactorDomain& domain = target.domain;
  if (!domain.whole) return reader.number(node, key, domain.low, domain.high);
  const auto value =
      reader.whole(node, key, static_cast<std::int64_t>(domain.low), static_cast<std::int64_t>(domain.high));
  return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

bool is_ranged(FactorKind kind) {
  return kind == FactorKind::integer || kind == FactorKind::real || kind == FactorKind::log || kind == FactorKind::step;
}

/// The range and kind keys; false after an error.
bool read_range(YamlReader& reader, const YamlNode& node, const Target& target) {
  Factor& factor = target.factor;
  const YamlNode* range = node.find("range");
  const YamlNode* kind = node.find("kind");
  if (!range && !is_ranged(factor.kind)) {
    reader.error(node.line, target.key, "has no range, expected range: [a, b] beside kind or step");
    return false;
  }
  if (range) {
    const std::string key = below(target.key, "range");
    if (range->kind != YamlNode::Kind::list || range->items.size() != 2) {
      reader.error(range->line, key, "is " + describe(*range) + ", expected two numbers [a, b]");
      return false;
    }
    const auto low = read_value(reader, range->items[0], target, key);
    const auto high = read_value(reader, range->items[1], target, key);
    if (!low || !high) return false;
    if (*low > *high) {
      reader.error(range->line, key,
                   "[" + shortest(*low) + ", " + shortest(*high) + "] is inverted, expected the smaller number first");
      return false;
    }
    factor.low = *low;
    factor.high = *high;
  }
  if (kind) {
    const auto name = reader.one_of(*kind, below(target.key, "kind"), {"int", "float", "log"});
    if (!name) return false;
    factor.kind = *name == "int" ? FactorKind::integer : *name == "float" ? FactorKind::real : FactorKind::log;
  } else if (!is_ranged(factor.kind) || factor.kind == FactorKind::step) {
    factor.kind = target.domain.whole ? FactorKind::integer : FactorKind::real;
  }
  return true;
}

/// What range, kind and step say together.
void check_kind(YamlReader& reader, const YamlNode& node, const Target& target) {
  Factor& factor = target.factor;
  const YamlNode* kind = node.find("kind");
  const int line = kind ? kind->line : node.line;
  if (target.domain.whole && factor.kind != FactorKind::integer) {
    reader.error(line, target.key,
                 "is counted in whole numbers, expected kind: int (or levels, for unequal distances)");
    return;
  }
  if (factor.kind == FactorKind::log && factor.low <= 0) {
    reader.error(line, target.key, "starts at " + shortest(factor.low) + ", expected a log range above 0");
    return;
  }
  const bool whole = std::floor(factor.low) == factor.low && std::floor(factor.high) == factor.high;
  if (factor.kind == FactorKind::integer && !whole) {
    reader.error(line, target.key,
                 "has the range [" + shortest(factor.low) + ", " + shortest(factor.high) +
                     "], expected whole numbers with kind: int");
    return;
  }
  const YamlNode* step = node.find("step");
  if (!step) return;
  const std::string key = below(target.key, "step");
  const auto value =
      reader.number(*step, key, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
  if (!value) return;
  if (*value <= 0 || (factor.high - factor.low) / *value > 1e9) {
    reader.error(step->line, key, "is " + describe(*step) + ", expected a step above 0 that fits the range");
  } else if (factor.kind == FactorKind::log) {
    reader.error(step->line, key, "is given with a log range, expected kind: int or float, or levels");
  } else if (factor.kind == FactorKind::integer && std::floor(*value) != *value) {
    reader.error(step->line, key, "is " + describe(*step) + ", expected a whole number");
  } else {
    factor.kind = FactorKind::step;
    factor.step = *value;
  }
}

void read_unit(YamlReader& reader, const YamlNode& node, const Target& target) {
  const std::string key = below(target.key, "unit");
  if (target.factor.unit == FactorUnit::none) {
    reader.error(node.line, key, "is given, but this factor is no length in pixels, expected no unit");
    return;
  }
  if (const auto name = reader.one_of(node, key, {"px", "px300"})) {
    target.factor.unit = *name == "px" ? FactorUnit::px : FactorUnit::px300;
  }
}

void read_levels(YamlReader& reader, const YamlNode& node, const Target& target) {
  const std::string key = below(target.key, "levels");
  if (!reader.list(node, key, "numbers")) return;
  if (node.items.size() > levels_max) {
    reader.error(node.line, key, "has more than " + std::to_string(levels_max) + " levels, expected a range");
    return;
  }
  std::vector<FactorValue> levels;
  for (const YamlNode& item : node.items) {
    const auto number = read_value(reader, item, target, key);
    if (!number) continue;
    const FactorValue level = target.value(*number);
    if (std::find(levels.begin(), levels.end(), level) != levels.end()) {
      reader.error(item.line, key, "has " + describe(item) + " twice, expected different levels");
    }
    levels.push_back(level);
  }
  target.factor.kind = FactorKind::levels;
  target.factor.levels = std::move(levels);
}

void read_numeric(YamlReader& reader, const YamlNode& node, const Target& target) {
  Factor& factor = target.factor;
  if (node.kind != YamlNode::Kind::map) {
    const auto number = read_value(reader, node, target, target.key);
    if (!number) return;
    factor.kind = FactorKind::fixed;
    factor.fixed = target.value(*number);
    return;
  }
  if (!reader.map(node, target.key, {"range", "kind", "step", "unit", "levels", "choice"})) return;
  if (node.entries.empty()) {
    reader.error(node.line, target.key, "is an empty map, expected a number, range or levels");
    return;
  }
  if (const YamlNode* choice = node.find("choice")) {
    reader.error(choice->line, below(target.key, "choice"),
                 "is given, but this factor is a number, expected range or levels");
    return;
  }
  const YamlNode* levels = node.find("levels");
  const bool ranged = node.find("range") || node.find("kind") || node.find("step");
  if (levels && ranged) {
    reader.error(node.line, target.key, "has both levels and range, kind or step, expected one of them");
    return;
  }
  if (levels) read_levels(reader, *levels, target);
  if (ranged && read_range(reader, node, target)) check_kind(reader, node, target);
  if (const YamlNode* unit = node.find("unit")) read_unit(reader, *unit, target);
}

void read_choice(YamlReader& reader, const YamlNode& node, Factor& factor, const std::string& key) {
  std::vector<std::string> options;
  for (const ChoiceShare& option : factor.choices) options.push_back(option.name);
  if (node.kind == YamlNode::Kind::scalar) {
    const auto name = reader.one_of(node, key, options);
    if (!name) return;
    factor.kind = FactorKind::fixed;
    factor.fixed = *name;
    factor.choices.clear();
    return;
  }
  const YamlNode* choice = node.find("choice");
  if (!choice) {
    reader.error(node.line, key,
                 "is " + describe(node) + ", expected " + alternatives(options) + ", or {choice: {NAME: share}}");
    return;
  }
  if (!reader.map(node, key, {"choice"})) return;
  const std::string shares_key = below(key, "choice");
  if (!reader.map(*choice, shares_key, options)) return;
  std::vector<ChoiceShare> shares;
  for (const auto& [name, share] : choice->entries) {
    const double limit = 1e9;
    const auto value = reader.number(share, below(shares_key, name.text), std::numeric_limits<double>::lowest(), limit);
    if (value && *value <= 0) {
      reader.error(share.line, below(shares_key, name.text),
                   "is " + describe(share) + ", expected a share above 0 (leave an option out to exclude it)");
    }
    shares.push_back({name.text, value.value_or(1)});
  }
  if (shares.empty()) {
    reader.error(choice->line, shares_key, "is empty, expected at least one of " + alternatives(options));
    return;
  }
  factor.choices = std::move(shares);
}

std::string owners_of(const std::string& factor_name) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    for (const FactorSlot& slot : factor_slots(pipeline)) {
      if (slot.factor->name == factor_name) {
        return " (it belongs to the stage '" + pipeline.stages[slot.stage].id + "')";
      }
    }
  }
  return {};
}

}  // namespace

std::optional<PipelineSpec> read_pipeline(YamlReader& reader, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::list) return read_stage_list(reader, node);
  const std::vector<std::string> names = pipeline_names();
  if (const PipelineSpec* pipeline = node.kind == YamlNode::Kind::scalar ? find_pipeline(node.text) : nullptr) {
    return *pipeline;
  }
  const std::string hint = node.kind == YamlNode::Kind::scalar ? did_you_mean(node.text, names) : std::string();
  reader.error(node.line, "pipeline",
               "is " + describe(node) + hint + ", expected " + alternatives(names) + ", or a list of stages");
  return std::nullopt;
}

void read_factors(YamlReader& reader, const YamlNode& node, PipelineSpec& pipeline) {
  std::vector<std::string> names;
  for (const FactorSlot& slot : factor_slots(pipeline)) names.push_back(slot.factor->name);
  if (node.kind != YamlNode::Kind::map) {
    reader.error(node.line, "factors", "is " + describe(node) + ", expected a map from factor names to values");
    return;
  }
  std::set<std::string> seen;
  for (const auto& [name, value] : node.entries) {
    const std::string key = below("factors", name.text);
    if (!seen.insert(name.text).second) {
      reader.error(name.line, key, "is given twice, expected once");
      continue;
    }
    Factor* factor = nullptr;
    for (StageSpec& stage : pipeline.stages) {
      if (stage.choice && stage.choice->name == name.text) factor = &*stage.choice;
      for (StageFactor& owned : stage.factors) {
        if (owned.factor.name == name.text) factor = &owned.factor;
      }
    }
    if (!factor) {
      const std::string owner = owners_of(name.text);
      reader.error(name.line, key,
                   "is no factor of the pipeline '" + pipeline.name + "'" +
                       (owner.empty() ? did_you_mean(name.text, names) : owner) + ", expected " + alternatives(names));
    } else if (factor->kind == FactorKind::choice) {
      read_choice(reader, value, *factor, key);
    } else {
      read_numeric(reader, value, {*factor, factor_domain(name.text), key});
    }
  }
}

}  // namespace ocrs
