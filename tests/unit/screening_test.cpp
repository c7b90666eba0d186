#include "coordinator/core/screening.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <sstream>

#include "coordinator/core/page_sample.hpp"

namespace ocrs {
namespace {

ContentHash hash_of(std::uint8_t first) {
  ContentHash hash;
  hash.bytes[0] = first;
  return hash;
}

Screening example() {
  Screening screening;
  screening.title = "A title";
  screening.pipeline = *find_pipeline("open");
  screening.models = {{"eng", hash_of(7), 1000}};
  for (std::uint8_t i = 0; i < 2; ++i) {
    Page page;
    page.spec.file = hash_of(i);
    page.names = {"page" + std::to_string(i) + ".png"};
    page.file = "/somewhere/page.png";
    screening.pages.push_back(page);
  }
  screening.config_text = "pages: [x]";
  return screening;
}

std::vector<std::string> differing_keys(const Screening& a, const Screening& b) {
  std::istringstream left(identity_text(a));
  std::istringstream right(identity_text(b));
  std::set<std::string> lines;
  const auto toggle = [&](const std::string& line) {
    if (!lines.insert(line).second) lines.erase(line);
  };
  for (std::string line; std::getline(left, line);) toggle(line);
  for (std::string line; std::getline(right, line);) toggle(line);
  std::set<std::string> keys;
  for (const std::string& line : lines) keys.insert(line.substr(0, line.find(": ")));
  return {keys.begin(), keys.end()};
}

TEST(ScreeningIdentity, IsOneKeyAndValueOnEachLine) {
  Screening screening = example();
  screening.pages[0].names = {"two\nlines.png"};
  std::istringstream lines(identity_text(screening));
  std::set<std::string> keys;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_NE(line.find(": "), std::string::npos) << line;
    EXPECT_TRUE(keys.insert(line.substr(0, line.find(": "))).second) << line;
  }
  EXPECT_TRUE(keys.contains("factor.sauvola_k"));
  EXPECT_TRUE(keys.contains("model.eng"));
  EXPECT_TRUE(keys.contains("page.two\\nlines.png"));
}

TEST(ScreeningIdentity, DoesNotDependOnNumberOfPointsTitleObjectivePathsOrCluster) {
  const Screening before = example();
  Screening after = before;
  after.design.points *= 2;
  after.title = "Another";
  after.objective.weights = {{"cer", 1}};
  after.pages[0].file = "/elsewhere/page.png";
  after.tessdata = "/elsewhere";
  after.cluster.lease_s = 7;
  after.config_text = "# a comment\npages: [x]";
  after.pages[0].dpi_source = "config";
  EXPECT_EQ(identity_text(before), identity_text(after));
}

TEST(ScreeningIdentity, NamesWhatDiffersInOneLine) {
  struct Change {
    const char* key;
    std::function<void(Screening&)> apply;
  };
  const std::vector<Change> changes = {
      {"seed", [](Screening& s) { s.design.seed = 43; }},
      {"stages", [](Screening& s) { s.pipeline.stages[0].id = "open.scale2"; }},
      {"factor.scale", [](Screening& s) { s.pipeline.stages[0].factors[0].factor.high = 2; }},
      {"factor.line_h", [](Screening& s) { s.pipeline.stages[2].factors[0].factor.unit = FactorUnit::px; }},
      {"factor.resize", [](Screening& s) { s.pipeline.stages[0].choice->choices[0].share = 0.6; }},
      {"factor.smooth_size", [](Screening& s) { s.pipeline.stages[1].factors[0].factor.levels.pop_back(); }},
      {"oem", [](Screening& s) { s.engine.oem = 0; }},
      {"width_max", [](Screening& s) { s.engine.width_max = 2000; }},
      {"invert", [](Screening& s) { s.engine.invert = false; }},
      {"limits.components", [](Screening& s) { s.limits.components = 5; }},
      {"limits.max_pixels", [](Screening& s) { s.limits.max_pixels = 5; }},
      {"limits.deadline_s", [](Screening& s) { s.limits.deadline_s = 5; }},
      {"fold.case", [](Screening& s) { s.folding.letter_case = true; }},
      {"model.eng", [](Screening& s) { s.models[0].hash = hash_of(8); }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.file = hash_of(9); }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.frame = 1; }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.languages = "fra"; }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.psm = 3; }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.dpi = 299.5; }},
      {"page.page1.png", [](Screening& s) { s.pages[1].spec.ground_truth = hash_of(1); }},
      {"page.page1.png", [](Screening& s) { s.pages.pop_back(); }},
  };
  for (const Change& change : changes) {
    Screening changed = example();
    change.apply(changed);
    EXPECT_EQ(differing_keys(example(), changed), std::vector<std::string>{change.key});
  }
  Screening plain = example();
  plain.design.scrambling = Scrambling::none;
  EXPECT_EQ(differing_keys(example(), plain), (std::vector<std::string>{"scrambling", "seed"}));
}

