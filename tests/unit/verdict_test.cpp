// The verdict's cases and what the best settings share, by hand-worked numbers.
#include "coordinator/core/verdict.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/best_share.hpp"
#include "coordinator/core/gain.hpp"
#include "tests/support/analysis_samples.hpp"

namespace ocrs {
namespace {

/// `cer[point + 1][page]`, the untouched pages first.
Verdict verdict_on(const std::vector<std::vector<double>>& cer) {
  std::vector<StoredEvaluation> all;
  for (std::size_t row = 0; row < cer.size(); ++row) {
    for (std::size_t page = 0; page < cer[row].size(); ++page) {
      const PointIndex point{static_cast<std::int64_t>(row) - 1};
      if (cer[row][page] >= 0) {
        all.push_back(test::reading_of(static_cast<std::uint32_t>(page), point, 50, 100, cer[row][page]));
      }
    }
  }
  const std::vector<bool> truth(cer.front().size(), true);
  const ScoreTable table(truth, static_cast<std::uint32_t>(cer.size() - 1), all);
  const Ranking ranking = rank_points(table, *ranking_objective({{{"cer", 1.0}}}, truth));
  return verdict_of(ranking, analyse_gain(table, ranking));
}

TEST(Verdict, IsSureWhenEveryPageIsRepaired) {
  EXPECT_EQ(verdict_on({{0.4, 0.5, 0.3, 0.4}, {0.1, 0.1, 0.05, 0.08}, {0.5, 0.5, 0.5, 0.5}}), Verdict::sure);
}

TEST(Verdict, IsNotSureWhenOnePageGivesTheWholeGain) {
  EXPECT_EQ(verdict_on({{0.2, 0.02, 0.02, 0.02}, {0.0, 0.03, 0.03, 0.03}, {0.3, 0.3, 0.3, 0.3}}), Verdict::unsure);
}

TEST(Verdict, LetsTheUntouchedPagesWin) {
  EXPECT_EQ(verdict_on({{0.1, 0.1, 0.1}, {0.2, 0.2, 0.2}}), Verdict::untouched);
}

TEST(Verdict, SaysThatOnePageIsOnlyOne) { EXPECT_EQ(verdict_on({{0.4}, {0.1}}), Verdict::one_page); }

TEST(Verdict, KnowsNoBestBeforeASettingWasReadEverywhere) {
  EXPECT_EQ(verdict_on({{0.4, -1}, {-1, 0.1}}), Verdict::no_best);
}

TEST(BestShare, CountsChancesAsAnUrnDoes) {
  // Two marked of four, two drawn: both marked in one of six draws, at least one in five of six.
  EXPECT_NEAR(chance_of(2, 2, 2, 4), 1.0 / 6, 1e-12);
  EXPECT_NEAR(chance_of(1, 2, 2, 4), 5.0 / 6, 1e-12);
  EXPECT_NEAR(chance_of(0, 2, 2, 4), 1.0, 1e-12);
}

/// Settings of two switched stages; `objective(first on, second on, point)` on one page.
template <class Model>
BestShare share_of(std::uint32_t points, const Model& model) {
  const PipelineSpec pipeline{.name = "custom",
                              .stages = {test::switched_stage("first", 0.5), test::switched_stage("second", 0.5)}};
  const auto sample = test::modelled(pipeline, points, [&](const std::vector<FactorValue>& values) {
    return model(to_text(values[0]) == "on", to_text(values[1]) == "on");
  });
  return best_share(sample.pipeline, sample.points, sample.ranking);
}

TEST(BestShare, NamesTheOptionThatAllOfTheBestHave) {
  std::size_t place = 0;
  const BestShare share = share_of(64, [&](bool first, bool) {
    return 50 + 20 * first + 0.01 * static_cast<double>(place++);  // no ties
  });
  EXPECT_EQ(share.settings, 64U);
  EXPECT_EQ(share.best, 6U);
  ASSERT_EQ(share.options.size(), 1U);
  EXPECT_EQ(share.options[0].stage, 0U);
  EXPECT_EQ(share.options[0].option, "on");
  EXPECT_EQ(share.options[0].among_best, 6U);
  EXPECT_LT(share.options[0].p, share_error);
}

TEST(BestShare, IsSilentWhenTheBestAreHalfOfAll) {
  const BestShare share = share_of(64, [](bool, bool) { return 50.0; });
  EXPECT_TRUE(share.options.empty());
  EXPECT_TRUE(share_of(4, [](bool first, bool) { return first ? 1.0 : 0.0; }).options.empty()) << "too few to say";
}

}  // namespace
}  // namespace ocrs
