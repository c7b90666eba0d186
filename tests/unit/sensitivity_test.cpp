#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "coordinator/core/analysis.hpp"
#include "tests/support/analysis_samples.hpp"

namespace ocrs {
namespace {

using test::modelled;
using test::real;
using test::uniform_pipeline;

Analysis analysed(const test::SampleScreening& sample) {
  auto analysis = analyse(sample.input());
  EXPECT_TRUE(analysis.ok());
  return std::move(*analysis);
}

/// Ishigami and Homma 1990: a = 7, b = 0.1 on [-pi, pi]^3.
double ishigami(const std::vector<FactorValue>& x) {
  const double s2 = std::sin(real(x[1]));
  return std::sin(real(x[0])) + 7 * s2 * s2 + 0.1 * std::pow(real(x[2]), 4) * std::sin(real(x[0]));
}

std::vector<double> ishigami_first_order() {
  const double pi4 = std::pow(std::numbers::pi, 4), a = 7, b = 0.1;
  const double v1 = 0.5 * std::pow(1 + b * pi4 / 5, 2), v2 = a * a / 8;
  const double v13 = b * b * pi4 * pi4 * 8 / 225;
  return {v1 / (v1 + v2 + v13), v2 / (v1 + v2 + v13), 0};
}

/// Sobol's g: the product of (|4x - 2| + a) / (1 + a).
const std::vector<double> g_weights{0, 1, 4.5, 9, 99, 99};
double sobol_g(const std::vector<FactorValue>& x) {
  double product = 1;
  for (std::size_t i = 0; i < g_weights.size(); ++i) {
    product *= (std::abs(4 * real(x[i]) - 2) + g_weights[i]) / (1 + g_weights[i]);
  }
  return product;
}

std::vector<double> sobol_g_first_order() {
  double total = 1;
  std::vector<double> parts;
  for (const double a : g_weights) {
    parts.push_back(1 / (3 * (1 + a) * (1 + a)));
    total *= 1 + parts.back();
  }
  for (double& part : parts) part /= total - 1;
  return parts;
}

void expect_first_order(const Analysis& analysis, const std::vector<double>& expected, double tolerance) {
  for (std::size_t f = 0; f < expected.size(); ++f) {
    const auto& index = analysis.factors[f].indices.first_order;
    ASSERT_TRUE(index.has_value());
    EXPECT_NEAR(index->value, expected[f], tolerance) << analysis.factors[f].name;
    EXPECT_LE(index->interval.low, index->value);
    EXPECT_GE(index->interval.high, index->value);
  }
}

TEST(Sensitivity, FindsIshigamisFirstOrderIndicesAt1024Points) {
  const double pi = std::numbers::pi;
  const auto sample = modelled(uniform_pipeline(3, -pi, pi), 1024, ishigami);
  expect_first_order(analysed(sample), ishigami_first_order(), 0.02);
}

TEST(Sensitivity, FindsSobolsGFirstOrderIndicesAt1024Points) {
  const auto sample = modelled(uniform_pipeline(6, 0, 1), 1024, sobol_g);
  expect_first_order(analysed(sample), sobol_g_first_order(), 0.02);
}

TEST(Sensitivity, StaysNearTheIndicesWhenAThirdOfThePointsIsMissing) {
  const auto kept = [](std::int64_t point) { return point % 7 != 0 && point % 5 != 0; };
  const auto sample = modelled(uniform_pipeline(6, 0, 1), 2048, sobol_g, 0, kept);
  const Analysis analysis = analysed(sample);
  expect_first_order(analysis, sobol_g_first_order(), 0.03);
  EXPECT_LT(analysis.coverage.used, 1500u);
  EXPECT_EQ(analysis.coverage.missing, 2048 - analysis.coverage.used);
  EXPECT_NE(analysis.coverage.note.find("are missing"), std::string::npos);
}

TEST(Sensitivity, FactorsThatDoNothingStayAtTheNoiseFloorAndAreNotSaidToMatter) {
  const auto sample = modelled(uniform_pipeline(5, 0, 1), 512, [](const auto& x) { return 10 * real(x[0]); });
  const Analysis analysis = analysed(sample);
  EXPECT_TRUE(analysis.factors[0].matters);
  EXPECT_NEAR(analysis.factors[0].indices.first_order->value, 1, 0.01);
  EXPECT_GT(analysis.factors[0].indices.rank_correlation->interval.low, 0.95);
  EXPECT_EQ(analysis.factors[0].edge, 1);
  for (std::size_t f = 1; f < 5; ++f) {
    const FactorAnalysis& factor = analysis.factors[f];
    EXPECT_FALSE(factor.matters) << factor.name;
    EXPECT_NEAR(factor.indices.first_order->value, 0, 0.02);
    EXPECT_LE(factor.indices.first_order->interval.low, factor.noise.first_order);
    EXPECT_GT(factor.noise.pawn, 0.02);
    EXPECT_EQ(factor.edge, 0);
  }
  EXPECT_NEAR(analysis.dummy.first_order->value, 0, 0.02);
  for (const Advice& advice : analysis.advice) {
    if (advice.kind == AdviceKind::matters || advice.kind == AdviceKind::move_range) {
      EXPECT_EQ(advice.factor, 0u) << advice.text;
    }
    // Without a surrogate nothing is known of interactions: no factor is given up.
    EXPECT_NE(advice.kind, AdviceKind::fix) << advice.text;
  }
}

TEST(Sensitivity, PartialRankCorrelationHoldsTheOtherFactors) {
  // x2 is hidden by the far larger x1 but moves y strictly: plain rank correlation is small, the partial one is not.
  const auto sample =
      modelled(uniform_pipeline(3, 0, 1), 1024, [](const auto& x) { return 20 * real(x[0]) - 2 * real(x[1]); });
  const Analysis analysis = analysed(sample);
  EXPECT_LT(analysis.factors[1].indices.rank_correlation->interval.high, -0.9);
  EXPECT_NEAR(analysis.factors[2].indices.rank_correlation->value, 0, 0.1);
}

TEST(Sensitivity, ConditionalFactorsAreJudgedWhereTheyCountAndHiddenWhenThatIsSeldom) {
  PipelineSpec pipeline{.name = "custom", .stages = {test::switched_stage("often", 0.5)}};
  pipeline.stages.push_back(test::switched_stage("seldom", 0.05));
  // often: on lowers the level by 5, its size matters there; seldom: nothing.
  const auto sample = modelled(
      pipeline, 512, [](const auto& x) { return std::get<std::string>(x[0]) == "on" ? 10 + 4 * real(x[2]) : 15.0; });
  const Analysis analysis = analysed(sample);
  ASSERT_EQ(analysis.factors.size(), 4u);
  const FactorAnalysis& choice = analysis.factors[0];
  EXPECT_EQ(choice.kind, FactorKind::choice);
  EXPECT_FALSE(choice.conditional);
  ASSERT_EQ(choice.groups.size(), 2u);
  EXPECT_NEAR(choice.groups[0].mean.value, 15, 1e-9);
  EXPECT_NEAR(choice.groups[1].mean.value, 12, 0.1);
  // Between groups 1.5², within the half that is on 4²/12.
  EXPECT_NEAR(choice.indices.first_order->value, 2.25 / (2.25 + 16.0 / 12 / 2), 0.03);
  EXPECT_FALSE(choice.indices.rank_correlation.has_value());
  EXPECT_TRUE(choice.matters);

  const FactorAnalysis& size = analysis.factors[2];
  EXPECT_TRUE(size.conditional);
  EXPECT_TRUE(size.shown);
  EXPECT_EQ(size.active, choice.groups[1].points);
  EXPECT_NEAR(size.indices.first_order->value, 1, 0.02) << "among the points where it counts nothing else moves y";

  const FactorAnalysis& hidden = analysis.factors[3];
  EXPECT_LT(hidden.active, active_points_min);
  EXPECT_GT(hidden.active, 0u);
  EXPECT_FALSE(hidden.shown);
  EXPECT_TRUE(hidden.curve.empty());
  EXPECT_FALSE(hidden.indices.pawn.has_value());
}

TEST(Sensitivity, CurvesFollowTheEffectAndConvergenceEndsWithTheResult) {
  const auto sample = modelled(uniform_pipeline(2, 0, 1), 1024,
                               [](const auto& x) { return 100 - 40 * std::pow(real(x[0]) - 0.5, 2) + real(x[1]); });
  const Analysis analysis = analysed(sample);
  const FactorAnalysis& factor = analysis.factors[0];
  EXPECT_EQ(factor.edge, 0) << "its best value lies inside";
  ASSERT_EQ(factor.curve.size(), 16u);
  std::uint32_t points = 0;
  for (const CurvePiece& piece : factor.curve) {
    points += piece.points;
    EXPECT_GE(piece.middle, piece.low);
    EXPECT_LE(piece.middle, piece.high);
    EXPECT_NEAR(piece.mean.value, 100.5 - 40 * std::pow(piece.middle - 0.5, 2), 0.2);
    EXPECT_LT(piece.mean.interval.high - piece.mean.interval.low, 0.5);
  }
  EXPECT_EQ(points, 1024u);
  ASSERT_EQ(factor.convergence.size(), 3u);
  EXPECT_EQ(factor.convergence[0].points, 256u);
  EXPECT_EQ(factor.convergence[1].points, 512u);
  EXPECT_EQ(factor.convergence[2].points, 1024u);
  EXPECT_EQ(factor.convergence[2].indices, factor.indices);
  EXPECT_NEAR(factor.convergence[0].indices.first_order->value, factor.indices.first_order->value, 0.02);
}

TEST(Sensitivity, PagesOfDifferentLevelDoNotDisturbPointsThatMissSome) {
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  auto points = design_points(pipeline, DesignSettings{.points = 256}, 0, 256);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < 4; ++page) {
    evaluations.push_back(test::reading_of(page, baseline_point, 20.0 * page));
    for (const Point& point : points) {
      if ((point.index.value + page) % 5 == 0) continue;
      evaluations.push_back(test::reading_of(page, point.index, 20.0 * page + real(point.values[0])));
    }
  }
  const auto sample = test::sample_of(pipeline, points, {false, false, false, false}, evaluations, "confidence");
  const Analysis analysis = analysed(sample);
  EXPECT_EQ(analysis.coverage.used, 256u);
  EXPECT_LT(analysis.coverage.ranked, 60u);
  EXPECT_GT(analysis.factors[0].indices.first_order->value, 0.95);
}

TEST(Sensitivity, EqualEvaluationsGiveEqualBitsInAnyOrder) {
  const PipelineSpec pipeline = uniform_pipeline(3, -std::numbers::pi, std::numbers::pi);
  auto points = design_points(pipeline, DesignSettings{.points = 256}, 0, 256);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < 3; ++page) {
    evaluations.push_back(test::reading_of(page, baseline_point, 1, 100, 0.4));
    for (const Point& point : points) {
      const double cer = 0.5 + 0.01 * ishigami(point.values) + 0.05 * page;
      evaluations.push_back(test::reading_of(page, point.index, 60 - 10 * cer, 90 + page, cer));
    }
  }
  const std::vector<bool> ground_truth{true, true, true};
  const Analysis first = analysed(test::sample_of(pipeline, points, ground_truth, evaluations, "cer"));
  std::reverse(evaluations.begin(), evaluations.end());
  const Analysis second = analysed(test::sample_of(pipeline, points, ground_truth, evaluations, "cer"));
  EXPECT_EQ(first, second);
  EXPECT_FALSE(first.advice.empty());
}

}  // namespace
}  // namespace ocrs
