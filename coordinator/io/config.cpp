#include "coordinator/io/config.hpp"

#include <algorithm>
#include <bit>

#include "common/core/text_scores.hpp"
#include "common/io/file.hpp"
#include "coordinator/core/score_table.hpp"
#include "coordinator/io/config_factors.hpp"
#include "coordinator/io/config_ocr.hpp"
#include "coordinator/io/yaml_reader.hpp"

namespace ocrs {
namespace {

constexpr std::int64_t points_max = 1 << 20;
constexpr std::size_t page_entries_max = 100'000;

void read_pages(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  if (!reader.list(node, "pages", "globs or of entries {glob, languages, psm, dpi}")) return;
  if (node.items.size() > page_entries_max) {
    reader.error(node.line, "pages", "has more than " + std::to_string(page_entries_max) + " entries, expected globs");
    return;
  }
  for (const YamlNode& item : node.items) {
    PageEntry entry;
    entry.line = item.line;
    if (item.kind != YamlNode::Kind::map) {
      if (const auto glob = reader.text(item, "pages")) {
        entry.glob = *glob;
        config.pages.push_back(entry);
      }
      continue;
    }
    if (!reader.map(item, "pages", {"glob", "languages", "psm", "dpi"})) continue;
    if (const YamlNode* glob = item.find("glob")) {
      entry.glob = reader.text(*glob, "pages.glob").value_or("");
    } else {
      reader.error(item.line, "pages.glob", "is missing, expected the files this entry is about");
    }
    if (const YamlNode* languages = item.find("languages")) {
      entry.languages = read_languages(reader, *languages, "pages.languages");
    }
    if (const YamlNode* psm = item.find("psm")) entry.psm = read_psm(reader, *psm, "pages.psm");
    if (const YamlNode* dpi = item.find("dpi")) entry.dpi = reader.number(*dpi, "pages.dpi", 30, 4800);
    config.pages.push_back(entry);
  }
}

void read_pages_sample(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  if (!reader.map(node, "pages_sample", {"count", "seed"})) return;
  PagesSample sample;
  if (const YamlNode* count = node.find("count")) {
    sample.count = static_cast<std::uint32_t>(reader.whole(*count, "pages_sample.count", 1, 1'000'000).value_or(1));
  } else {
    reader.error(node.line, "pages_sample.count", "is missing, expected how many pages to take");
  }
  if (const YamlNode* seed = node.find("seed")) sample.seed = reader.seed(*seed, "pages_sample.seed").value_or(1);
  config.pages_sample = sample;
}

void read_ground_truth(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  if (!reader.map(node, "ground_truth", {"fold"})) return;
  const YamlNode* fold = node.find("fold");
  if (!fold) return;
  const std::string key = "ground_truth.fold";
  if (fold->kind == YamlNode::Kind::list && fold->items.empty()) return;  // Nothing is folded.
  if (!reader.list(*fold, key, "case, quotes, dashes")) return;
  for (const YamlNode& item : fold->items) {
    const auto name = reader.one_of(item, key, {"case", "quotes", "dashes"});
    if (!name) continue;
    bool& folded = *name == "case"     ? config.folding.letter_case
                   : *name == "quotes" ? config.folding.quotes
                                       : config.folding.dashes;
    if (folded) reader.error(item.line, key, "has '" + *name + "' twice, expected once");
    folded = true;
  }
}

void read_design(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  if (!reader.map(node, "design", {"kind", "points", "seed", "scramble", "racing"})) return;
  if (const YamlNode* kind = node.find("kind")) (void)reader.one_of(*kind, "design.kind", {"sobol"});
  if (const YamlNode* points = node.find("points")) {
    const auto count = reader.whole(*points, "design.points", 1, points_max);
    if (count && !std::has_single_bit(static_cast<std::uint64_t>(*count))) {
      const std::uint64_t lower = std::bit_floor(static_cast<std::uint64_t>(*count));
      reader.error(points->line, "design.points",
                   "is " + describe(*points) + ", expected a power of two, as " + std::to_string(lower) + " or " +
                       std::to_string(2 * lower));
    }
    if (count) config.design.points = static_cast<std::uint32_t>(*count);
  }
  if (const YamlNode* seed = node.find("seed")) {
    config.design.seed = reader.seed(*seed, "design.seed").value_or(0);
  }
  if (const YamlNode* scramble = node.find("scramble")) {
    const auto name = reader.one_of(*scramble, "design.scramble", {"owen", "none"});
    if (name) config.design.scrambling = *name == "owen" ? Scrambling::owen : Scrambling::none;
  }
  if (const YamlNode* racing = node.find("racing")) {
    if (!reader.map(*racing, "design.racing", {"first_pages", "keep"})) return;
    RaceSettings race;
    if (const YamlNode* pages = racing->find("first_pages")) {
      const auto count = reader.whole(*pages, "design.racing.first_pages", 2, 100000);
      if (count) race.first_pages = static_cast<std::uint32_t>(*count);
    }
    if (const YamlNode* keep = racing->find("keep")) {
      race.keep = reader.number(*keep, "design.racing.keep", 0.05, 0.95).value_or(race.keep);
    }
    config.design.racing = race;
  }
}

void read_ocr(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  if (!reader.map(node, "ocr", {"languages", "psm", "oem", "width_max", "invert"})) return;
  if (const YamlNode* languages = node.find("languages")) {
    config.languages = read_languages(reader, *languages, "ocr.languages").value_or("");
    config.languages_line = languages->line;
  }
  if (const YamlNode* psm = node.find("psm")) {
    config.psm = read_psm(reader, *psm, "ocr.psm").value_or(0);
    config.psm_line = psm->line;
  }
  read_engine(reader, node, config.engine);
}

void read_objective(YamlReader& reader, const YamlNode& node, ConfigFile& config) {
  const std::vector<std::string> names(score_names.begin(), score_names.end());
  if (node.kind != YamlNode::Kind::map) {
    if (const auto name = reader.one_of(node, "objective", names)) config.objective.weights = {{*name, 1.0}};
    return;
  }
  if (!reader.map(node, "objective", names)) return;
  if (node.entries.empty()) reader.error(node.line, "objective", "is an empty map, expected scores with weights");
  for (const auto& [name, weight] : node.entries) {
    const auto value = reader.number(weight, below("objective", name.text), -1e9, 1e9);
    if (value && *value == 0) {
      reader.error(weight.line, below("objective", name.text), "is 0, expected a weight (leave the score out instead)");
    }
    config.objective.weights.emplace(name.text, value.value_or(1));
  }
}

void read_cluster(YamlReader& reader, const YamlNode& node, ClusterSettings& cluster) {
  if (!reader.map(node, "cluster", {"heartbeat_s", "suspect_s", "lease_s"})) return;
  bool good = true;
  const auto read = [&](const char* name, double& seconds) {
    const YamlNode* value = node.find(name);
    if (!value) return;
    const auto number = reader.number(*value, below("cluster", name), 0.01, 604'800);
    good = good && number;
    seconds = number.value_or(seconds);
  };
  read("heartbeat_s", cluster.heartbeat_s);
  read("suspect_s", cluster.suspect_s);
  read("lease_s", cluster.lease_s);
  if (good && !(cluster.heartbeat_s < cluster.suspect_s && cluster.suspect_s <= cluster.lease_s)) {
    reader.error(node.line, "cluster",
                 "has heartbeat_s " + shortest(cluster.heartbeat_s) + ", suspect_s " + shortest(cluster.suspect_s) +
                     ", lease_s " + shortest(cluster.lease_s) + ", expected heartbeat_s < suspect_s <= lease_s");
  }
}

/// A section that may stand there empty, all of its lines commented out.
const YamlNode* section(const YamlNode& root, std::string_view key) {
  const YamlNode* node = root.find(key);
  return node && node->kind != YamlNode::Kind::null ? node : nullptr;
}

void read_all(YamlReader& reader, const YamlNode& root, ConfigFile& config) {
  if (!reader.map(root, "",
                  {"screening", "pages", "pages_sample", "pages_unreadable", "ground_truth", "pipeline", "design",
                   "ocr", "factors", "objective", "limits", "cluster"})) {
    return;
  }
  if (const YamlNode* title = root.find("screening")) config.title = reader.text(*title, "screening").value_or("");
  if (const YamlNode* pages = root.find("pages")) {
    read_pages(reader, *pages, config);
  } else {
    reader.error(root.line, "pages", "is missing, expected a list of globs that name the page images");
  }
  if (const YamlNode* sample = root.find("pages_sample")) read_pages_sample(reader, *sample, config);
  if (const YamlNode* unreadable = root.find("pages_unreadable")) {
    const auto policy = reader.one_of(*unreadable, "pages_unreadable", {"stop", "skip"});
    if (policy) config.pages_unreadable = *policy == "skip" ? UnreadablePages::skip : UnreadablePages::stop;
  }
  if (const YamlNode* truth = section(root, "ground_truth")) read_ground_truth(reader, *truth, config);

  std::optional<PipelineSpec> pipeline = *find_pipeline("open");
  if (const YamlNode* node = root.find("pipeline")) pipeline = read_pipeline(reader, *node);
  if (pipeline) {
    config.pipeline = *pipeline;
    config.engine.width_max = pipeline->default_width_max;
    // Without a pipeline every factor would seem unknown.
    if (const YamlNode* factors = section(root, "factors")) read_factors(reader, *factors, config.pipeline);
  }
  if (const YamlNode* design = section(root, "design")) read_design(reader, *design, config);
  if (const YamlNode* ocr = section(root, "ocr")) read_ocr(reader, *ocr, config);
  if (const YamlNode* objective = root.find("objective")) {
    config.objective_line = objective->line;
    read_objective(reader, *objective, config);
  }
  if (const YamlNode* limits = section(root, "limits")) read_limits(reader, *limits, config.limits);
  if (const YamlNode* cluster = section(root, "cluster")) read_cluster(reader, *cluster, config.cluster);
}

}  // namespace

ConfigFile parse_config(std::string text, const std::filesystem::path& path) {
  if (const std::size_t zero = text.find('\0'); zero != std::string::npos) {
    throw StartupError(path.string() + ":1: holds a zero byte at offset " + std::to_string(zero) +
                       ", expected a text file");
  }
  const Result<std::string> utf8 = checked_ground_truth(text);
  if (!utf8) throw StartupError(path.string() + ":1: not a UTF-8 text: " + utf8.error().text);
  Result<YamlNode> tree = parse_yaml(*utf8, path.string());
  if (!tree) throw StartupError(tree.error().text);

  ConfigFile config;
  config.path = path;
  config.title = path.stem().string();
  YamlReader reader(path.string());
  read_all(reader, *tree, config);
  reader.throw_errors();
  config.text = std::move(text);
  return config;
}

ConfigFile read_config(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path, yaml_bytes_max);
  if (!text) throw StartupError(text.error().text);
  return parse_config(std::move(*text), path);
}

}  // namespace ocrs