TEST(ScreeningSpec, CarriesWhatAnEvaluatorNeeds) {
  const Screening screening = example();
  const ScreeningSpec spec = screening_spec(screening, hash_of(99));
  EXPECT_EQ(spec.run, hash_of(99));
  EXPECT_EQ(spec.stages.front(), "open.scale");
  EXPECT_EQ(spec.stages.size(), 7U);
  ASSERT_EQ(spec.factors.size(), factor_slots(screening.pipeline).size());
  EXPECT_EQ(spec.factors[0], (FactorRef{"resize", FactorUnit::none}));
  EXPECT_EQ(spec.factors[9], (FactorRef{"line_h", FactorUnit::px300}));
  EXPECT_EQ(spec.pages[1], screening.pages[1].spec);
  EXPECT_EQ(spec.models, screening.models);
}

// ---- the stratified sample ----

std::vector<PageTraits> pages_of(std::size_t count) {
  std::vector<PageTraits> pages;
  for (std::size_t i = 0; i < count; ++i) {
    PageTraits page;
    page.pixels = static_cast<double>((i * 7919) % count);
    page.brightness = static_cast<double>((i * 104729) % count);
    page.noise = static_cast<double>((i * 1299709) % count);
    page.name = "p" + std::to_string(i);
    pages.push_back(page);
  }
  return pages;
}

TEST(StratifiedSample, TakesAsManyDifferentPagesAsAsked) {
  const auto pages = pages_of(101);
  for (std::size_t count = 1; count <= 101; ++count) {
    const auto sample = stratified_sample(pages, count, 3);
    EXPECT_EQ(sample.size(), count);
    EXPECT_EQ(std::set<std::size_t>(sample.begin(), sample.end()).size(), count);
    EXPECT_TRUE(std::is_sorted(sample.begin(), sample.end()));
    EXPECT_LT(sample.back(), pages.size());
  }
  EXPECT_EQ(stratified_sample(pages, 500, 3).size(), 101U);
}

TEST(StratifiedSample, DependsOnTheSeedAloneNotOnTheOrderOfThePages) {
  auto pages = pages_of(60);
  const auto names = [&](std::uint64_t seed) {
    std::set<std::string> chosen;
    for (const std::size_t i : stratified_sample(pages, 12, seed)) chosen.insert(pages[i].name);
    return chosen;
  };
  const auto first = names(1);
  const auto second = names(2);
  std::reverse(pages.begin(), pages.end());
  EXPECT_EQ(names(1), first);
  EXPECT_NE(first, second);
}

TEST(StratifiedSample, TakesHalfFromEachHalfOfEachTrait) {
  // The first cut is by size, the second by brightness within each half, the third by noise.
  const auto pages = pages_of(80);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    int large = 0;
    for (const std::size_t i : stratified_sample(pages, 8, seed)) large += pages[i].pixels >= 40;
    EXPECT_EQ(large, 4) << "seed " << seed;
  }
}

TEST(StratifiedSample, PassesOverTraitsThatDoNotDiffer) {
  std::vector<PageTraits> pages(20);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    pages[i].pixels = 1e6;
    pages[i].brightness = 200;
    pages[i].noise = i < 10 ? 1 : 30;
    pages[i].name = "p" + std::to_string(100 + i);
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    int noisy = 0;
    for (const std::size_t i : stratified_sample(pages, 2, seed)) noisy += pages[i].noise > 2;
    EXPECT_EQ(noisy, 1) << "seed " << seed;
  }
}

TEST(StratifiedSample, GivesEveryPageAChance) {
  const auto pages = pages_of(16);
  std::set<std::size_t> ever;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const std::size_t i : stratified_sample(pages, 4, seed)) ever.insert(i);
  }
  EXPECT_EQ(ever.size(), 16U);
}

}  // namespace
}  // namespace ocrs
