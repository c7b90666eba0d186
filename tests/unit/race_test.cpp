#include "coordinator/core/race.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "coordinator/core/resampling.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::evaluation;
using test::sample_settings;
using test::SchedulerBench;

std::vector<PageTraits> numbered_pages(std::size_t count) {
  std::vector<PageTraits> pages;
  for (std::size_t i = 0; i < count; ++i) {
    pages.push_back({1e6 * static_cast<double>(i % 5 + 1), static_cast<double>(i * 7 % 11), static_cast<double>(i % 3),
                     "page" + std::to_string(i)});
  }
  return pages;
}

/// Cer of a point on a page: the page's own difficulty, the point's own quality, and chance.
double cer_of(std::uint32_t page, std::int64_t point, std::uint64_t seed) {
  SeededNumbers numbers(seed * 1000003 + page * 4099 + static_cast<std::uint64_t>(point + 1));
  const double chance = static_cast<double>(numbers.below(1000)) / 1000 - 0.5;
  return 0.3 + 0.02 * (page % 7) + 0.002 * static_cast<double>((point + 1) * 37 % 64) + 0.04 * chance;
}

StoredEvaluation stored(std::uint32_t page, std::int64_t point, EvaluationStatus status, double cer = 0) {
  StoredEvaluation row;
  row.status = status;
  row.result.id = evaluation(page, point);
  row.result.attempt = Attempt{1};
  row.result.scores.cer = cer;
  row.result.scores.characters = 100;
  return row;
}

RankingObjective by_cer(std::size_t pages) {
  return *ranking_objective({{{"cer", 1.0}}}, std::vector<bool>(pages, true));
}

/// Runs a race to its end in memory; returns all its rows.
std::vector<StoredEvaluation> run_race(Race& race, std::uint32_t pages, std::uint32_t points, std::uint64_t seed,
                                       std::vector<StoredEvaluation> rows = {}, int steps = 1000) {
  std::set<EvaluationId> known;
  for (const StoredEvaluation& row : rows) known.insert(row.result.id);
  const auto add = [&](StoredEvaluation row) {
    if (known.insert(row.result.id).second) rows.push_back(std::move(row));
  };
  while (true) {
    for (const PageIndex page : race.open_pages()) {
      for (std::int64_t point = -1; point < points; ++point) {
        if (point >= 0 && !race.racing()[static_cast<std::size_t>(point)]) continue;
        add(stored(page.value, point, EvaluationStatus::done, cer_of(page.value, point, seed)));
      }
    }
    if (race.is_over() || steps-- == 0) return rows;
    const ScoreTable table(std::vector<bool>(pages, true), points, rows);
    const auto held = race.held_pages();
    const Race::Step step = race.advance(table, by_cer(pages));
    for (const PointIndex point : step.dropped) {
      for (const PageIndex page : held) add(stored(page.value, point.value, EvaluationStatus::dropped));
    }
  }
}

TEST(Race, OpensPagesInStretchesAndKeepsHalf) {
  Race race({4, 0.5}, numbered_pages(24), 256, 42);
  EXPECT_EQ(race.open_pages().size(), 4U);
  EXPECT_EQ(race.held_pages().size(), 20U);
  std::vector<std::size_t> open = {4}, racing;
  std::vector<StoredEvaluation> rows = run_race(race, 24, 256, 1);
  EXPECT_TRUE(race.is_over());
  std::set<std::uint32_t> pages;
  for (const PageIndex page : race.open_pages()) pages.insert(page.value);
  EXPECT_EQ(pages.size(), 24U) << "every page once";
  std::size_t done = 0, dropped = 0;
  for (const StoredEvaluation& row : rows) {
    (row.status == EvaluationStatus::dropped ? dropped : done) += row.result.id.point != baseline_point;
  }
  EXPECT_EQ(done + dropped, 24U * 256U) << "each evaluation is run or dropped, none is forgotten";
  // 256 points on 4 pages, 128 on 2 more, 64 on 3, 32 on 4, 16 on 6, 8 on the last 5.
  EXPECT_EQ(done, 256U * 4 + 128 * 2 + 64 * 3 + 32 * 4 + 16 * 6 + 8 * 5);
  EXPECT_NEAR(race_share({4, 0.5}, 24, 256), static_cast<double>(done) / (24 * 256), 1e-12);
}

