#include "coordinator/core/analysis.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "coordinator/core/portfolio.hpp"
#include "coordinator/core/resampling.hpp"
#include "coordinator/core/score_agreement.hpp"
#include "tests/support/analysis_samples.hpp"

namespace ocrs {
namespace {

using test::reading_of;
using test::sample_of;
using test::uniform_pipeline;

/// cer[page][0] is the untouched page, cer[page][1 + i] point i; confidence falls as cer rises, all equally long.
test::SampleScreening from_cer(const std::vector<std::vector<double>>& cer) {
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  const auto count = static_cast<std::uint32_t>(cer.front().size() - 1);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < cer.size(); ++page) {
    for (std::size_t i = 0; i < cer[page].size(); ++i) {
      evaluations.push_back(
          reading_of(page, PointIndex{static_cast<std::int64_t>(i) - 1}, 100 - 50 * cer[page][i], 100, cer[page][i]));
    }
  }
  return sample_of(pipeline, design_points(pipeline, {}, 0, count), std::vector<bool>(cer.size(), true), evaluations,
                   "cer");
}

Analysis analysed(const test::SampleScreening& sample) {
  auto analysis = analyse(sample.input());
  EXPECT_TRUE(analysis.ok());
  return std::move(*analysis);
}

const Advice* find(const Analysis& analysis, AdviceKind kind) {
  for (const Advice& advice : analysis.advice) {
    if (advice.kind == kind) return &advice;
  }
  return nullptr;
}

TEST(Gain, IsPairedPerPageAndSureWhenEveryPageGains) {
  const Analysis analysis = analysed(from_cer({{0.5, 0.4, 0.45}, {0.3, 0.2, 0.35}, {0.9, 0.7, 0.8}, {0.2, 0.1, 0.2}}));
  const GainAnalysis& gain = analysis.gain;
  EXPECT_EQ(gain.best, PointIndex{0});
  EXPECT_EQ(gain.pages, 4u);
  EXPECT_NEAR(gain.gain.value, 0.125, 1e-12);
  // Resampled means of {0.1, 0.1, 0.2, 0.1} lie between its extremes.
  EXPECT_GE(gain.gain.interval.low, 0.1 - 1e-12);
  EXPECT_LE(gain.gain.interval.high, 0.2 + 1e-12);
  EXPECT_EQ(gain.pages_better, 1);
  EXPECT_EQ(gain.pages_worse, 0);
  ASSERT_EQ(gain.left_out.size(), 4u);
  EXPECT_EQ(gain.same_winner, 1);
  EXPECT_NEAR(gain.left_out_gain->value, 0.125, 1e-12);
  EXPECT_TRUE(gain.sure());
  ASSERT_NE(find(analysis, AdviceKind::setting), nullptr);
  EXPECT_NE(find(analysis, AdviceKind::setting)->text.find("Use it."), std::string::npos);
}

TEST(Gain, DoingNothingWinsWhenNothingReadsBetter) {
  const Analysis analysis = analysed(from_cer({{0.1, 0.4, 0.2}, {0.2, 0.2, 0.3}, {0.15, 0.3, 0.2}}));
  EXPECT_EQ(analysis.gain.best, baseline_point);
  EXPECT_EQ(analysis.gain.gain.value, 0);
  EXPECT_FALSE(analysis.gain.sure());
  EXPECT_NE(find(analysis, AdviceKind::setting)->text.find("Leave the pages as they are"), std::string::npos);
  EXPECT_EQ(analysis.portfolio.recommended, 0u);
}

TEST(Gain, AWinnerCarriedByOnePageIsNotSure) {
  // Point 0 is best only because of page 0; without it, point 1 is, which is bad there.
  const Analysis analysis =
      analysed(from_cer({{0.9, 0.1, 0.95}, {0.3, 0.32, 0.29}, {0.3, 0.33, 0.29}, {0.3, 0.32, 0.28}}));
  const GainAnalysis& gain = analysis.gain;
  EXPECT_EQ(gain.best, PointIndex{0});
  EXPECT_NEAR(gain.pages_worse, 0.75, 1e-12);
  EXPECT_EQ(gain.left_out[0].winner, PointIndex{1});
  EXPECT_NEAR(gain.left_out[0].gain, -0.05, 1e-12);
  EXPECT_NEAR(gain.same_winner, 0.75, 1e-12);
  EXPECT_LT(gain.left_out_gain->value, 0);
  EXPECT_TRUE(gain.gain.interval.covers_zero());
  EXPECT_FALSE(gain.sure());
}

TEST(Gain, OnePageIsNeverSure) {
  const Analysis analysis = analysed(from_cer({{0.9, 0.1}}));
  EXPECT_EQ(analysis.gain.best, PointIndex{0});
  EXPECT_TRUE(analysis.gain.gain.interval.covers_zero());
  EXPECT_FALSE(analysis.gain.sure());
}

TEST(Gain, NothingReadIsNoError) {
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  const auto sample = sample_of(pipeline, design_points(pipeline, {}, 0, 4), {true, true}, {}, "cer");
  const Analysis analysis = analysed(sample);
  EXPECT_EQ(analysis.gain.pages, 0u);
  EXPECT_EQ(analysis.coverage.missing, 10u);
  EXPECT_TRUE(analysis.portfolio.steps.empty());
  EXPECT_TRUE(analysis.advice.empty());
}

TEST(Portfolio, TakesSettingsThatHelpDifferentPagesAndReachesTheOptimum) {
  // Point 0 helps odd pages, point 1 even ones, each ruins the others; three pages of each kind.
  std::vector<std::vector<double>> cer;
  for (int page = 0; page < 6; ++page) {
    cer.push_back(page % 2 ? std::vector<double>{0.4, 0.1, 0.8, 0.5} : std::vector<double>{0.4, 0.8, 0.1, 0.5});
  }
  const PortfolioAnalysis portfolio = analysed(from_cer(cer)).portfolio;
  EXPECT_EQ(portfolio.pages, 6u);
  EXPECT_EQ(portfolio.candidates, 4u);
  EXPECT_NEAR(portfolio.untouched, 0.6, 1e-12);
  EXPECT_NEAR(portfolio.optimum, 0.9, 1e-12);
  EXPECT_NEAR(*portfolio.optimum_cer, 0.1, 1e-12);
  // One setting: the untouched page is safest. Then those that help join; what reads nothing better stays out.
  ASSERT_EQ(portfolio.steps.size(), 3u);
  EXPECT_EQ(portfolio.steps[0].added, baseline_point);
  EXPECT_EQ(portfolio.steps[2].pages_read, (std::vector<std::uint32_t>{0, 3, 3}));
  EXPECT_NEAR(portfolio.steps[2].value, 0.9, 1e-12);
  EXPECT_NEAR(portfolio.steps[2].left_out, 0.9, 1e-12);
  EXPECT_NEAR(*portfolio.steps[2].closed, 1, 1e-9);
  EXPECT_NEAR(*portfolio.steps[2].left_out_cer, 0.1, 1e-12);
  EXPECT_EQ(portfolio.recommended, 3u);
}

TEST(Portfolio, TakesPlainGoodSettingsWhenGreedyOnesDoNotCarryOver) {
  // Points 0 and 1 read all pages well, each half of them a little better. Point 2 + p reads page p without a fault and
  // the next page with great confidence wrongly: whoever has not seen that page takes it.
  constexpr std::uint32_t pages = 6;
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < pages; ++page) {
    evaluations.push_back(reading_of(page, baseline_point, 50, 100, 0.5));
    evaluations.push_back(reading_of(page, PointIndex{0}, page % 2 ? 80 : 85, 100, page % 2 ? 0.30 : 0.25));
    evaluations.push_back(reading_of(page, PointIndex{1}, page % 2 ? 85 : 80, 100, page % 2 ? 0.25 : 0.30));
    for (std::uint32_t p = 0; p < pages; ++p) {
      const bool fluke = p == page, wrong = (p + 1) % pages == page;
      evaluations.push_back(reading_of(page, PointIndex{2 + p}, fluke || wrong ? 95 : 10, 100,
                                       fluke   ? 0.0
                                       : wrong ? 0.9
                                               : 0.6));
    }
  }
  const auto sample =
      sample_of(pipeline, design_points(pipeline, {}, 0, 8), std::vector<bool>(pages, true), evaluations, "cer");
  const PortfolioAnalysis portfolio = analysed(sample).portfolio;
  EXPECT_EQ(portfolio.method, PortfolioMethod::highest);
  ASSERT_EQ(portfolio.recommended, 2u);
  EXPECT_EQ(portfolio.steps[0].added, PointIndex{0});
  EXPECT_EQ(portfolio.steps[1].added, PointIndex{1});
  EXPECT_NEAR(portfolio.steps[1].left_out, 0.75, 1e-12);
  ASSERT_EQ(portfolio.steps.size(), 5u);
}

