#include "coordinator/io/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "coordinator/core/design.hpp"
#include "coordinator/io/init_template.hpp"
#include "coordinator/io/yaml_tree.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

ConfigFile parse(const std::string& text) { return parse_config("pages: [a.png]\n" + text, "s.yaml"); }

/// The lines of the error, "" for a configuration that loads.
std::string errors_of(const std::string& whole_text) {
  try {
    (void)parse_config(whole_text, "s.yaml");
  } catch (const StartupError& error) {
    return error.what();
  }
  return "";
}
/// For text that follows a good first line.
std::string errors(const std::string& text) { return errors_of("pages: [a.png]\n" + text); }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#define EXPECT_ERROR(text, part) \
  EXPECT_PRED2([](const std::string& all, const std::string& want) { return has(all, want); }, errors(text), part)

const Factor& factor_of(const ConfigFile& config, const std::string& name) {
  for (const FactorSlot& slot : factor_slots(config.pipeline)) {
    if (slot.factor->name == name) return *slot.factor;
  }
  throw std::out_of_range(name);
}

TEST(Config, TakesDefaultsForEverythingButThePages) {
  const ConfigFile config = parse("");
  ASSERT_EQ(config.pages.size(), 1U);
  EXPECT_EQ(config.pages[0].glob, "a.png");
  EXPECT_EQ(config.pages[0].line, 1);
  EXPECT_FALSE(config.pages[0].psm);
  EXPECT_EQ(config.title, "s");
  EXPECT_EQ(config.pipeline, *find_pipeline("open"));
  EXPECT_EQ(config.design, DesignSettings{});
  EXPECT_EQ(config.engine, EngineOptions{});
  EXPECT_EQ(config.limits, EvaluationLimits{});
  EXPECT_EQ(config.cluster, ClusterSettings{});
  EXPECT_EQ(config.folding, Folding{});
  EXPECT_TRUE(config.objective.weights.empty());
  EXPECT_FALSE(config.pages_sample);
  EXPECT_EQ(config.pages_unreadable, UnreadablePages::stop);
  EXPECT_EQ(config.languages, "eng");
  EXPECT_EQ(config.psm, 6);
}

