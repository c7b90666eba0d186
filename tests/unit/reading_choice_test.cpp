// The choice among a portfolio's readings, by hand-worked numbers.
#include "coordinator/core/reading_choice.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

TEST(ReadingChoice, KeepsTheHighestConfidenceAmongReadingsOfEqualLength) {
  const auto choice = choose_reading({{{80, 500}}, {{91, 500}}, {{85, 500}}});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 1U);
  EXPECT_EQ(choice->text_yield, 91);
}

TEST(ReadingChoice, IsNotTakenInByAFewSureCharacters) {
  // The median is 500: 95 · 50/500 = 9.5 against 80 and 78.
  const auto choice = choose_reading({{{95, 50}}, {{80, 500}}, {{78, 600}}});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 1U);
  EXPECT_EQ(choice->text_yield, 80);
}

TEST(ReadingChoice, TakesTheEarlierOfEqualOnes) {
  EXPECT_EQ(choose_reading({std::nullopt, {{80, 500}}, {{80, 500}}})->setting, 1U);
}

TEST(ReadingChoice, ComparesOnlyWhatWasRead) {
  // Of the two readings the median is 300: 60 · 100/300 = 20 against 90.
  const auto choice = choose_reading({{{60, 100}}, std::nullopt, {{90, 500}}});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 2U);
  EXPECT_FALSE(choose_reading({std::nullopt, std::nullopt}));
}

TEST(ReadingChoice, ABlankPageHasAReadingToo) {
  const auto choice = choose_reading({{{0, 0}}, {{0, 0}}});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 0U);
}

}  // namespace
}  // namespace ocrs
