#include "common/core/factor.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "common/core/pipeline_spec.hpp"

namespace ocrs {
namespace {

constexpr double below_one = 1 - 0x1p-32;

Factor ranged(FactorKind kind, double low, double high, double step = 0) {
  Factor factor;
  factor.name = "f";
  factor.kind = kind;
  factor.low = low;
  factor.high = high;
  factor.step = step;
  return factor;
}

std::int64_t whole(const FactorValue& value) { return std::get<std::int64_t>(value); }
double number(const FactorValue& value) { return std::get<double>(value); }

TEST(Factor, GivesEveryLevelOfAnIntegerRangeTheSameShare) {
  const Factor factor = ranged(FactorKind::integer, 30, 70);
  std::map<std::int64_t, int> counts;
  constexpr int draws = 41 * 1000;
  for (int i = 0; i < draws; ++i) ++counts[whole(factor_value(factor, (i + 0.5) / draws))];
  ASSERT_EQ(counts.size(), 41U);
  EXPECT_EQ(counts.begin()->first, 30);
  EXPECT_EQ(counts.rbegin()->first, 70);
  for (const auto& [level, count] : counts) EXPECT_EQ(count, 1000) << level;
}

TEST(Factor, ReachesBothEndsOfAnIntegerRangeAndStaysInside) {
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::integer, 3, 15), 0)), 3);
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::integer, 3, 15), below_one)), 15);
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::integer, 3, 15), std::nextafter(1.0, 0.0))), 15);
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::integer, -2, 2), 0.5)), 0);
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::integer, 7, 7), below_one)), 7);
}

TEST(Factor, SpreadsAFloatEvenlyAndALogFactorByRatio) {
  EXPECT_DOUBLE_EQ(number(factor_value(ranged(FactorKind::real, 2, 20), 0.25)), 6.5);
  EXPECT_DOUBLE_EQ(number(factor_value(ranged(FactorKind::real, 2, 20), 0)), 2);
  EXPECT_DOUBLE_EQ(number(factor_value(ranged(FactorKind::log, 0.5, 2), 0.5)), 1);
  EXPECT_DOUBLE_EQ(number(factor_value(ranged(FactorKind::log, 1, 1000), 1.0 / 3)), 10);
  EXPECT_DOUBLE_EQ(number(factor_value(ranged(FactorKind::log, 0.5, 1.5), 0)), 0.5);
}

TEST(Factor, TakesStepsInEqualSharesUpToTheEndOfTheRange) {
  const Factor factor = ranged(FactorKind::step, 10, 25, 5);
  EXPECT_EQ(whole(factor_value(factor, 0)), 10);
  EXPECT_EQ(whole(factor_value(factor, 0.2499)), 10);
  EXPECT_EQ(whole(factor_value(factor, 0.25)), 15);
  EXPECT_EQ(whole(factor_value(factor, below_one)), 25);
  EXPECT_EQ(whole(factor_value(ranged(FactorKind::step, 10, 24, 5), below_one)), 20) << "25 is past the range";
}

TEST(Factor, KeepsTheLastOfDecimalSteps) {
  // 0.7 - 0.1 divided by 0.1 is 5.999… in binary, and still six steps to a person.
  const Factor factor = ranged(FactorKind::step, 0.1, 0.7, 0.1);
  EXPECT_NEAR(number(factor_value(factor, below_one)), 0.7, 1e-12);
  std::set<double> levels;
  for (int i = 0; i < 700; ++i) levels.insert(number(factor_value(factor, i / 700.0)));
  EXPECT_EQ(levels.size(), 7U);
  EXPECT_LE(*levels.rbegin(), 0.7);
}

TEST(Factor, DrawsLevelsEvenlyAndChoicesByShare) {
  Factor levels;
  levels.kind = FactorKind::levels;
  levels.levels = {std::int64_t{3}, std::int64_t{5}};
  EXPECT_EQ(whole(factor_value(levels, 0.49)), 3);
  EXPECT_EQ(whole(factor_value(levels, 0.5)), 5);

  Factor choice;
  choice.kind = FactorKind::choice;
  choice.choices = {{"off", 6}, {"gaussian", 2}, {"median", 2}};
  const auto drawn = [&](double u) { return std::get<std::string>(factor_value(choice, u)); };
  EXPECT_EQ(drawn(0), "off");
  EXPECT_EQ(drawn(0.599), "off");
  EXPECT_EQ(drawn(0.601), "gaussian");
  EXPECT_EQ(drawn(0.799), "gaussian");
  EXPECT_EQ(drawn(0.801), "median");
  EXPECT_EQ(drawn(std::nextafter(1.0, 0.0)), "median");
}

