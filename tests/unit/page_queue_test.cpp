#include "coordinator/core/page_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "coordinator/core/batcher.hpp"

namespace ocrs {
namespace {

using Positions = std::vector<std::uint32_t>;

PageQueue full_queue(std::uint32_t positions) {
  PageQueue queue(positions);
  for (std::uint32_t i = 0; i < positions; ++i) queue.add(i);
  return queue;
}

TEST(PositionSet, RanksAndSelectsAsASortedSetDoes) {
  std::mt19937 random(3);
  PositionSet tested;
  std::set<std::uint32_t> known;
  for (const std::uint32_t size : {1U, 63U, 64U, 65U, 1000U, 4097U}) {
    tested.resize(size);
    for (int step = 0; step < 2000; ++step) {
      const std::uint32_t position = random() % size;
      if (random() % 3 == 0) {
        EXPECT_EQ(tested.erase(position), known.erase(position) == 1);
      } else {
        EXPECT_EQ(tested.insert(position), known.insert(position).second);
      }
      const std::uint32_t asked = random() % (size + 2);
      ASSERT_EQ(tested.rank(asked), std::distance(known.begin(), known.lower_bound(asked)));
      ASSERT_EQ(tested.contains(asked), known.contains(asked));
    }
    ASSERT_EQ(tested.size(), known.size());
    std::uint32_t rank = 0;
    for (const std::uint32_t position : known) ASSERT_EQ(tested.select(rank++), position);
  }
}

TEST(PageQueue, GivesALaneNeighboursInScheduleOrder) {
  PageQueue queue = full_queue(10);
  EXPECT_EQ(queue.take({0, 0}, 3), (Positions{0, 1, 2}));
  EXPECT_EQ(queue.take({0, 0}, 3), (Positions{3, 4, 5}));
  EXPECT_EQ(queue.take({0, 0}, 30), (Positions{6, 7, 8, 9}));
  EXPECT_TRUE(queue.take({0, 0}, 1).empty());
}

TEST(PageQueue, GivesAJoiningLaneTheBackHalfOfWhatIsLeft) {
  PageQueue queue = full_queue(100);
  EXPECT_EQ(queue.take({0, 0}, 20).size(), 20U);
  EXPECT_EQ(queue.take({1, 0}, 3), (Positions{60, 61, 62}));
  EXPECT_EQ(queue.take({0, 0}, 2), (Positions{20, 21}));
  // The first lane goes on to the border of its stretch, then helps with the other's.
  EXPECT_EQ(queue.take({0, 0}, 50).back(), 59U);
  EXPECT_EQ(queue.take({0, 0}, 2), (Positions{82, 83}));
}

TEST(PageQueue, GivesALostLanesStretchToTheNextAsAWhole) {
  PageQueue queue = full_queue(100);
  static_cast<void>(queue.take({0, 0}, 10));
  static_cast<void>(queue.take({1, 0}, 10));
  queue.release({0, 0});
  EXPECT_EQ(queue.take({2, 0}, 2), (Positions{10, 11}));
  EXPECT_EQ(queue.inconsistency(), std::nullopt);
}

TEST(PageQueue, KeepsItsOrderUnderRandomUse) {
  std::mt19937 random(11);
  PageQueue queue;
  std::set<std::uint32_t> waiting, out;
  std::uint32_t size = 0;
  for (int step = 0; step < 20'000; ++step) {
    const LaneKey lane{static_cast<std::uint32_t>(random() % 7), static_cast<std::uint32_t>(random() % 2)};
    switch (random() % 8) {
      case 0:
        if (step % 50 == 0) {
          const std::uint32_t more = random() % 40;
          queue.extend(size + more);
          for (std::uint32_t i = 0; i < more; ++i) {
            queue.add(size + i);
            waiting.insert(size + i);
          }
          size += more;
        }
        break;
      case 1:
        queue.release(lane);
        break;
      case 2:
      case 3:
        if (!out.empty()) {
          const std::uint32_t back = *std::next(out.begin(), random() % out.size());
          out.erase(back);
          queue.add(back);
          waiting.insert(back);
        }
        break;
      case 4:
        if (!waiting.empty()) {
          const std::uint32_t gone = *std::next(waiting.begin(), random() % waiting.size());
          waiting.erase(gone);
          queue.remove(gone);
          out.insert(gone);
        }
        break;
      default: {
        const std::uint32_t count = 1 + random() % 5;
        const Positions taken = queue.take(lane, count);
        ASSERT_EQ(taken.empty(), waiting.empty());
        ASSERT_LE(taken.size(), count);
        ASSERT_TRUE(std::is_sorted(taken.begin(), taken.end()));
        for (const std::uint32_t position : taken) {
          ASSERT_EQ(waiting.erase(position), 1U) << "handed out and not waiting";
          out.insert(position);
        }
      }
    }
    ASSERT_EQ(queue.waiting(), waiting.size());
    ASSERT_EQ(queue.inconsistency(), std::nullopt);
  }
}

Batcher full_batcher(std::uint32_t pages, std::uint32_t positions) {
  Batcher batcher(pages, positions);
  for (std::uint32_t page = 0; page < pages; ++page) {
    for (std::uint32_t position = 0; position < positions; ++position) batcher.add({page, position});
  }
  return batcher;
}

TEST(Batcher, KeepsALaneOnItsPageUntilNothingOfItWaits) {
  Batcher batcher = full_batcher(3, 10);
  const LaneKey lane{0, 0};
  EXPECT_EQ(batcher.choose_page(lane), 0U);
  static_cast<void>(batcher.take(lane, 9));
  EXPECT_EQ(batcher.choose_page(lane), 0U) << "one evaluation is left there, though other pages have more";
  static_cast<void>(batcher.take(lane, 9));
  EXPECT_EQ(batcher.choose_page(lane), 1U);
}

TEST(Batcher, SendsLanesToPagesNobodyHoldsBeforeTheyShareOne) {
  Batcher batcher = full_batcher(3, 10);
  EXPECT_EQ(batcher.choose_page({0, 0}), 0U);
  EXPECT_EQ(batcher.choose_page({0, 1}), 1U);
  EXPECT_EQ(batcher.choose_page({1, 0}), 2U);
  static_cast<void>(batcher.take({0, 0}, 5));
  EXPECT_EQ(batcher.choose_page({1, 1}), 1U) << "of equally held pages the one with most waiting, then the first";
}

TEST(Batcher, GivesNothingOfASuspendedPage) {
  Batcher batcher = full_batcher(1, 4);
  EXPECT_EQ(batcher.available(), 4U);
  batcher.suspend(0, true);
  EXPECT_EQ(batcher.available(), 0U);
  EXPECT_EQ(batcher.choose_page({0, 0}), std::nullopt);
  batcher.suspend(0, false);
  EXPECT_EQ(batcher.choose_page({0, 0}), 0U);
  EXPECT_EQ(batcher.inconsistency(), std::nullopt);
}

}  // namespace
}  // namespace ocrs
