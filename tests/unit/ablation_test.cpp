#include "coordinator/core/ablation.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

/// A choice x or y with a factor of x alone, one that is never off, and one that may be on.
PipelineSpec three_stages() {
  const auto choice = [](const char* name, std::vector<ChoiceShare> options) {
    Factor factor;
    factor.name = name;
    factor.kind = FactorKind::choice;
    factor.choices = std::move(options);
    return factor;
  };
  Factor strength;
  strength.name = "strength";
  strength.kind = FactorKind::real;
  strength.high = 1;
  PipelineSpec pipeline{"custom", {}, 0};
  pipeline.stages.push_back({"t.a", "a", choice("a", {{"off", 1}, {"x", 1}, {"y", 1}}), {{strength, {"x"}}}});
  pipeline.stages.push_back({"t.b", "b", choice("b", {{"l", 1}, {"r", 1}}), {}});
  pipeline.stages.push_back({"t.c", "c", choice("c", {{"off", 1}, {"on", 1}}), {}});
  return pipeline;
}

const FactorValue inactive = std::monostate{};

TEST(WithoutEachStage, TakesAwayOneStageWithItsFactors) {
  const auto all = without_each_stage(three_stages(), {PointIndex{7}, {"x", "l", "on", 0.5}});
  ASSERT_EQ(all.size(), 2U) << "b cannot be off";
  EXPECT_EQ(all[0].stage, 0U);
  EXPECT_EQ(all[0].option, "x");
  EXPECT_EQ(all[0].point, (Point{PointIndex{0}, {"off", "l", "on", inactive}}));
  EXPECT_EQ(all[1].stage, 2U);
  EXPECT_EQ(all[1].option, "on");
  EXPECT_EQ(all[1].point, (Point{PointIndex{1}, {"x", "l", "off", 0.5}}));
}

TEST(WithoutEachStage, HasNothingToTakeFromWhatIsOff) {
  EXPECT_TRUE(without_each_stage(three_stages(), {PointIndex{0}, {"off", "r", "off", inactive}}).empty());
}

TEST(CompareWithout, TellsWhatIsNeededFromWhatIsNot) {
  const Ablation needed = compare_without({0.9, 0.8, 1.0, 0.9}, {0.1, 0.7, 0.9, 0.4});
  EXPECT_EQ(needed.debt, StageDebt::needed) << "every page is better with it";
  EXPECT_EQ(needed.pages_better, 4U);
  EXPECT_NEAR(needed.with_mean, 0.9, 1e-12);
  EXPECT_NEAR(needed.without_mean, 0.525, 1e-12);
  EXPECT_NEAR(needed.owed.mean, 0.375, 1e-12);

  EXPECT_EQ(compare_without({0.1, 0.7, 0.9, 0.4}, {0.9, 0.8, 1.0, 0.9}).debt, StageDebt::harmful);
  EXPECT_EQ(compare_without({0.9, 0.8, 1.0, 0.9}, {0.9, 0.8, 1.0, 0.9}).debt, StageDebt::not_certain);
  const Ablation mixed = compare_without({0.9, 0.8, 1.0, 0.9}, {0.1, 0.9, 1.0, 0.9});
  EXPECT_EQ(mixed.debt, StageDebt::not_certain) << "one page alone owes it anything";
  EXPECT_EQ(mixed.pages_worse, 1U);
}

TEST(CompareWithout, LooksAtPagesThatHaveBoth) {
  const Ablation some = compare_without({0.9, std::nullopt, 0.5}, {0.1, 0.2, std::nullopt});
  EXPECT_EQ(some.pages, 1U);
  EXPECT_NEAR(some.owed.mean, 0.8, 1e-12);
  EXPECT_EQ(some.debt, StageDebt::not_certain) << "one page proves nothing";
  EXPECT_EQ(compare_without({std::nullopt}, {0.5}).pages, 0U);
}

TEST(MostDispensable, IsTheStageThatCostsLeastWithinOneError) {
  const Ablation needed = compare_without({0.9, 0.8, 1.0, 0.9}, {0.1, 0.7, 0.9, 0.4});
  const Ablation costs = compare_without({1, 1, 1, 1}, {0.995, 0.996, 0.990, 1});  // 0.0048 +- 0.0021
  const Ablation uneven = compare_without({1, 1, 1, 1}, {0.9, 1, 1, 1});           // 0.025 +- 0.025
  const Ablation nothing = compare_without({0.9, 0.8, 1.0, 0.9}, {0.9, 0.8, 1.0, 0.9});
  EXPECT_EQ(most_dispensable({needed, costs}, 0.1), std::nullopt);
  EXPECT_EQ(most_dispensable({needed, uneven}, 0.1), 1U);
  EXPECT_EQ(most_dispensable({uneven, nothing, needed}, 0.1), 1U);
  EXPECT_EQ(most_dispensable({nothing, nothing, needed}, 0.1), 1U) << "the last of equals";
  EXPECT_EQ(most_dispensable({compare_without({std::nullopt}, {0.5})}, 0.1), std::nullopt) << "no page tells";
  EXPECT_EQ(most_dispensable({}, 0.1), std::nullopt);
  EXPECT_EQ(most_dispensable({needed, uneven}, 0.02), std::nullopt) << "more than may be lost";
}

}  // namespace
}  // namespace ocrs