TEST(Race, KeepsEnoughForAPortfolioAndCanBeShort) {
  EXPECT_EQ(next_race_pages(4, 24), 6U);
  EXPECT_EQ(next_race_pages(1, 24), 2U);
  EXPECT_EQ(next_race_pages(20, 24), 24U);
  Race few({4, 0.1}, numbered_pages(8), 16, 1);
  run_race(few, 8, 16, 3);
  EXPECT_EQ(std::count(few.racing().begin(), few.racing().end(), true), race_survivors_min);
  EXPECT_TRUE(Race({4, 0.5}, numbered_pages(3), 16, 1).is_over()) << "nothing to hold back";
  EXPECT_DOUBLE_EQ(race_share({4, 0.5}, 3, 16), 1);
}

TEST(Race, DropsNoneThatIsBetterOnTheOpenPages) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Race race({4, 0.5}, numbered_pages(12), 64, seed);
    std::vector<StoredEvaluation> rows;
    for (const PageIndex page : race.open_pages()) {
      for (std::int64_t point = -1; point < 64; ++point) {
        rows.push_back(stored(page.value, point, EvaluationStatus::done, cer_of(page.value, point, seed)));
      }
    }
    const auto pages = race.open_pages();
    const ScoreTable table(std::vector<bool>(12, true), 64, rows);
    const Race::Step step = race.advance(table, by_cer(12));
    ASSERT_EQ(step.dropped.size(), 32U);
    const auto mean = [&](std::int64_t point) {
      double sum = 0;
      for (const PageIndex page : pages) sum += cer_of(page.value, point, seed);
      return sum;
    };
    double worst_kept = 0, best_dropped = 1e9;
    for (std::int64_t point = 0; point < 64; ++point) {
      const bool out = std::binary_search(step.dropped.begin(), step.dropped.end(), PointIndex{point});
      if (out) best_dropped = std::min(best_dropped, mean(point));
      if (!out) worst_kept = std::max(worst_kept, mean(point));
    }
    EXPECT_LE(worst_kept, best_dropped + 1e-9);
  }
}

TEST(Race, APageThatIsMissingFavoursNobody) {
  Race race({2, 0.5}, numbered_pages(4), 16, 1);
  const auto pages = race.open_pages();
  // Page 0 of the two is much harder; point 3, the best, has no result on the easy one.
  std::vector<StoredEvaluation> rows;
  for (std::int64_t point = 0; point < 16; ++point) {
    const double quality = point == 3 ? 0 : 0.1 + 0.001 * static_cast<double>(point);
    rows.push_back(stored(pages[0].value, point, EvaluationStatus::done, 0.5 + quality));
    rows.push_back(
        stored(pages[1].value, point, point == 3 ? EvaluationStatus::missing : EvaluationStatus::done, 0.1 + quality));
  }
  const ScoreTable table(std::vector<bool>(4, true), 16, rows);
  const Race::Step step = race.advance(table, by_cer(4));
  EXPECT_EQ(step.dropped.size(), 8U);
  EXPECT_FALSE(std::binary_search(step.dropped.begin(), step.dropped.end(), PointIndex{3}));
}

TEST(Race, GoesOnFromAJournalAsItWouldHaveGone) {
  Race whole({4, 0.5}, numbered_pages(12), 64, 9);
  const std::vector<StoredEvaluation> rows = run_race(whole, 12, 64, 9);
  for (std::size_t cut = 1; cut < rows.size(); cut += 7) {
    const std::vector<StoredEvaluation> before(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(cut));
    Race again({4, 0.5}, numbered_pages(12), 64, 9);
    again.restore(before);
    const std::vector<StoredEvaluation> after = run_race(again, 12, 64, 9, before);
    ASSERT_EQ(after.size(), rows.size()) << "cut after " << cut << " rows";
    std::set<EvaluationId> dropped, dropped_again;
    for (const auto& row : rows) {
      if (row.status == EvaluationStatus::dropped) dropped.insert(row.result.id);
    }
    for (const auto& row : after) {
      if (row.status == EvaluationStatus::dropped) dropped_again.insert(row.result.id);
    }
    ASSERT_EQ(dropped, dropped_again) << "cut after " << cut << " rows";
  }
}

