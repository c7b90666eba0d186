#include "worker/core/memory_need.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t a4 = 8'000'000;

TEST(MemoryNeed, IsTheAssumptionUntilEnoughEvaluationsSaidLess) {
  MemoryNeed need(a4, 400 * mib);
  EXPECT_EQ(need.slot_bytes(), 400 * mib);
  need.learn({a4, 200 * mib, true, MemoryNeed::evaluations_wanted - 1});
  EXPECT_FALSE(need.is_measured());
  EXPECT_EQ(need.slot_bytes(), 400 * mib) << "the setting that needs most may still come";
  need.learn({a4, 200 * mib, false, 1});
  EXPECT_TRUE(need.is_measured());
  EXPECT_EQ(need.slot_bytes(), 250 * mib) << "a quarter more than seen";
}

TEST(MemoryNeed, MoreThanAssumedCountsAtOnceAndIsNotForgotten) {
  MemoryNeed need(a4, 400 * mib);
  need.learn({a4, 800 * mib, true, 1});
  EXPECT_EQ(need.slot_bytes(), 1000 * mib);
  need.learn({a4, 200 * mib, true, 100});
  EXPECT_EQ(need.slot_bytes(), 1000 * mib);
}

TEST(MemoryNeed, ScalesASmallerPagesOwnPeakButNotItsFixedPart) {
  MemoryNeed need(a4, 100 * mib);
  need.learn({a4 / 2, 220 * mib, true, 1});
  EXPECT_EQ(need.slot_bytes(), 400 * mib) << "120 fixed + 2 x 100, and a quarter";
}

TEST(MemoryNeed, APeakLeftByAnEarlierPageIsNotScaled) {
  MemoryNeed need(a4, 100 * mib);
  need.learn({a4 / 2, 400 * mib, false, 1});
  EXPECT_EQ(need.slot_bytes(), 500 * mib);
}

TEST(MemoryNeed, PagesMuchSmallerThanTheLargestTellNothing) {
  MemoryNeed need(a4, 400 * mib);
  need.learn({a4 / 2 - 1, 900 * mib, true, 100});
  need.learn({a4, 0, false, 100});
  EXPECT_FALSE(need.is_measured());
  EXPECT_EQ(need.slot_bytes(), 400 * mib);
}

TEST(MemoryNeed, WithoutSizesOfPagesNothingIsLearnt) {
  MemoryNeed need(0, 400 * mib);
  need.learn({a4, 900 * mib, true, 100});
  EXPECT_EQ(need.slot_bytes(), 400 * mib);
}

}  // namespace
}  // namespace ocrs
