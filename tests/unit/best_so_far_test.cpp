#include "coordinator/core/best_so_far.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

StoredEvaluation read_with(std::uint32_t page, std::int64_t point, double confidence) {
  StoredEvaluation stored;
  stored.result.id = {PageIndex{page}, PointIndex{point}};
  stored.result.scores.confidence = confidence;
  return stored;
}

std::optional<BestSoFar> best_of(const std::vector<StoredEvaluation>& evaluations) {
  const ScoreTable table(std::vector<bool>(4, false), 3, evaluations);
  return best_so_far(table, {"confidence", {{Score::confidence, 1.0}}});
}

TEST(BestSoFar, IsUnknownUntilAPageHasItsBaselineAndAPoint) {
  EXPECT_FALSE(best_of({}));
  EXPECT_FALSE(best_of({read_with(0, -1, 70)}));
  EXPECT_FALSE(best_of({read_with(0, -1, 70), read_with(1, 0, 90)}));
}

TEST(BestSoFar, ComparesOnThePagesBothWereReadOn) {
  const auto best = best_of({read_with(0, -1, 70), read_with(0, 1, 75), read_with(1, -1, 50), read_with(1, 1, 51),
                             read_with(0, 0, 72), read_with(1, 0, 49)});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->point.value, 1);
  EXPECT_EQ(best->pages, 2u);
  EXPECT_DOUBLE_EQ(best->gain, 3.0);
}

TEST(BestSoFar, DoesNotTrustAPointOnFewOfThePagesOthersCover) {
  std::vector<StoredEvaluation> evaluations;
  for (std::uint32_t page = 0; page < 4; ++page) {
    evaluations.push_back(read_with(page, -1, 60));
    evaluations.push_back(read_with(page, 0, 61));
  }
  evaluations.push_back(read_with(0, 1, 99));
  const auto best = best_of(evaluations);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->point.value, 0);
}

TEST(BestSoFar, SaysThatNothingBeatsTheUntouchedPages) {
  const auto best = best_of({read_with(0, -1, 70), read_with(0, 1, 65), read_with(0, 2, 70)});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->point, baseline_point);
}

}  // namespace
}  // namespace ocrs