TEST(Factor, WritesTheShortestTextThatReadsBackToTheSameNumber) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(12), "12");
  EXPECT_EQ(shortest(1e-7), "1e-07");
  EXPECT_EQ(shortest(0.1 + 0.2), "0.30000000000000004");
  for (const double value : {1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5, 123456.789}) {
    EXPECT_EQ(std::stod(shortest(value) == "5e-324" ? "0" : shortest(value)), value == 5e-324 ? 0 : value);
  }
  EXPECT_EQ(to_text(std::monostate{}), "");
  EXPECT_EQ(to_text(std::int64_t{-5}), "-5");
  EXPECT_EQ(to_text(2.5), "2.5");
  EXPECT_EQ(to_text(std::string("otsu")), "otsu");
}

// ---- the pipelines, against the table of the design ----

/// A factor as the table writes it: "line_h int 30-70 px", options of a choice in order with their shares.
std::string row(const Factor& factor) {
  std::string text = factor.name + " " + std::string(to_string(factor.kind));
  if (factor.kind == FactorKind::fixed) text += " " + to_text(factor.fixed);
  if (factor.kind == FactorKind::integer || factor.kind == FactorKind::real || factor.kind == FactorKind::log) {
    text += " " + shortest(factor.low) + "-" + shortest(factor.high);
  }
  for (const FactorValue& level : factor.levels) text += " " + to_text(level);
  for (const ChoiceShare& option : factor.choices) text += " " + option.name + " " + shortest(option.share);
  if (factor.unit != FactorUnit::none) text += " " + std::string(to_string(factor.unit));
  return text;
}

std::vector<std::string> rows(const std::string& pipeline) {
  std::vector<std::string> texts;
  for (const FactorSlot& slot : factor_slots(*find_pipeline(pipeline))) texts.push_back(row(*slot.factor));
  return texts;
}

std::vector<std::string> stage_ids(const std::string& pipeline) {
  std::vector<std::string> ids;
  for (const StageSpec& stage : find_pipeline(pipeline)->stages) ids.push_back(stage.id);
  return ids;
}

TEST(PipelineSpec, HasThePredecessorsChainAsStandard) {
  EXPECT_EQ(stage_ids("standard"), (std::vector<std::string>{"standard.remove_lines", "standard.normalise",
                                                             "standard.denoise", "standard.binarise"}));
  EXPECT_EQ(rows("standard"),
            (std::vector<std::string>{"line_h int 30-70 px", "line_v int 40-120 px", "dilate_iter fixed 2",
                                      "norm_kernel int 40-100 px", "denoise_h float 2-20",
                                      "noise_threshold float 20-500", "bin_block int 30-100 px", "bin_c float 10-25"}));
  EXPECT_EQ(find_pipeline("standard")->default_width_max, 2000);
}

TEST(PipelineSpec, HasHighFidelityAsTabled) {
  EXPECT_EQ(stage_ids("high_fidelity"),
            (std::vector<std::string>{"high_fidelity.inpaint_lines", "high_fidelity.denoise", "high_fidelity.flatten",
                                      "high_fidelity.clahe"}));
  EXPECT_EQ(rows("high_fidelity"),
            (std::vector<std::string>{"inpaint_h int 20-100 px", "inpaint_v int 20-100 px", "denoise_h float 5-20",
                                      "bg_dilate int 3-15 px", "bg_blur int 11-51 px", "clahe_clip float 1-5",
                                      "clahe_tile int 4-16"}));
}