TEST(Portfolio, TheHighestSettingsAreDifferentOnes) {
  // Points 0 to 2 read alike on every page: a portfolio needs one of them.
  std::vector<std::vector<double>> cer;
  for (int page = 0; page < 4; ++page) cer.push_back({0.5, 0.2, 0.2, 0.2, 0.3});
  const PortfolioAnalysis portfolio = analysed(from_cer(cer)).portfolio;
  EXPECT_EQ(portfolio.method, PortfolioMethod::greedy) << "of equals";
  EXPECT_EQ(portfolio.steps.size(), 1u);
  EXPECT_EQ(portfolio.recommended, 1u);
}

TEST(Portfolio, ASettingThatHelpsOnePageAloneIsJudgedWithoutIt) {
  const PortfolioAnalysis portfolio = analysed(from_cer({{0.9, 0.1}, {0.3, 0.35}, {0.3, 0.35}, {0.3, 0.35}})).portfolio;
  // In sample point 0 looks good; the page that it helps is read untouched when it is left out.
  EXPECT_EQ(portfolio.steps[0].added, PointIndex{0});
  EXPECT_NEAR(portfolio.steps[0].value, 1 - 1.15 / 4, 1e-12);
  EXPECT_LT(portfolio.steps[0].left_out, portfolio.untouched);
  // Beside the untouched page it does no harm: its own page is read by it, the others untouched.
  EXPECT_EQ(portfolio.method, PortfolioMethod::highest);
  EXPECT_EQ(portfolio.recommended, 2u);
  EXPECT_EQ(portfolio.steps[1].added, baseline_point);
  EXPECT_NEAR(portfolio.steps[1].left_out, 1 - (0.1 + 3 * 0.3) / 4, 1e-12);
}

