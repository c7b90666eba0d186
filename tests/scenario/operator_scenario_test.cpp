// Whole screenings in memory whose operator pauses, drains, extends, cancels and tries again while faults go on.
// A failure prints its seed; OCRS_SEED=<seed> runs that seed alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/scenario_world.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::ScenarioWorld;
using test::WorldOptions;

template <class Scenario>
void for_seeds(std::uint64_t first, std::uint64_t count, const Scenario& scenario) {
  if (const char* is_long = std::getenv("OCRS_LONG"); is_long != nullptr && std::string(is_long) == "1") count *= 10;
  if (const char* only = std::getenv("OCRS_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count && !testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE("replay with OCRS_SEED=" + std::to_string(seed));
    scenario(seed);
  }
}

WorldOptions faulty(std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  options.drop = options.duplicate = options.reorder = 0.02;
  options.kill_worker_s = 25;
  options.kill_coordinator_s = seed % 2 == 0 ? 30 : 0;
  options.journal_failure_s = seed % 3 == 0 ? 25 : 0;
  return options;
}

void expect_all_scored(ScenarioWorld& world, std::uint64_t evaluations) {
  ASSERT_EQ(world.journal().finals.size(), evaluations);
  for (const auto& [id, stored] : world.journal().finals) {
    ASSERT_EQ(stored.status, EvaluationStatus::done);
    ASSERT_EQ(stored.result.scores, test::scores_of(id));
  }
}

TEST(OperatorScenario, DrainingWorkersByNameLosesNothingAndBlamesNobody) {
  for_seeds(60'000, 60, [](std::uint64_t seed) {
    WorldOptions options = faulty(seed);
    ScenarioWorld world(options);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 6; ++i) {
      world.at(double(random() % 40), DrainWorker{"host" + std::to_string(random() % options.hosts)});
    }
    world.run();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages * (options.points + 1));
    EXPECT_TRUE(world.journal().attempt_rows.empty()) << "a drain is no failure of an evaluation";
  });
}

TEST(OperatorScenario, PausesAndExtendsInTheMiddleOfEverything) {
  for_seeds(61'000, 60, [](std::uint64_t seed) {
    WorldOptions options = faulty(seed);
    options.pause_s = 15;
    ScenarioWorld world(options);
    std::mt19937_64 random(seed);
    const std::uint32_t larger = 2 * options.points;
    world.at(double(random() % 30), ExtendTo{world.settings(larger).points});
    world.at(double(random() % 30), DrainWorker{"host0"});
    world.run();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, options.pages * (larger + 1));
  });
}

TEST(OperatorScenario, CancelKeepsWhatWasDoneAndRetryBringsTheRest) {
  std::uint64_t given_up = 0;
  for_seeds(62'000, 60, [&](std::uint64_t seed) {
    WorldOptions options = faulty(seed);
    options.kill_coordinator_s = 0;
    ScenarioWorld world(options);
    std::mt19937_64 random(seed);
    world.at(5 + double(random() % 20), OperatorSaid{OperatorVerb::cancel});
    world.run();
    ASSERT_EQ(world.trouble(), "");
    const std::uint64_t total = options.pages * (options.points + 1);
    const SchedulerCounts counts = world.scheduler().counts();
    given_up += counts.cancelled;
    ASSERT_EQ(counts.cancelled + counts.done, total) << "each is done or given up";
    ASSERT_EQ(world.journal().finals.size(), counts.done) << "what was given up is in no journal";
    const auto kept = world.journal().finals;
    world.at(0, RetryFailed{});
    world.at(1, Tick{});
    world.run();
    ASSERT_EQ(world.trouble(), "");
    expect_all_scored(world, total);
    for (const auto& [id, stored] : kept) ASSERT_EQ(world.journal().finals.at(id), stored);
  });
  if (std::getenv("OCRS_SEED") != nullptr) return;
  EXPECT_GT(given_up, 500U);
}

}  // namespace
}  // namespace ocrs