TEST(PipelineSpec, HasOpenWithItsChoicesFirst) {
  EXPECT_EQ(stage_ids("open"), (std::vector<std::string>{"open.scale", "open.smooth", "open.lines", "open.background",
                                                         "open.denoise", "open.contrast", "open.binarise"}));
  EXPECT_EQ(rows("open"), (std::vector<std::string>{"resize choice off 0.5 on 0.5",
                                                    "smooth choice off 0.6 gaussian 0.2 median 0.2",
                                                    "lines choice off 0.7 paint 0.15 inpaint 0.15",
                                                    "background choice off 0.6 divide 0.2 flatten 0.2",
                                                    "denoise choice off 0.4 nlm 0.6",
                                                    "contrast choice off 0.8 clahe 0.1 stretch 0.1",
                                                    "binarise choice off 0.6 otsu 0.1 adaptive 0.15 sauvola 0.15",
                                                    "scale log 0.5-1.5",
                                                    "smooth_size levels 3 5",
                                                    "line_h int 30-120 px300",
                                                    "line_v int 40-160 px300",
                                                    "norm_kernel int 20-120 px300",
                                                    "bg_dilate int 3-15 px300",
                                                    "bg_blur int 11-51 px300",
                                                    "denoise_h float 2-20",
                                                    "noise_threshold float 20-500",
                                                    "clahe_clip float 1-4",
                                                    "clahe_tile int 4-16",
                                                    "bin_block int 15-100 px300",
                                                    "bin_c float 2-25",
                                                    "sauvola_window int 7-40 px300",
                                                    "sauvola_k float 0.1-0.5"}));
  EXPECT_EQ(find_pipeline("open")->default_width_max, 0);
}

TEST(PipelineSpec, NamesTheOptionsUnderWhichAFactorCounts) {
  std::map<std::string, std::vector<std::string>> when;
  for (const FactorSlot& slot : factor_slots(*find_pipeline("open"))) {
    if (slot.when) when[slot.factor->name] = *slot.when;
  }
  EXPECT_EQ(when["norm_kernel"], std::vector<std::string>{"divide"});
  EXPECT_EQ(when["bg_blur"], std::vector<std::string>{"flatten"});
  EXPECT_EQ(when["bin_c"], std::vector<std::string>{"adaptive"});
  EXPECT_EQ(when["sauvola_window"], std::vector<std::string>{"sauvola"});
  EXPECT_EQ(when["clahe_tile"], std::vector<std::string>{"clahe"});
  EXPECT_EQ(when["line_h"], (std::vector<std::string>{"paint", "inpaint"}));
}

TEST(PipelineSpec, EveryOptionAFactorWaitsForExistsAndNamesAreUnique) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    std::set<std::string> names;
    for (const FactorSlot& slot : factor_slots(pipeline)) {
      EXPECT_TRUE(names.insert(slot.factor->name).second) << pipeline.name << ": " << slot.factor->name;
    }
    for (const StageSpec& stage : pipeline.stages) {
      std::set<std::string> options;
      if (stage.choice) {
        for (const ChoiceShare& option : stage.choice->choices) options.insert(option.name);
        EXPECT_TRUE(options.contains("off")) << stage.id;
      }
      for (const StageFactor& owned : stage.factors) {
        for (const std::string& option : owned.when) EXPECT_TRUE(options.contains(option)) << stage.id << option;
      }
    }
  }
}

TEST(PipelineSpec, EveryDefaultLiesInTheDomainOfItsFactor) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    for (const FactorSlot& slot : factor_slots(pipeline)) {
      if (slot.factor->kind == FactorKind::choice) continue;
      const FactorDomain domain = factor_domain(slot.factor->name);
      for (const double u : {0.0, 0.5, below_one}) {
        const FactorValue value = factor_value(*slot.factor, u);
        const auto* integer = std::get_if<std::int64_t>(&value);
        EXPECT_EQ(domain.whole, integer != nullptr) << slot.factor->name;
        const double real = integer ? static_cast<double>(*integer) : number(value);
        EXPECT_LE(domain.low, real) << slot.factor->name;
        EXPECT_GE(domain.high, real) << slot.factor->name;
      }
    }
  }
}

TEST(PipelineSpec, FindsAStageByIdOrByBareNameOpenFirst) {
  EXPECT_EQ(find_stage("standard.denoise")->id, "standard.denoise");
  EXPECT_EQ(find_stage("denoise")->id, "open.denoise");
  EXPECT_EQ(find_stage("normalise")->id, "standard.normalise");
  EXPECT_EQ(find_stage("flatten")->id, "high_fidelity.flatten");
  EXPECT_EQ(find_stage("sharpen"), nullptr);
  EXPECT_EQ(find_pipeline("custom"), nullptr);
}

}  // namespace
}  // namespace ocrs