TEST(Portfolio, TheReadingIsKeptByYieldAmongThePortfoliosOwnNotByConfidence) {
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < 3; ++page) {
    evaluations.push_back(reading_of(page, baseline_point, 70, 1000, 0.5));
    evaluations.push_back(reading_of(page, PointIndex{0}, 85, 1000, 0.2));
    evaluations.push_back(reading_of(page, PointIndex{1}, 99, 60, 0.94));  // a few sure words
  }
  const auto sample = sample_of(pipeline, design_points(pipeline, {}, 0, 2), {true, true, true}, evaluations, "cer");
  const PortfolioAnalysis portfolio = analysed(sample).portfolio;
  EXPECT_EQ(portfolio.steps[0].added, PointIndex{0});
  EXPECT_NEAR(portfolio.steps.back().value, 0.8, 1e-12);
}

TEST(Portfolio, PointsThatMissAPageAreNoCandidates) {
  const PipelineSpec pipeline = uniform_pipeline(2, 0, 1);
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < 3; ++page) {
    evaluations.push_back(reading_of(page, baseline_point, 70, 100, 0.5));
    evaluations.push_back(reading_of(page, PointIndex{0}, 80, 100, 0.3));
    if (page > 0) evaluations.push_back(reading_of(page, PointIndex{1}, 99, 100, 0));
  }
  const auto sample = sample_of(pipeline, design_points(pipeline, {}, 0, 2), {true, true, true}, evaluations, "cer");
  const PortfolioAnalysis portfolio = analysed(sample).portfolio;
  EXPECT_EQ(portfolio.candidates, 2u);
  EXPECT_NEAR(portfolio.optimum, 0.7, 1e-12);
}

