#include "coordinator/io/progress.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

using namespace std::chrono_literals;

TEST(ProgressText, SaysHowFarHowFastAndWhatIsBest) {
  ProgressNumbers numbers{.total = 200, .finished = 50, .failed = 2, .missing = 1, .workers = 3, .lanes = 6};
  numbers.per_second = 2.5;
  numbers.remaining = 60s;
  numbers.best = "point 17";
  EXPECT_EQ(progress_text(numbers, 0),
            "50/200 evaluations (25 %), 2.5/s, ETA 1 min 00 s, 2 failed, 1 missing, 3 workers, best so far: point 17");
}

TEST(ProgressText, FitsTheTerminalByLeavingTheBestPointOut) {
  ProgressNumbers numbers{.total = 10, .finished = 10, .best = "point 3, confidence better by 4 (9 of 9 pages)"};
  EXPECT_EQ(progress_text(numbers, 40), "10/10 evaluations (100 %)");
  EXPECT_EQ(progress_text(numbers, 12), "10/10 evalua");
}

TEST(ProgressText, NeverRoundsUpToAHundredPercent) {
  EXPECT_EQ(progress_text({.total = 1000, .finished = 999}, 0), "999/1000 evaluations (99 %)");
}

TEST(DurationText, ReadsAsAPersonWouldSayIt) {
  EXPECT_EQ(duration_text(9s), "9 s");
  EXPECT_EQ(duration_text(245s), "4 min 05 s");
  EXPECT_EQ(duration_text(3h + 12min + 40s), "3 h 12 min");
  EXPECT_EQ(duration_text(-5s), "0 s");
}

TEST(RateMeter, CountsOverTheLastMinutesOnly) {
  RateMeter rate;
  EXPECT_EQ(rate.per_second(), 0);
  // Ten a second for ten minutes, then one a second for four.
  std::uint64_t finished = 0;
  for (int s = 0; s < 600; ++s) rate.add(RateMeter::Time{std::chrono::seconds{s}}, finished += 10);
  EXPECT_DOUBLE_EQ(rate.per_second(), 10);
  for (int s = 600; s < 840; ++s) rate.add(RateMeter::Time{std::chrono::seconds{s}}, finished += 1);
  EXPECT_DOUBLE_EQ(rate.per_second(), 1);
}

}  // namespace
}  // namespace ocrs
