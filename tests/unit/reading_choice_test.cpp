// The choice among a portfolio's readings, by hand-worked numbers.
#include "coordinator/core/reading_choice.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace ocrs {
namespace {

TEST(ReadingChoice, KeepsTheHighestConfidenceAmongReadingsOfEqualLength) {
  const auto choice = choose_reading({{{80, 500}}, {{91, 500}}, {{85, 500}}}, KeepRule::text_yield);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 1U);
  EXPECT_EQ(choice->text_yield, 91);
}

TEST(ReadingChoice, IsNotTakenInByAFewSureCharacters) {
  // The median is 500: 95 · 50/500 = 9.5 against 80 and 78.
  const auto choice = choose_reading({{{95, 50}}, {{80, 500}}, {{78, 600}}}, KeepRule::text_yield);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 1U);
  EXPECT_EQ(choice->text_yield, 80);
}

TEST(ReadingChoice, TakesTheEarlierOfEqualOnes) {
  EXPECT_EQ(choose_reading({std::nullopt, {{80, 500}}, {{80, 500}}}, KeepRule::text_yield)->setting, 1U);
}

TEST(ReadingChoice, ComparesOnlyWhatWasRead) {
  // Of the two readings the median is 300: 60 · 100/300 = 20 against 90.
  const auto choice = choose_reading({{{60, 100}}, std::nullopt, {{90, 500}}}, KeepRule::text_yield);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 2U);
  EXPECT_FALSE(choose_reading({std::nullopt, std::nullopt}, KeepRule::tolerant_yield));
}

TEST(ReadingChoice, ForgivesASureReadingTheFewCharactersThatSpecksAddedToTheOthers) {
  // The median is 540. 90 · 500/540 = 83.3 against 85, but 500 is more than 0.85 · 540 = 459.
  const std::vector<std::optional<CandidateReading>> readings = {{{90, 500}}, {{85, 540}}, {{60, 600}}};
  EXPECT_EQ(choose_reading(readings, KeepRule::text_yield)->setting, 1U);
  const auto choice = choose_reading(readings, KeepRule::tolerant_yield);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 0U);
  EXPECT_NEAR(choice->text_yield, 90.0 * 500 / 540, 1e-12) << "the score told is the page's, not the rule's";
}

TEST(ReadingChoice, ToleranceDoesNotForgiveLostText) {
  // 0.85 · 500 = 425: 95 · 250/425 = 55.9 against 80.
  EXPECT_EQ(choose_reading({{{95, 250}}, {{80, 500}}, {{70, 510}}}, KeepRule::tolerant_yield)->setting, 1U);
}

TEST(ReadingChoice, ABlankPageHasAReadingToo) {
  const auto choice = choose_reading({{{0, 0}}, {{0, 0}}}, KeepRule::text_yield);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->setting, 0U);
}

}  // namespace
}  // namespace ocrs