TEST(ScoreAgreement, KendallsTauCountsPairsAndTies) {
  EXPECT_NEAR(*kendall_tau({1, 2, 3, 4}, {1, 2, 3, 4}), 1, 1e-12);
  EXPECT_NEAR(*kendall_tau({1, 2, 3, 4}, {4, 3, 2, 1}), -1, 1e-12);
  EXPECT_NEAR(*kendall_tau({1, 2, 3, 4}, {1, 3, 2, 4}), 4.0 / 6, 1e-12);
  // By hand: 10 pairs, one tied in a, one in b, 7 concordant, 1 discordant.
  EXPECT_NEAR(*kendall_tau({1, 1, 2, 3, 4}, {1, 2, 3, 5, 3}), (7.0 - 1.0) / 9, 1e-12);
  EXPECT_FALSE(kendall_tau({1, 1, 1}, {1, 2, 3}).has_value());
}

TEST(ScoreAgreement, AgreesWithCountingAllPairs) {
  SeededNumbers numbers(7);
  std::vector<double> a, b;
  for (int i = 0; i < 300; ++i) {
    a.push_back(static_cast<double>(numbers.below(40)));
    b.push_back(static_cast<double>(numbers.below(25)) + a.back() / 3);
  }
  double net = 0, free_a = 0, free_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int in_a = (a[i] > a[j]) - (a[i] < a[j]), in_b = (b[i] > b[j]) - (b[i] < b[j]);
      net += in_a * in_b;
      free_a += in_a != 0;
      free_b += in_b != 0;
    }
  }
  EXPECT_NEAR(*kendall_tau(a, b), net / std::sqrt(free_a * free_b), 1e-12);
}

TEST(ScoreAgreement, TellsWhatEachScoreWouldChoose) {
  const Analysis analysis = analysed(from_cer({{0.5, 0.4, 0.45}, {0.3, 0.2, 0.35}, {0.9, 0.7, 0.8}}));
  const auto found = std::find_if(analysis.agreement.begin(), analysis.agreement.end(), [](const ScoreAgreement& row) {
    return row.score == Score::confidence && row.by == Score::cer;
  });
  ASSERT_NE(found, analysis.agreement.end());
  EXPECT_NEAR(*found->within_page, 1, 1e-12);
  EXPECT_NEAR(*found->over_set, 1, 1e-12);
  EXPECT_NEAR(*found->chosen, 1.3 / 3, 1e-12);
  EXPECT_NEAR(*found->best, 1.3 / 3, 1e-12);
  EXPECT_NEAR(*found->best_per_page, 1.3 / 3, 1e-12);
}

TEST(Resampling, DrawsEveryItemEquallyOftenAndTheSameOnEveryRun) {
  const auto draws = bootstrap_draws(50, 400, 3);
  std::vector<double> totals(50, 0);
  for (const Multiplicities& draw : draws) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      size += draw[i];
      totals[i] += draw[i];
    }
    EXPECT_EQ(size, 50u);
  }
  for (const double total : totals) EXPECT_NEAR(total, 400, 100);
  EXPECT_EQ(bootstrap_draws(50, 400, 3), draws);
  // Published first outputs of SplitMix64 for seed 0.
  SeededNumbers numbers(0);
  EXPECT_EQ(numbers.next(), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(numbers.next(), 0x6E789E6AA1B965F4ULL);
}

TEST(Resampling, TheIntervalOfAMeanCoversItAsOftenAsItSays) {
  SeededNumbers numbers(11);
  const auto uniform = [&] { return static_cast<double>(numbers.next() >> 11) * 0x1p-53; };
  int covered = 0;
  constexpr int trials = 300;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> items;
    for (int i = 0; i < 40; ++i) items.push_back(uniform());
    const Estimate estimate = mean_estimate(items, static_cast<std::uint64_t>(trial));
    covered += estimate.interval.low <= 0.5 && estimate.interval.high >= 0.5;
  }
  EXPECT_GT(covered, trials * 88 / 100);
}

}  // namespace
}  // namespace ocrs