// ---- in the scheduler ----

std::set<std::uint32_t> pages_handed_out(SchedulerBench& bench, const std::string& worker, int rounds = 200) {
  std::set<std::uint32_t> pages;
  for (int i = 0; i < rounds; ++i) {
    for (const Batch& batch : bench.take<Batch>(worker)) {
      pages.insert(batch.page.value);
      bench.finish(worker, batch);
    }
    bench.commit();
    bench.pass(1, {worker});
  }
  return pages;
}

TEST(SchedulerRace, HandsOutNothingOfAHeldPageUntilItIsOpened) {
  SchedulerSettings settings = sample_settings(3, 8);
  settings.held_pages = {PageIndex{1}, PageIndex{2}};
  SchedulerBench bench(std::move(settings));
  EXPECT_EQ(bench.scheduler->unsettled(), 9U);
  bench.join("w/1", 2, 2);
  EXPECT_EQ(pages_handed_out(bench, "w/1"), std::set<std::uint32_t>{0});
  EXPECT_EQ(bench.scheduler->unsettled(), 0U);
  EXPECT_EQ(bench.completions, 0) << "the held pages are not done";
  bench.feed(OpenPages{{PageIndex{2}}});
  EXPECT_EQ(pages_handed_out(bench, "w/1"), std::set<std::uint32_t>{2});
  bench.feed(OpenPages{{PageIndex{1}}});
  EXPECT_EQ(pages_handed_out(bench, "w/1"), std::set<std::uint32_t>{1});
  EXPECT_EQ(bench.scheduler->counts().done, 27U);
  EXPECT_EQ(bench.completions, 1);
}

TEST(SchedulerRace, WhatIsDroppedIsFinalIsNotMissingAndCanBeFilledIn) {
  SchedulerSettings settings = sample_settings(2, 8);
  settings.held_pages = {PageIndex{1}};
  SchedulerBench bench(std::move(settings));
  bench.join("w/1", 1, 2);
  pages_handed_out(bench, "w/1");
  bench.feed(DropPoints{{PointIndex{2}, PointIndex{5}}, "worse on one page"});
  bench.commit();
  EXPECT_EQ(bench.scheduler->counts().dropped, 2U) << "on the page that was not read; what is read stays";
  EXPECT_EQ(bench.view(1, 5).reason, "worse on one page");
  EXPECT_EQ(bench.view(0, 5).status, EvaluationStatus::done);
  EXPECT_EQ(bench.committed_rows.back().status, EvaluationStatus::dropped);
  bench.feed(OpenPages{{PageIndex{1}}});
  pages_handed_out(bench, "w/1");
  EXPECT_EQ(bench.completions, 1) << "complete without them";
  EXPECT_EQ(bench.scheduler->counts().missing, 0U);
  bench.feed(RetryFailed{});
  EXPECT_EQ(bench.scheduler->counts().dropped, 2U) << "they did not fail";
  bench.feed(FillDropped{});
  EXPECT_EQ(bench.reopened, (std::vector<EvaluationId>{evaluation(1, 2), evaluation(1, 5)}));
  pages_handed_out(bench, "w/1");
  EXPECT_EQ(bench.scheduler->counts().done, 18U);
  EXPECT_EQ(bench.scheduler->counts().dropped, 0U);
}

TEST(SchedulerRace, ADropWhoseRecordIsUnderWayCanBeFilledIn) {
  SchedulerBench bench(sample_settings(1, 4));
  bench.feed(DropPoints{{PointIndex{1}}, "worse"});
  bench.feed(FillDropped{});
  bench.commit();
  bench.join("w/1");
  pages_handed_out(bench, "w/1");
  EXPECT_EQ(bench.scheduler->counts().done, 5U);
}

}  // namespace
}  // namespace ocrs
