#include "coordinator/io/random_trees.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/core/analysis.hpp"
#include "tests/support/analysis_samples.hpp"

namespace ocrs {
namespace {

using test::modelled;
using test::real;
using test::uniform_pipeline;

Analysis analysed(const test::SampleScreening& sample) {
  const auto trees = make_random_trees();
  auto analysis = analyse(sample.input(trees.get()));
  EXPECT_TRUE(analysis.ok());
  return std::move(*analysis);
}

TEST(RandomTrees, FindsThePairThatActsTogetherAndItsShare) {
  // Centred product: all of its variance, (1/12)^2 * 36 = 1/4, is joint; x3 alone adds 1/12.
  const auto sample = modelled(uniform_pipeline(5, 0, 1), 1024, [](const auto& x) {
    return 50 + 6 * (real(x[0]) - 0.5) * (real(x[1]) - 0.5) + real(x[2]);
  });
  const Analysis analysis = analysed(sample);
  const InteractionAnalysis& interactions = analysis.interactions;
  ASSERT_TRUE(interactions.q2.has_value());
  EXPECT_GT(*interactions.q2, 0.5);
  EXPECT_LT(*interactions.q2, 1);
  ASSERT_FALSE(interactions.pairs.empty());
  const Interaction& strongest = interactions.pairs.front();
  EXPECT_EQ(strongest.a, 0u);
  EXPECT_EQ(strongest.b, 1u);
  // Trees smooth and the grid stops before the corners, so they see less than the whole share, never more.
  EXPECT_GT(strongest.strength, 0.05);
  EXPECT_LT(strongest.strength, 0.76);
  EXPECT_LT(interactions.pairs[1].strength, strongest.strength / 4);
  ASSERT_EQ(strongest.grid.size(), strongest.a_labels.size());
  ASSERT_EQ(strongest.grid.front().size(), strongest.b_labels.size());
  EXPECT_GT(strongest.grid.front().front(), strongest.grid.front().back())
      << "low with low is better than low with high";
  EXPECT_GT(strongest.grid.back().back(), strongest.grid.back().front());

  // What has a hand in a pair is not given up; what does nothing can be.
  std::vector<bool> fixed(5, false);
  for (const Advice& advice : analysis.advice) {
    if (advice.kind == AdviceKind::fix) fixed[*advice.factor] = true;
  }
  EXPECT_FALSE(fixed[0]);
  EXPECT_FALSE(fixed[1]);
  EXPECT_FALSE(fixed[2]);
  EXPECT_TRUE(fixed[3] || fixed[4]);
}

TEST(RandomTrees, SaysNothingAboutNoise) {
  const auto sample = modelled(uniform_pipeline(4, 0, 1), 256, [](const auto& x) {
    // A hash of the point: nothing can be learned from it.
    return 100 * std::fmod(std::abs(std::sin(12.9898e4 * real(x[0]) + 78.233e4 * real(x[1]) + 37e4 * real(x[3]))), 1.0);
  });
  const Analysis analysis = analysed(sample);
  ASSERT_TRUE(analysis.interactions.q2.has_value());
  EXPECT_LT(*analysis.interactions.q2, q2_min);
  EXPECT_TRUE(analysis.interactions.pairs.empty());
  EXPECT_NE(analysis.interactions.why_empty.find("Q2"), std::string::npos);
  for (const Advice& advice : analysis.advice) {
    EXPECT_NE(advice.kind, AdviceKind::fix) << advice.text;
    EXPECT_NE(advice.kind, AdviceKind::interaction) << advice.text;
  }
}

TEST(RandomTrees, ChoicesAndTheirFactorsGoInAndTheSameComesOutTwice) {
  PipelineSpec pipeline{.name = "custom",
                        .stages = {test::switched_stage("first", 0.5), test::switched_stage("second", 0.5)}};
  // On together they spoil what each alone improves.
  const auto sample = modelled(pipeline, 512, [](const auto& x) {
    const bool first = std::get<std::string>(x[0]) == "on", second = std::get<std::string>(x[1]) == "on";
    return 60 + 5.0 * first + 5.0 * second - 15.0 * (first && second) + (first ? real(x[2]) : 0);
  });
  const Analysis analysis = analysed(sample);
  EXPECT_GT(*analysis.interactions.q2, 0.9);
  ASSERT_FALSE(analysis.interactions.pairs.empty());
  const Interaction& pair = analysis.interactions.pairs.front();
  EXPECT_EQ(pair.a, 0u);
  EXPECT_EQ(pair.b, 1u);
  EXPECT_EQ(pair.a_labels, (std::vector<std::string>{"off", "on"}));
  EXPECT_NEAR(pair.grid[0][0], 60, 1);
  EXPECT_NEAR(pair.grid[1][1], 55.5, 1);
  EXPECT_EQ(analysis, analysed(sample));
}

}  // namespace
}  // namespace ocrs
