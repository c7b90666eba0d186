#include "coordinator/core/stage_story.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "coordinator/core/gain_check.hpp"

namespace ocrs {
namespace {

StoredEvaluation read_with(std::uint32_t page, std::int64_t point, double cer) {
  StoredEvaluation stored;
  stored.result.id = {PageIndex{page}, PointIndex{point}};
  stored.result.scores.confidence = 50;
  stored.result.scores.characters = 100;
  stored.result.scores.cer = cer;
  return stored;
}

struct Readings {
  ScoreTable table;
  Ranking ranking;
};

/// `cer[point + 1][page]`, the untouched pages first; below 0 = never evaluated.
Readings readings(const std::vector<std::vector<double>>& cer) {
  std::vector<StoredEvaluation> all;
  for (std::size_t row = 0; row < cer.size(); ++row) {
    for (std::size_t page = 0; page < cer[row].size(); ++page) {
      if (cer[row][page] < 0) continue;
      all.push_back(read_with(static_cast<std::uint32_t>(page), static_cast<std::int64_t>(row) - 1, cer[row][page]));
    }
  }
  const std::vector<bool> truth(cer.front().size(), true);
  ScoreTable table(truth, static_cast<std::uint32_t>(cer.size() - 1), all);
  Ranking ranking = rank_points(table, *ranking_objective({{{"cer", 1.0}}}, truth));
  return {std::move(table), std::move(ranking)};
}

GainCheck checked(const std::vector<std::vector<double>>& cer) {
  const Readings all = readings(cer);
  return check_gain(all.table, all.ranking);
}

TEST(GainCheck, MeansHaveTheirStandardErrors) {
  const MeanWithError of = mean_with_error({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(of.mean, 2.5);
  EXPECT_DOUBLE_EQ(of.error, std::sqrt(5.0 / 3 / 4)) << "variance 5/3 of four values";
  EXPECT_EQ(mean_with_error({7}).error, 0);
  EXPECT_EQ(mean_with_error({}).mean, 0);
  EXPECT_TRUE(std::isinf(t_one_in_twenty(1)));
  EXPECT_DOUBLE_EQ(t_one_in_twenty(2), 6.314);
  EXPECT_DOUBLE_EQ(t_one_in_twenty(5), 2.132);
  EXPECT_DOUBLE_EQ(t_one_in_twenty(1000), 1.697);
}

TEST(GainCheck, BelievesASettingThatRepairsEveryPage) {
  const GainCheck check = checked({{0.4, 0.5, 0.3, 0.4}, {0.1, 0.1, 0.05, 0.08}, {0.5, 0.5, 0.5, 0.5}});
  EXPECT_EQ(check.verdict, GainVerdict::beyond_noise);
  EXPECT_EQ(check.pages, 4U);
  EXPECT_EQ(check.pages_better, 4U);
  EXPECT_EQ(check.pages_worse, 0U);
  EXPECT_NEAR(check.gain.mean, (0.3 + 0.4 + 0.25 + 0.32) / 4, 1e-12);
  EXPECT_NEAR(check.held_out.mean, check.gain.mean, 1e-12) << "it is the best of either half, too";
}

TEST(GainCheck, CountsTheSignsThatGiveAsMuch) {
  EXPECT_DOUBLE_EQ(flipped_signs_chance({3, 1, 2, 4}), 1.0 / 16) << "no other signs give 10";
  EXPECT_DOUBLE_EQ(flipped_signs_chance({3, -1, 2, 4}), 2.0 / 16) << "10 and the values themselves";
  EXPECT_DOUBLE_EQ(flipped_signs_chance({0.1, 0.2, 0.3, 0.0}), 2.0 / 16) << "a page that gains nothing tells nothing";
  EXPECT_DOUBLE_EQ(flipped_signs_chance({-1, -2}), 1);
  EXPECT_DOUBLE_EQ(flipped_signs_chance({0, 0}), 1);
  EXPECT_DOUBLE_EQ(flipped_signs_chance({}), 1);
  EXPECT_DOUBLE_EQ(flipped_signs_chance(std::vector<double>(most_flipped, 1.0)), 1.0 / 4096);
  EXPECT_DOUBLE_EQ(flipped_signs_chance(std::vector<double>(most_flipped + 1, 1.0)), 1) << "left to Student's t";
}

TEST(GainCheck, BelievesPagesThatAllGainHoweverDifferently) {
  // One page is nearly lost to noise, the others lose a few letters: the mean is within t standard errors of nothing.
  const GainCheck check = checked({{0.6, 0.2, 0.1, 0.01}, {0.0, 0.0, 0.0, 0.0}, {0.7, 0.7, 0.7, 0.7}});
  EXPECT_LT(check.held_out.mean, t_one_in_twenty(4) * check.held_out.error);
  EXPECT_EQ(check.verdict, GainVerdict::beyond_noise);
  // Three such pages are too few to say it.
  EXPECT_EQ(checked({{0.6, 0.1, 0.01}, {0.0, 0.0, 0.0}, {0.7, 0.7, 0.7}}).verdict, GainVerdict::within_noise);
}

TEST(GainCheck, DoesNotBelieveAWinnerThatOwesItsGainToOnePage) {
  // Point 0 repairs page 0 and harms the others a little; whoever has not seen page 0 leaves the pages alone.
  const GainCheck check = checked({{0.2, 0.02, 0.02, 0.02}, {0.0, 0.03, 0.03, 0.03}, {0.3, 0.3, 0.3, 0.3}});
  EXPECT_EQ(check.verdict, GainVerdict::within_noise);
  EXPECT_GT(check.gain.mean, 0.04) << "though on these pages it does gain";
  EXPECT_EQ(check.pages_better, 1U);
  EXPECT_EQ(check.pages_worse, 3U);
  // Pages 0 and 2 choose point 0, which loses 0.01 on pages 1 and 3; those leave pages 0 and 2 alone.
  EXPECT_NEAR(check.held_out.mean, -0.02 / 4, 1e-12);
}

TEST(GainCheck, DoesNotBelieveTheLuckiestOfManySettings) {
  // Sixty-four settings that change the reading of a good page by an error or two, at random.
  std::uint64_t state = 99;
  const auto errors = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 33) / static_cast<double>(1ULL << 31);
  };
  for (const std::size_t pages : {3U, 4U, 5U, 12U, 24U}) {
    int believed = 0;
    for (int screening = 0; screening < 200; ++screening) {
      std::vector<std::vector<double>> cer = {std::vector<double>(pages, 0.01)};
      for (int point = 0; point < 64; ++point) {
        cer.emplace_back();
        for (std::size_t page = 0; page < pages; ++page) cer.back().push_back(0.005 + 0.01 * errors());
      }
      const Readings all = readings(cer);
      EXPECT_GT(all.ranking.best()->gain.value(), 0) << "there always is a lucky one";
      believed += check_gain(all.table, all.ranking).verdict == GainVerdict::beyond_noise;
    }
    EXPECT_LE(believed, 24) << "of 200: one in ten with three pages, one in twenty with many; " << pages << " pages";
    RecordProperty("believed_of_200_with_" + std::to_string(pages) + "_pages", believed);
  }
}

TEST(GainCheck, SaysWhenTheUntouchedPagesWinAndTheyWinTies) {
  EXPECT_EQ(checked({{0.1, 0.1}, {0.2, 0.1}}).verdict, GainVerdict::untouched_best);
  EXPECT_EQ(checked({{0.1, 0.1}, {0.1, 0.1}}).verdict, GainVerdict::untouched_best);
}

TEST(GainCheck, CannotJudgeByOnePageOrWithoutTheUntouchedOne) {
  EXPECT_EQ(checked({{0.4}, {0.1}}).verdict, GainVerdict::one_page);
  EXPECT_EQ(checked({{-1, 0.4}, {0.1, 0.1}}).verdict, GainVerdict::unknown);
  EXPECT_EQ(checked({{-1, -1}, {-1, 0.1}}).verdict, GainVerdict::unknown);
}

/// Two stages: "a" off, x or y; "b" off or on. One value per slot.
PipelineSpec two_stages() {
  const auto choice = [](const char* name, std::vector<ChoiceShare> options) {
    Factor factor;
    factor.name = name;
    factor.kind = FactorKind::choice;
    factor.choices = std::move(options);
    return factor;
  };
  PipelineSpec pipeline{"custom", {}, 0};
  pipeline.stages.push_back({"t.a", "a", choice("a", {{"off", 1}, {"x", 1}, {"y", 1}}), {}});
  pipeline.stages.push_back({"t.b", "b", choice("b", {{"off", 1}, {"on", 1}}), {}});
  return pipeline;
}

std::vector<Point> points_of(const std::vector<std::pair<std::string, std::string>>& options) {
  std::vector<Point> points;
  for (const auto& [a, b] : options) {
    points.push_back({PointIndex{static_cast<std::int64_t>(points.size())}, {a, b}});
  }
  return points;
}

std::vector<StageEffect> effects_of(const std::vector<Point>& points, const Readings& all) {
  return stage_effects(two_stages(), points, all.table, all.ranking);
}

TEST(StageEffects, CompareOnWithOffAndEveryOption) {
  const auto points = points_of({{"off", "off"}, {"x", "off"}, {"y", "on"}, {"off", "on"}, {"x", "on"}, {"y", "off"}});
  // Two pages. Objectives (1 - mean cer): 0.5 0.85 0.3 0.6 0.95 0.2.
  const Readings all = readings({{0.5, 0.5}, {0.6, 0.4}, {0.1, 0.2}, {0.8, 0.6}, {0.5, 0.3}, {0.0, 0.1}, {0.9, 0.7}});
  const auto effects = effects_of(points, all);
  ASSERT_EQ(effects.size(), 4U) << "a, its x and y; b, whose one option is b itself";
  EXPECT_EQ(effects[0].option, "");
  EXPECT_EQ(effects[0].on_points, 4U);
  EXPECT_EQ(effects[0].off_points, 2U);
  EXPECT_NEAR(effects[0].on, (0.85 + 0.3 + 0.95 + 0.2) / 4, 1e-12);
  EXPECT_NEAR(effects[0].off, 0.55, 1e-12);
  EXPECT_EQ(effects[1].option, "x");
  EXPECT_NEAR(effects[1].difference, 0.9 - 0.55, 1e-12);
  // Either side has two settings 0.1 apart: variance 0.005, of the mean 0.0025.
  EXPECT_NEAR(effects[1].error, std::sqrt(0.0025 + 0.0025), 1e-12);
  EXPECT_EQ(effects[1].verdict, StageVerdict::helped) << "0.35 is 4.9 standard errors";
  EXPECT_EQ(effects[1].pages_better, 2U);
  EXPECT_EQ(effects[2].option, "y");
  EXPECT_EQ(effects[2].verdict, StageVerdict::hurt);
  EXPECT_EQ(effects[2].pages_better, 0U);
  EXPECT_EQ(effects[3].stage, 1U);
  EXPECT_NEAR(effects[3].difference, (0.3 + 0.6 + 0.95) / 3 - (0.5 + 0.85 + 0.2) / 3, 1e-12);
  EXPECT_EQ(effects[3].verdict, StageVerdict::within_noise) << "a does far more than b";
}

TEST(StageEffects, LeaveOutSettingsWithoutAnObjective) {
  const auto points = points_of({{"off", "off"}, {"x", "off"}, {"off", "off"}, {"x", "off"}});
  const Readings all = readings({{0.5, 0.5}, {0.5, 0.4}, {0.1, 0.1}, {0.9, -1}, {-1, 0.9}});
  const auto effects = effects_of(points, all);
  ASSERT_EQ(effects.size(), 1U) << "one option, and b is off everywhere";
  EXPECT_EQ(effects[0].on_points, 1U);
  EXPECT_EQ(effects[0].off_points, 1U);
  EXPECT_NEAR(effects[0].difference, 0.9 - 0.55, 1e-12);
  EXPECT_EQ(effects[0].verdict, StageVerdict::too_few);
}

TEST(StageEffects, HaveNothingToSayOfStagesThatAreAlwaysOn) {
  const auto points = points_of({{"x", "on"}, {"x", "on"}});
  EXPECT_TRUE(effects_of(points, readings({{0.5}, {0.4}, {0.3}})).empty());
  EXPECT_TRUE(
      stage_effects(*find_pipeline("standard"), {}, readings({{0.5}}).table, readings({{0.5}}).ranking).empty());
}

}  // namespace
}  // namespace ocrs