TEST(Config, ReadsEveryKeyOfTheGrammar) {
  const std::string text = R"(screening: Letters of 1914
pages:
  - scans/*.png
  - {glob: "french/**", languages: fra+eng, psm: 4, dpi: 400}
pages_sample: {count: 24, seed: 9}
pages_unreadable: skip
ground_truth: {fold: [case, quotes, dashes]}
pipeline: standard
design: {kind: sobol, points: 2048, seed: 18446744073709551615, scramble: none}
ocr: {languages: fra, psm: 3, oem: 0, width_max: 1500, invert: false}
factors:
  line_h: 45
  denoise_h: 8
  line_v: {range: [50, 60]}
  norm_kernel: {range: [40, 100], kind: int, step: 20, unit: px300}
  noise_threshold: {range: [20, 500], kind: log}
  bin_block: {levels: [31, 41]}
  bin_c: {range: [10, 25], kind: int}
objective: {cer: 0.5, word_recall: 0.5}
limits: {max_pixels: 1000000, components: 5000, deadline_s: 60}
cluster: {heartbeat_s: 1, suspect_s: 6, lease_s: 120.5}
)";
  const ConfigFile config = parse_config(text, "s.yaml");
  EXPECT_EQ(config.title, "Letters of 1914");
  ASSERT_EQ(config.pages.size(), 2U);
  EXPECT_EQ(config.pages[1].glob, "french/**");
  EXPECT_EQ(config.pages[1].line, 4);
  EXPECT_EQ(config.pages[1].languages, "fra+eng");
  EXPECT_EQ(config.pages[1].psm, 4);
  EXPECT_EQ(config.pages[1].dpi, 400);
  ASSERT_TRUE(config.pages_sample);
  EXPECT_EQ(config.pages_sample->count, 24U);
  EXPECT_EQ(config.pages_sample->seed, 9U);
  EXPECT_EQ(config.pages_unreadable, UnreadablePages::skip);
  EXPECT_EQ(config.folding, (Folding{true, true, true}));
  EXPECT_EQ(config.pipeline.name, "standard");
  EXPECT_EQ(config.design.points, 2048U);
  EXPECT_EQ(config.design.seed, ~std::uint64_t{0});
  EXPECT_EQ(config.design.scrambling, Scrambling::none);
  EXPECT_EQ(config.languages, "fra");
  EXPECT_EQ(config.psm, 3);
  EXPECT_EQ(config.engine, (EngineOptions{0, 1500, false}));
  EXPECT_EQ(factor_of(config, "line_h").fixed, FactorValue{std::int64_t{45}});
  EXPECT_EQ(factor_of(config, "denoise_h").fixed, FactorValue{8.0}) << "a float factor stays one";
  EXPECT_EQ(factor_of(config, "line_v").kind, FactorKind::integer);
  EXPECT_EQ(factor_of(config, "line_v").low, 50);
  EXPECT_EQ(factor_of(config, "line_v").high, 60);
  EXPECT_EQ(factor_of(config, "line_v").unit, FactorUnit::px);
  EXPECT_EQ(factor_of(config, "norm_kernel").kind, FactorKind::step);
  EXPECT_EQ(factor_of(config, "norm_kernel").step, 20);
  EXPECT_EQ(factor_of(config, "norm_kernel").unit, FactorUnit::px300);
  EXPECT_EQ(factor_of(config, "noise_threshold").kind, FactorKind::log);
  EXPECT_EQ(factor_of(config, "bin_block").levels, (std::vector<FactorValue>{std::int64_t{31}, std::int64_t{41}}));
  EXPECT_EQ(factor_of(config, "bin_c").kind, FactorKind::integer);
  EXPECT_EQ(factor_of(config, "dilate_iter").fixed, FactorValue{std::int64_t{2}}) << "not named: the default";
  EXPECT_EQ(config.objective.weights, (std::map<std::string, double>{{"cer", 0.5}, {"word_recall", 0.5}}));
  EXPECT_EQ(config.limits, (EvaluationLimits{1000000, 5000, 60}));
  EXPECT_EQ(config.cluster, (ClusterSettings{1, 6, 120.5}));
  EXPECT_EQ(config.text, text);
}

TEST(Config, TakesTheWidthLimitFromThePipelineUnlessGiven) {
  EXPECT_EQ(parse("pipeline: standard").engine.width_max, 2000);
  EXPECT_EQ(parse("pipeline: open").engine.width_max, 0);
  EXPECT_EQ(parse("pipeline: standard\nocr: {width_max: 0}").engine.width_max, 0);
}

TEST(Config, FixesReplacesAndKeepsChoices) {
  const ConfigFile config = parse(R"(factors:
  binarise: otsu
  denoise: off
  smooth: {choice: {median: 3, off: 1}}
)");
  EXPECT_EQ(factor_of(config, "binarise").kind, FactorKind::fixed);
  EXPECT_EQ(factor_of(config, "binarise").fixed, FactorValue{std::string("otsu")});
  EXPECT_EQ(factor_of(config, "denoise").fixed, FactorValue{std::string("off")}) << "off is a name, not a boolean";
  EXPECT_EQ(factor_of(config, "smooth").choices, (std::vector<ChoiceShare>{{"median", 3}, {"off", 1}}));
  EXPECT_EQ(factor_of(config, "lines").choices.size(), 3U);
}

TEST(Config, KeepsWhatAFactorsEntryDoesNotMention) {
  const ConfigFile config = parse(R"(factors:
  scale: {range: [0.25, 1]}
  line_h: {unit: px}
  line_v: {step: 40}
  smooth_size: {range: [3, 7]}
  denoise_h: {levels: [4, 8, 16]}
)");
  EXPECT_EQ(factor_of(config, "scale").kind, FactorKind::log);
  EXPECT_EQ(factor_of(config, "scale").low, 0.25);
  EXPECT_EQ(factor_of(config, "line_h").unit, FactorUnit::px);
  EXPECT_EQ(factor_of(config, "line_h").low, 30);
  EXPECT_EQ(factor_of(config, "line_v").kind, FactorKind::step);
  EXPECT_EQ(factor_of(config, "line_v").high, 160);
  EXPECT_EQ(factor_of(config, "line_v").unit, FactorUnit::px300);
  EXPECT_EQ(factor_of(config, "smooth_size").kind, FactorKind::integer);
  EXPECT_EQ(factor_of(config, "denoise_h").levels, (std::vector<FactorValue>{4.0, 8.0, 16.0}));
}

TEST(Config, TakesAListOfStagesAsAPipelineOfItsOwn) {
  const ConfigFile config = parse("pipeline: [scale, standard.denoise, binarise]");
  EXPECT_EQ(config.pipeline.name, "custom");
  ASSERT_EQ(config.pipeline.stages.size(), 3U);
  EXPECT_EQ(config.pipeline.stages[0].id, "open.scale");
  EXPECT_EQ(config.pipeline.stages[1].id, "standard.denoise");
  EXPECT_EQ(config.pipeline.stages[2].id, "open.binarise");
  EXPECT_ERROR("pipeline: [scale, sharpen]", "s.yaml:2: key 'pipeline': has no stage 'sharpen'");
  EXPECT_ERROR("pipeline: [binarize]", "did you mean 'binarise'?");
  EXPECT_ERROR("pipeline: [scale, scale]", "stands in the list twice");
  EXPECT_ERROR("pipeline: [lines, remove_lines]", "both have a factor 'line_h'");
  EXPECT_ERROR("pipeline: []", "an empty list");
}

TEST(Config, TakesEmptySectionsAsAbsent) {
  const ConfigFile config = parse("factors:\n  # denoise_h: 8\nocr:\ndesign:\ncluster:\nlimits:\nground_truth:\n");
  EXPECT_EQ(config.pipeline, *find_pipeline("open"));
  EXPECT_EQ(config.design, DesignSettings{});
}

TEST(Config, TellsFileLineKeyAndWhatWasExpected) {
  EXPECT_EQ(errors("design:\n  points: 1000\n"),
            "s.yaml:3: key 'design.points': is '1000', expected a power of two, as 512 or 1024");
  EXPECT_EQ(errors("ocr: {psm: 14}"), "s.yaml:2: key 'ocr.psm': is '14', expected a whole number from 0 to 13");
  EXPECT_EQ(errors("factors:\n  line_h: {range: [70, 30]}\n"),
            "s.yaml:3: key 'factors.line_h.range': [70, 30] is inverted, expected the smaller number first");
  EXPECT_EQ(errors("pages_unreadable: sotp"),
            "s.yaml:2: key 'pages_unreadable': is 'sotp' (did you mean 'stop'?), expected stop or skip");
}

TEST(Config, TellsEveryErrorAtOnceInTheOrderOfTheLines) {
  const std::string told = errors_of(R"(pagse: [a.png]
design: {points: 1000, seed: -1}
ocr: {psm: 99, oem: 7, invert: maybe}
factors: {line_h: {range: [70, 30]}, sharpen: 3}
objective: acuracy
)");
  std::vector<std::string> lines;
  std::istringstream stream(told);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 10U) << told;
  EXPECT_TRUE(has(lines[0], "s.yaml:1: key 'pagse': is unknown (did you mean 'pages'?)"));
  EXPECT_TRUE(has(lines[1], "key 'pages': is missing"));
  EXPECT_TRUE(has(lines[2], "s.yaml:2: key 'design.points'"));
  EXPECT_TRUE(has(lines[3], "s.yaml:2: key 'design.seed'"));
  EXPECT_TRUE(has(lines[4], "s.yaml:3: key 'ocr.psm'"));
  EXPECT_TRUE(has(lines[5], "s.yaml:3: key 'ocr.oem'"));
  EXPECT_TRUE(has(lines[6], "s.yaml:3: key 'ocr.invert'"));
  EXPECT_TRUE(has(lines[7], "s.yaml:4: key 'factors.line_h.range'"));
  EXPECT_TRUE(has(lines[8], "s.yaml:4: key 'factors.sharpen'"));
  EXPECT_TRUE(has(lines[9], "s.yaml:5: key 'objective': is 'acuracy'"));
}

TEST(Config, RefusesUnknownKeysAtEveryLevel) {
  EXPECT_ERROR("desing: {}", "did you mean 'design'?");
  EXPECT_ERROR("design: {point: 64}", "key 'design.point': is unknown (did you mean 'points'?)");
  EXPECT_ERROR("ocr: {language: eng}", "did you mean 'languages'?");
  EXPECT_ERROR("limits: {maxpixels: 3}", "did you mean 'max_pixels'?");
  EXPECT_ERROR("cluster: {lease: 3}", "did you mean 'lease_s'?");
  EXPECT_ERROR("ground_truth: {folds: []}", "did you mean 'fold'?");
  EXPECT_ERROR("pages_sample: {count: 2, sed: 1}", "did you mean 'seed'?");
  EXPECT_ERROR("factors: {line_h: {rnage: [1, 2]}}", "did you mean 'range'?");
  EXPECT_ERROR("objective: {confidance: 1}", "did you mean 'confidence'?");
  EXPECT_TRUE(has(errors_of("pages: [{glob: a, lang: eng}]"), "key 'pages.lang': is unknown"));
}

TEST(Config, RefusesKeysGivenTwice) {
  EXPECT_ERROR("ocr: {psm: 6}\nocr: {psm: 4}", "s.yaml:3: key 'ocr': is given twice (first on line 2)");
  EXPECT_ERROR("design: {points: 64, points: 64}", "key 'design.points': is given twice");
  EXPECT_ERROR("factors: {line_h: 30, line_h: 40}", "key 'factors.line_h': is given twice");
}

TEST(Config, RefusesFactorsThatThePipelineDoesNotHave) {
  EXPECT_ERROR("factors: {inpaint_h: 30}", "it belongs to the stage 'high_fidelity.inpaint_lines'");
  EXPECT_ERROR("factors: {line_g: 30}", "did you mean 'line_h'?");
  EXPECT_ERROR("pipeline: standard\nfactors: {binarise: otsu}", "is no factor of the pipeline 'standard'");
}

TEST(Config, RefusesBadFactorValues) {
  EXPECT_ERROR("factors: {binarise: otso}", "did you mean 'otsu'?");
  EXPECT_ERROR("factors: {binarise: 3}", "expected off, otsu, adaptive or sauvola");
  EXPECT_ERROR("factors: {binarise: {range: [1, 2]}}", "or {choice: {NAME: share}}");
  EXPECT_ERROR("factors: {binarise: {choice: {otsu: 0}}}",
               "key 'factors.binarise.choice.otsu': is '0', expected a share");
  EXPECT_ERROR("factors: {binarise: {choice: {otsu: -1}}}", "above 0");
  EXPECT_ERROR("factors: {binarise: {choice: {otsu: .nan}}}", "expected a finite number");
  EXPECT_ERROR("factors: {binarise: {choice: {niblack: 1}}}", "is unknown");
  EXPECT_ERROR("factors: {binarise: {choice: {}}}", "expected at least one of");
  EXPECT_ERROR("factors: {line_h: off}", "expected a whole number from 1");
  EXPECT_ERROR("factors: {line_h: 30.5}", "expected a whole number from 1");
  EXPECT_ERROR("factors: {line_h: {choice: {a: 1}}}", "this factor is a number");
  EXPECT_ERROR("factors: {line_h: {}}", "is an empty map");
  EXPECT_ERROR("factors: {line_h: [1, 2]}", "is a list");
  EXPECT_ERROR("factors: {line_h: {range: [1, 2, 3]}}", "expected two numbers [a, b]");
  EXPECT_ERROR("factors: {line_h: {range: [10, 20], kind: log}}", "expected kind: int");
  EXPECT_ERROR("factors: {line_h: {range: [10, 20], kind: float}}", "expected kind: int");
  EXPECT_ERROR("factors: {line_h: {range: [-5, 20]}}", "expected a whole number from 1");
  EXPECT_ERROR("factors: {line_h: {range: [10, 20], step: 0.5}}", "expected a whole number");
  EXPECT_ERROR("factors: {line_h: {range: [10, 20], step: 0}}", "expected a step above 0");
  EXPECT_ERROR("factors: {line_h: {range: [10, 20], levels: [1]}}", "expected one of them");
  EXPECT_ERROR("factors: {line_h: {unit: mm}}", "expected px or px300");
  EXPECT_ERROR("factors: {denoise_h: {unit: px}}", "no length in pixels");
  EXPECT_ERROR("factors: {denoise_h: {range: [0, 20], kind: log}}", "expected a log range above 0");
  EXPECT_ERROR("factors: {denoise_h: {range: [2, inf]}}", "expected a finite number");
  EXPECT_ERROR("factors: {denoise_h: {range: [2.5, 20], kind: int}}", "expected whole numbers with kind: int");
  EXPECT_ERROR("factors: {denoise_h: nan}", "expected a finite number");
  EXPECT_ERROR("factors: {smooth_size: {levels: [3, 3]}}", "has '3' twice");
  EXPECT_ERROR("factors: {smooth_size: {levels: []}}", "an empty list");
  EXPECT_ERROR("factors: {smooth_size: {kind: int}}", "expected range: [a, b]");
  EXPECT_ERROR("factors: {scale: {range: [0.5, 100]}}", "from 0.05 to 8");
  EXPECT_ERROR("factors: [line_h]", "expected a map from factor names");
}

TEST(Config, RefusesValuesOutOfRangeOrOfAnotherType) {
  for (const char* points : {"0", "-4", "3", "2097152", "1e99", "many", "[64]", "64.5", ""}) {
    EXPECT_ERROR(std::string("design: {points: ") + points + "}", "s.yaml:2: key 'design.points'");
  }
  EXPECT_ERROR("design: {seed: 18446744073709551616}", "key 'design.seed'");
  EXPECT_ERROR("design: {kind: halton}", "expected sobol");
  EXPECT_ERROR("design: 64", "is '64', expected a map");
  EXPECT_ERROR("ocr: {psm: 0}", "reads no text");
  EXPECT_ERROR("ocr: {oem: 4}", "from 0 to 3");
  EXPECT_ERROR("ocr: {width_max: -1}", "key 'ocr.width_max'");
  for (const char* languages : {"../eng", "eng+", "+eng", "eng fra", "/eng", "eng//fra", "é"}) {
    EXPECT_ERROR("ocr: {languages: \"" + std::string(languages) + "\"}", "expected Tesseract language codes");
  }
  EXPECT_EQ(errors("ocr: {languages: script/Latin+chi_sim}"), "");
  EXPECT_ERROR("objective: elapsed_ms", "key 'objective'");
  EXPECT_ERROR("objective: {cer: 0}", "expected a weight");
  EXPECT_ERROR("objective: {}", "is an empty map");
  EXPECT_ERROR("pages_sample: {count: 0}", "key 'pages_sample.count'");
  EXPECT_ERROR("pages_sample: {seed: 1}", "key 'pages_sample.count': is missing");
  EXPECT_ERROR("ground_truth: {fold: [upper]}", "expected case, quotes or dashes");
  EXPECT_ERROR("ground_truth: {fold: [case, case]}", "twice");
  EXPECT_ERROR("cluster: {suspect_s: 2}", "expected heartbeat_s < suspect_s <= lease_s");
  EXPECT_ERROR("limits: {max_pixels: 0}", "key 'limits.max_pixels'");
  EXPECT_ERROR("screening: [a]", "key 'screening': is a list, expected a text");
  EXPECT_ERROR("pipeline: opne", "did you mean 'open'?");
  EXPECT_TRUE(has(errors_of("pages: [{glob: a, dpi: 10}]"), "key 'pages.dpi'"));
  EXPECT_TRUE(has(errors_of("pages: [{languages: eng}]"), "key 'pages.glob': is missing"));
  EXPECT_TRUE(has(errors_of("pages: a.png"), "s.yaml:1: key 'pages': is 'a.png', expected a list"));
  EXPECT_TRUE(has(errors_of("pages: []"), "an empty list"));
  EXPECT_TRUE(has(errors_of("- a"), "s.yaml:1: is a list, expected a map"));
}

TEST(Config, RefusesHostileFiles) {
  EXPECT_TRUE(has(errors_of("pages: &a [x]\nobjective: *a\n"), "s.yaml:1: anchors and aliases"));
  std::string bomb = "a: &a [x, x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
  }
  EXPECT_TRUE(has(errors_of(bomb), "anchors and aliases"));
  EXPECT_TRUE(has(errors_of("pages: [*.png]"), "quote a text that begins with *"));
  for (const std::size_t depth : {17U, 400U, 100'000U}) {
    const std::string lists = "pages: " + std::string(depth, '[') + "a" + std::string(depth, ']');
    EXPECT_TRUE(has(errors_of(lists), "s.yaml:1: nested deeper than 16 levels")) << depth;
    std::string maps = "pages:\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(depth, 900); ++i) maps += std::string(i + 1, ' ') + "a:\n";
    EXPECT_TRUE(has(errors_of(maps + std::string(1000, ' ') + "b: c\n"), ": nested deeper")) << depth;
  }
  EXPECT_NE(errors_of(std::string(1'000'000, '[')), "");
  EXPECT_NE(errors_of(std::string(1'000'000, '{')), "");
  EXPECT_TRUE(has(errors_of(std::string(yaml_bytes_max + 1, '#')), "larger than 1 MiB"));
  std::string wide = "pages: [";
  for (int i = 0; i < 150'000; ++i) wide += "a,";
  EXPECT_TRUE(has(errors_of(wide + "a]"), "more than 100000 values"));
  EXPECT_TRUE(has(errors_of("? [a, b]\n: c\n"), "a key is a list or a map"));
  EXPECT_TRUE(has(errors_of("pages: [a]\n---\npages: [b]\n"), "a second document"));
  EXPECT_TRUE(has(errors_of(""), "empty, expected a configuration"));
  EXPECT_TRUE(has(errors_of("pages: [\n"), "not valid YAML"));
  EXPECT_TRUE(has(errors_of("pages: [\"\xff\"]\n"), "not a UTF-8 text"));
  EXPECT_TRUE(has(errors_of(std::string("pages: [a]\0", 11)), "zero byte at offset 10"));
}

TEST(Config, NeverLetsAnythingButAStartupErrorOutOfBrokenText) {
  const std::string good(init_template());
  std::uint64_t state = 12345;
  const auto random = [&](std::size_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (int edits = 0; edits < 4; ++edits) {
      static constexpr std::string_view characters = "{}[]:,-&*!|>'\"%@`#\n \t0x\xff";
      text[random(text.size())] = characters[random(characters.size())];
    }
    try {
      (void)parse_config(text, "s.yaml");
    } catch (const StartupError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Config, IsTheSameInEveryLocale) {
  const char* before = std::setlocale(LC_ALL, nullptr);
  const std::string saved = before ? before : "C";
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale)) {
      EXPECT_EQ(factor_of(parse("factors: {denoise_h: 2.5}"), "denoise_h").fixed, FactorValue{2.5});
    }
  }
  std::setlocale(LC_ALL, saved.c_str());
}

TEST(Config, LoadsEveryFileInConfigs) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(OCRS_SOURCE_DIR) / "configs")) {
    EXPECT_EQ(entry.path().extension(), ".yaml") << entry.path();
    EXPECT_NO_THROW((void)read_config(entry.path())) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 11);
}

TEST(Config, SteppedExampleSharesWhatItSaysBeforeBinarising) {
  const ConfigFile config = read_config(fs::path(OCRS_SOURCE_DIR) / "configs" / "stepped.yaml");
  const auto slots = factor_slots(config.pipeline);
  std::set<std::vector<std::string>> beginnings, denoised;
  const auto points = design_points(config.pipeline, config.design, 0, config.design.points);
  for (const Point& point : points) {
    std::vector<std::string> beginning;
    bool denoises = false;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const std::string& stage = config.pipeline.stages[slots[i].stage].name;
      if (stage != "binarise") beginning.push_back(to_text(point.values[i]));
      if (slots[i].factor->name == "denoise") denoises = to_text(point.values[i]) == "nlm";
    }
    beginnings.insert(beginning);
    if (denoises) denoised.insert(beginning);
  }
  EXPECT_EQ(points.size(), 256U);
  EXPECT_LE(beginnings.size(), 36U);
  EXPECT_LE(denoised.size(), 27U);
  EXPECT_GT(denoised.size(), 18U) << "the points do spread over them";
}

TEST(Config, ComparisonExampleIsThePredecessorsChainAndDesign) {
  const ConfigFile config = read_config(fs::path(OCRS_SOURCE_DIR) / "configs" / "compare64.yaml");
  EXPECT_EQ(config.pipeline, *find_pipeline("standard"));
  EXPECT_EQ(config.design.points, 64U);
  EXPECT_EQ(config.design.scrambling, Scrambling::none);
  EXPECT_EQ(config.engine.width_max, 2000);
}

TEST(Config, StandardExampleWritesOutThePipelinesOwnRanges) {
  const ConfigFile config = read_config(fs::path(OCRS_SOURCE_DIR) / "configs" / "standard.yaml");
  EXPECT_EQ(config.pipeline, *find_pipeline("standard"));
  EXPECT_EQ(config.engine.width_max, 2000);
}

TEST(Config, NamesTheFileItCannotRead) {
  try {
    (void)read_config("/nowhere/s.yaml");
    FAIL();
  } catch (const StartupError& error) {
    EXPECT_TRUE(has(error.what(), "/nowhere/s.yaml"));
  }
}

TEST(InitTemplate, LoadsAndNamesTheDefaultsItShows) {
  const ConfigFile config = parse_config(std::string(init_template()), "screening.yaml");
  EXPECT_EQ(config.pipeline, *find_pipeline("open"));
  EXPECT_EQ(config.design, DesignSettings{});
  EXPECT_EQ(config.engine, EngineOptions{});

  // With the commented defaults switched on nothing changes.
  std::istringstream lines{std::string(init_template())};
  std::string uncommented;
  bool in_factors = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("factors:")) in_factors = true;
    if (in_factors && line.starts_with("  # ") && has(line, ": {")) line = "  " + line.substr(4);
    for (const char* section :
         {"# limits:", "#   max_pixels", "#   components", "#   deadline_s", "# cluster:", "#   heartbeat_s",
          "#   suspect_s", "#   lease_s", "# ground_truth:", "#   fold", "# pages_unreadable"}) {
      if (line.starts_with(section)) line = line.substr(2);
    }
    uncommented += line + "\n";
  }
  const ConfigFile explicit_config = parse_config(uncommented, "screening.yaml");
  EXPECT_EQ(explicit_config.pipeline, *find_pipeline("open"));
  EXPECT_EQ(explicit_config.limits, EvaluationLimits{});
  EXPECT_EQ(explicit_config.cluster, ClusterSettings{});
  EXPECT_TRUE(has(uncommented, "\n  sauvola_k: {range")) << "the defaults were switched on";
}

TEST(InitTemplate, RegressionAnotherPipelineKeepsItsOwnWidthMax) {
  std::string text(init_template());
  const std::string open = "\npipeline: open";
  text.replace(text.find(open), open.size(), "\npipeline: standard");
  EXPECT_EQ(parse_config(text, "screening.yaml").engine.width_max, 2000);
}

TEST(InitTemplate, NeverOverwritesAFile) {
  const fs::path folder = fs::path(testing::TempDir()) / "ocrs_init_template";
  fs::remove_all(folder);
  fs::create_directories(folder);
  write_init_template(folder / "screening.yaml");
  std::ifstream file(folder / "screening.yaml");
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(written, init_template());
  EXPECT_THROW(write_init_template(folder / "screening.yaml"), StartupError);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace ocrs
