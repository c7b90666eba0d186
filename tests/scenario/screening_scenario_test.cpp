// Whole screenings in memory under faults. A failure prints its seed; OCRS_SEED=<seed> runs that seed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "tests/support/scenario_world.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::evaluation;
using test::ScenarioWorld;
using test::WorldFaults;
using test::WorldOptions;

/// Runs `scenario` for seeds first … first + count - 1 (ten times as many with OCRS_LONG=1), or for OCRS_SEED alone.
/// Gives the sum of what happened.
WorldFaults for_seeds(std::uint64_t first, std::uint64_t count,
                      const std::function<void(std::uint64_t, WorldFaults&)>& scenario) {
  WorldFaults sum;
  if (const char* is_long = std::getenv("OCRS_LONG"); is_long != nullptr && std::string(is_long) == "1") count *= 10;
  if (const char* only = std::getenv("OCRS_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    WorldFaults faults;
    scenario(seed, faults);
    sum.add(faults);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "replay with OCRS_SEED=" << seed;
      break;
    }
  }
  return sum;
}

/// Everything but `excused` has exactly the scores it must have, and its reading is kept.
void expect_all_scored(ScenarioWorld& world, std::uint32_t pages, std::uint32_t points,
                       const std::function<bool(const EvaluationId&)>& excused = {}) {
  const auto& finals = world.journal().finals;
  ASSERT_EQ(finals.size(), std::uint64_t{pages} * (points + 1));
  for (const auto& [id, stored] : finals) {
    const std::string name = std::to_string(id.page.value) + "/" + std::to_string(id.point.value);
    if (stored.status != EvaluationStatus::done) {
      ASSERT_TRUE(excused && excused(id)) << name << " has no scores: " << stored.result.failure->text;
      continue;
    }
    ASSERT_EQ(stored.result.scores, test::scores_of(id)) << name;
    ASSERT_TRUE(world.journal().readings.contains(stored.result.reading)) << "the reading of " << name << " is lost";
  }
  ASSERT_EQ(world.scheduler().counters().different, 0U);
}

TEST(Screening, RunsEveryEvaluationOnceAndEveryPageOncePerSlotWhenUndisturbed) {
  const WorldFaults sum = for_seeds(1, 40, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.pages = 6;
    options.points = 31;
    options.lanes = 1 + seed % 2;
    options.hosts = 1;  // No copies for slow hosts.
    ScenarioWorld world(options);
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages, options.points);
    EXPECT_EQ(world.runs(), options.pages * (options.points + 1));
    for (const auto& [slot_and_page, runs] : world.stage_runs()) {
      ASSERT_EQ(runs, 1) << "a slot came back to a page, seed " << seed;
    }
  });
  EXPECT_EQ(sum.frames_dropped + sum.workers_killed + sum.coordinators_killed, 0U);
}

TEST(Screening, LosesNothingOnALossyWire) {
  const WorldFaults sum = for_seeds(10'000, 120, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.drop = 0.05;
    options.duplicate = 0.05;
    options.reorder = 0.1;
    ScenarioWorld world(options);
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages, options.points);
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(sum.frames_dropped, 100U);
}

TEST(Screening, LosesNothingWhenWorkersAreKilledOrStopped) {
  const WorldFaults sum = for_seeds(20'000, 100, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.kill_worker_s = 6;
    options.stop_worker_s = 10;
    ScenarioWorld world(options);
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages, options.points);
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(sum.workers_killed, 100U);
  EXPECT_GT(sum.workers_stopped, 50U);
}

TEST(Screening, LosesNothingWhenTheCoordinatorIsKilledAndStartsAgainFromItsJournal) {
  const WorldFaults sum = for_seeds(30'000, 100, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.kill_coordinator_s = 8;
    ScenarioWorld world(options);
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages, options.points);
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(sum.coordinators_killed, 50U);
  EXPECT_GT(sum.rows_lost, 10U);
}

TEST(Screening, BlamesOnlyWhatKillsWhateverElseHappens) {
  const WorldFaults sum = for_seeds(40'000, 120, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.drop = options.duplicate = 0.02;
    options.reorder = 0.05;
    options.kill_worker_s = 20;
    options.stop_worker_s = 30;
    options.kill_coordinator_s = 25;
    options.journal_failure_s = 30;
    options.pause_s = 40;
    options.kill_evaluator_s = 15;
    options.deadly = {evaluation(0, 3), evaluation(2, 7)};
    if (seed % 3 == 0) options.deadly_pages = {1};
    options.canary = seed % 2 == 0;
    ScenarioWorld world(options);
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages, options.points, [&](const EvaluationId& id) {
      const bool deadly = options.deadly.contains(id) || options.deadly_pages.contains(id.page.value);
      return deadly || world.deaths_of(id) >= 2;
    });
    for (const EvaluationId& id : options.deadly) {
      ASSERT_EQ(world.journal().finals.at(id).status, EvaluationStatus::failed) << "seed " << seed;
    }
    for (const auto& [id, stored] : world.journal().finals) {
      if (!options.deadly_pages.contains(id.page.value)) continue;
      ASSERT_EQ(stored.status, EvaluationStatus::missing) << "seed " << seed;
    }
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(sum.evaluators_killed, 50U);
  EXPECT_GT(sum.workers_killed, 50U);
  EXPECT_GT(sum.coordinators_killed, 50U);
}

TEST(Screening, ExtendsAndRetriesWhileFaultsGoOn) {
  const WorldFaults sum = for_seeds(50'000, 60, [](std::uint64_t seed, WorldFaults& faults) {
    WorldOptions options;
    options.seed = seed;
    options.drop = options.duplicate = options.reorder = 0.02;
    options.kill_worker_s = 25;
    options.kill_coordinator_s = seed % 2 == 0 ? 30 : 0;
    options.deadly = {evaluation(1, 5)};
    ScenarioWorld world(options);
    const std::uint32_t larger = 2 * options.points;
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    world.at(0, ExtendTo{world.settings(larger).points});
    world.cure();
    world.at(0.5, RetryFailed{});
    world.at(1, Tick{});
    world.run();
    faults = world.faults();
    ASSERT_EQ(world.trouble(), "");
    // The coordinator may have died before the wish was on disk; then the operator asks again.
    while (world.scheduler().counts().failed > 0 && world.seconds() < options.give_up_s) {
      world.at(0, RetryFailed{});
      world.run();
      ASSERT_EQ(world.trouble(), "");
    }
    expect_all_scored(world, options.pages, larger);
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(sum.workers_killed, 20U);
}

}  // namespace
}  // namespace ocrs
