// What operators may ask of the scheduler, in every state that it can meet; and that no order of their wishes breaks
// it.
#include <gtest/gtest.h>

#include <random>

#include "coordinator/core/scheduler.hpp"
#include "coordinator/core/transitions.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::evaluation;
using test::sample_settings;
using test::SchedulerBench;
using S = EvaluationState;
using E = EvaluationEvent;

TEST(OperatorTransitions, CancelGivesUpOnlyWhatIsOpen) {
  for (const S open : {S::pending, S::leased, S::retry}) EXPECT_EQ(next_state(open, E::cancel), S::cancelled);
  for (const S final : {S::done, S::quarantined, S::cancelled, S::dropped}) {
    EXPECT_EQ(next_state(final, E::cancel), std::nullopt) << to_string(final);
  }
}

TEST(OperatorTransitions, ReopenBringsBackWhatHasNoScoresAndNothingElse) {
  EXPECT_EQ(next_state(S::quarantined, E::reopen), S::pending);
  EXPECT_EQ(next_state(S::cancelled, E::reopen), S::pending);
  for (const S other : {S::pending, S::leased, S::retry, S::done, S::dropped}) {
    EXPECT_EQ(next_state(other, E::reopen), std::nullopt) << to_string(other);
  }
}

TEST(OperatorTransitions, FillBringsBackWhatWasDroppedAndNothingElse) {
  EXPECT_EQ(next_state(S::dropped, E::fill), S::pending);
  for (const S other : {S::pending, S::leased, S::retry, S::done, S::quarantined, S::cancelled}) {
    EXPECT_EQ(next_state(other, E::fill), std::nullopt) << to_string(other);
  }
}

TEST(OperatorTransitions, ACancelledEvaluationTakesALateResultAndNoBlame) {
  EXPECT_EQ(next_state(S::cancelled, E::finished), S::done);
  for (const E event : {E::handed_out, E::adopted, E::died, E::given_back, E::back_to_retry, E::blamed, E::drop}) {
    EXPECT_EQ(next_state(S::cancelled, event), std::nullopt);
  }
}

TEST(OperatorTransitions, DrainReachesWhoIsThereAndIsEndedByHello) {
  EXPECT_EQ(next_state(WorkerState::active, WorkerEvent::drain), WorkerState::draining);
  EXPECT_EQ(next_state(WorkerState::suspect, WorkerEvent::drain), WorkerState::draining);
  for (const WorkerState state : {WorkerState::lost, WorkerState::draining, WorkerState::gone}) {
    EXPECT_EQ(next_state(state, WorkerEvent::drain), std::nullopt);
  }
  EXPECT_EQ(next_state(WorkerState::draining, WorkerEvent::hello), WorkerState::active);
}

TEST(SchedulerPause, TakesResultsInButHandsNothingOutUntilResume) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w", 1, 2);
  const auto batches = bench.take<Batch>("w");
  ASSERT_FALSE(batches.empty());
  bench.feed(OperatorSaid{OperatorVerb::pause});
  for (const Batch& batch : batches) bench.finish("w", batch);
  bench.commit();
  std::size_t acknowledged = 0, finished = 0;
  auto sent = std::exchange(bench.to["w"], {});
  for (const CoordinatorMessage& message : sent) {
    EXPECT_FALSE(std::holds_alternative<Batch>(message));
    if (const auto* ack = std::get_if<Acknowledge>(&message)) acknowledged += ack->evaluations.size();
  }
  for (const Batch& batch : batches) finished += batch.points.size();
  EXPECT_EQ(acknowledged, finished) << "what was begun is kept";
  bench.join("late");
  bench.pass(100, {"w", "late"});
  EXPECT_TRUE(bench.take<Batch>("late").empty());
  bench.feed(OperatorSaid{OperatorVerb::resume});
  EXPECT_FALSE(bench.take<Batch>("late").empty());
  EXPECT_FALSE(bench.take<Batch>("w").empty());
}

TEST(SchedulerPause, HoldsBackRetriesToo) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.feed(OperatorSaid{OperatorVerb::pause});
  bench.say("w",
            bench.failed({batch.page, batch.points[0].index}, batch.attempts[0], FailureKind::crashed, "recognise"));
  bench.say("w", Credit{LaneIndex{0}, 1});
  EXPECT_TRUE(bench.take<Batch>("w").empty());
  bench.feed(OperatorSaid{OperatorVerb::resume});
  EXPECT_TRUE(bench.take<Batch>("w").at(0).alone);
}

TEST(SchedulerPause, IsRememberedByTheNextIncarnation) {
  SchedulerMemory memory;
  memory.paused = true;
  SchedulerBench bench(sample_settings(1, 20), memory);
  bench.join("w");
  EXPECT_TRUE(bench.take<Batch>("w").empty());
  bench.feed(OperatorSaid{OperatorVerb::resume});
  EXPECT_EQ(bench.take<Batch>("w").size(), 1U);
}

TEST(SchedulerCancel, KeepsAResultThatComesAfterIt) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.feed(OperatorSaid{OperatorVerb::cancel});
  EXPECT_EQ(bench.completions, 1);
  bench.finish("w", batch);
  bench.commit();
  EXPECT_EQ(bench.scheduler->counts().done, batch.points.size());
  EXPECT_EQ(bench.scheduler->counts().cancelled, 21 - batch.points.size());
  EXPECT_TRUE(bench.take<Batch>("w").empty());
}

TEST(SchedulerCancel, EndsTheRunOnlyWhenWhatCameBeforeItIsOnDisk) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.feed(JournalFailed{"disk full"});
  bench.finish("w", batch);
  bench.feed(OperatorSaid{OperatorVerb::cancel});
  EXPECT_EQ(bench.completions, 0);
  bench.feed(JournalWorks{});
  bench.commit();
  EXPECT_EQ(bench.completions, 1);
  EXPECT_EQ(bench.scheduler->counts().done, batch.points.size());
}

TEST(SchedulerCancel, IsUndoneByRetry) {
  SchedulerBench bench(sample_settings(1, 4));
  bench.join("w");
  bench.feed(OperatorSaid{OperatorVerb::cancel});
  bench.to["w"].clear();
  bench.feed(RetryFailed{});
  EXPECT_TRUE(bench.reopened.empty()) << "what is in no journal needs no reopening there";
  bench.say("w", Credit{LaneIndex{0}, 1});
  EXPECT_FALSE(bench.take<Batch>("w").empty());
  EXPECT_EQ(bench.scheduler->counts().cancelled, 0U);
}

TEST(SchedulerDrain, CountsAgainstNobodyWhateverTheWorkerDoes) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("h/1");
  const Batch batch = bench.take<Batch>("h/1").at(0);
  bench.feed(DrainWorker{"h"});
  ASSERT_EQ(bench.take<Drain>("h/1").size(), 1U);
  bench.say("h/1", Draining{"drained"});
  bench.say("h/1", bench.scored({batch.page, batch.points[0].index}, batch.attempts[0]));
  Returned returned{batch.batch, {}, "drained"};
  for (std::size_t i = 1; i < batch.points.size(); ++i) {
    returned.evaluations.push_back({{batch.page, batch.points[i].index}, batch.attempts[i]});
  }
  bench.say("h/1", returned);
  bench.say("h/1", Credit{LaneIndex{0}, 4});
  EXPECT_TRUE(bench.take<Batch>("h/1").empty()) << "a draining worker gets nothing";
  bench.say("h/1", Goodbye{"drained"});
  bench.commit();
  const SchedulerCounts counts = bench.scheduler->counts();
  EXPECT_EQ(counts.done, 1U);
  EXPECT_EQ(counts.pending, 20U);
  EXPECT_EQ(counts.retry, 0U);
  EXPECT_TRUE(bench.attempts.empty());
  EXPECT_EQ(bench.scheduler->counters().deaths, 0U);
  bench.join("h/1");
  EXPECT_EQ(bench.take<Batch>("h/1").size(), 1U) << "started again, it works again";
}

TEST(SchedulerDrain, AWorkerThatDiesWhileItDrainsLosesItsLeasesWithoutBlame) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("h/1");
  bench.feed(DrainWorker{"h"});
  bench.pass(901);
  EXPECT_EQ(bench.scheduler->counts().pending, 21U);
  EXPECT_TRUE(bench.attempts.empty());
}

TEST(SchedulerExtend, AddsToARunningScreeningAndNeverTwice) {
  SchedulerBench bench(sample_settings(2, 8));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  const auto larger = sample_settings(2, 16).points;
  bench.feed(ExtendTo{larger});
  bench.feed(ExtendTo{larger});
  EXPECT_EQ(bench.scheduler->counts().total, 34U);
  EXPECT_EQ(bench.scheduler->counts().leased, batch.points.size()) << "what is held is held as before";
  bench.finish("w", batch);
  bench.commit();
  EXPECT_EQ(bench.scheduler->counts().done, batch.points.size());
}

TEST(SchedulerExtend, NewPointsOfACondemnedPageAreMissingAtOnce) {
  SchedulerBench bench(sample_settings(1, 8));
  bench.join("a/1");
  bench.join("b/1");
  for (int i = 0; i < 10 && bench.scheduler->counts().missing == 0; ++i) {
    for (const std::string worker : {"a/1", "b/1"}) {
      for (const Batch& batch : bench.take<Batch>(worker)) {
        bench.say(worker, bench.failed({batch.page, batch.points[0].index}, batch.attempts[0], FailureKind::crashed,
                                       "decode", batch.batch));
        bench.say(worker, Credit{LaneIndex{0}, 1});
      }
    }
    bench.pass(30, {"a/1", "b/1"});
  }
  ASSERT_EQ(bench.scheduler->counts().missing, 9U);
  bench.feed(ExtendTo{sample_settings(1, 16).points});
  EXPECT_EQ(bench.scheduler->counts().missing, 17U);
}

/// One random thing that may happen; the bench checks the invariants after each.
void happen(SchedulerBench& bench, std::mt19937_64& random, std::vector<std::pair<std::string, Batch>>& held,
            std::uint32_t& points) {
  const std::string worker = std::string(1, static_cast<char>('a' + random() % 3)) + "/1";
  for (Batch& batch : bench.take<Batch>(worker)) held.emplace_back(worker, std::move(batch));
  switch (random() % 17) {
    case 0:
      return bench.join(worker, 1 + random() % 2, 2);
    case 1:
      return bench.feed(OperatorSaid{OperatorVerb::pause});
    case 2:
      return bench.feed(OperatorSaid{OperatorVerb::resume});
    case 3:
      return random() % 4 == 0 ? bench.feed(OperatorSaid{OperatorVerb::cancel}) : bench.feed(Tick{});
    case 4:
      return bench.feed(RetryFailed{});
    case 5:
      return bench.feed(DrainWorker{worker.substr(0, 1)});
    case 6:
      points += random() % 3 == 0 ? 3 : 0;
      return bench.feed(ExtendTo{sample_settings(2, points).points});
    case 7:
      return bench.feed(JournalFailed{"disk full"});
    case 8:
      bench.feed(JournalWorks{});
      return bench.commit();
    case 9:
      return bench.pass(double(random() % 40), {"a/1"});
    case 10:
      return bench.say(worker, Goodbye{"drained"});
    case 11:
      return bench.feed(DropPoints{{PointIndex{static_cast<std::int64_t>(random() % points)}}, "worse"});
    case 12:
      return bench.feed(FillDropped{});
    case 13:
      return bench.feed(OpenPages{{PageIndex{1}}});
    default:
      break;
  }
  if (held.empty()) return bench.commit();
  const auto [holder, batch] = held[random() % held.size()];
  const std::size_t i = random() % batch.points.size();
  const EvaluationId id{batch.page, batch.points[i].index};
  if (random() % 4 == 0) {
    bench.say(holder, bench.failed(id, batch.attempts[i], FailureKind::crashed, random() % 3 ? "recognise" : "decode"));
  } else {
    bench.say(holder, bench.scored(id, batch.attempts[i], batch.batch));
  }
}

TEST(SchedulerOperator, NoOrderOfWishesAndAccidentsBreaksAnInvariantOrLosesAnEvaluation) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    SchedulerSettings settings = sample_settings(2, 6);
    if (seed % 2 == 0) settings.held_pages = {PageIndex{1}};
    SchedulerBench bench(std::move(settings));
    std::vector<std::pair<std::string, Batch>> held;
    std::uint32_t points = 6;
    for (int i = 0; i < 150 && !testing::Test::HasFatalFailure(); ++i) happen(bench, random, held, points);
    ASSERT_FALSE(testing::Test::HasFailure());
    // All is well again: whatever was wished for, nothing is lost.
    bench.feed(JournalWorks{});
    bench.commit();
    bench.feed(OperatorSaid{OperatorVerb::resume});
    bench.feed(RetryFailed{});
    bench.feed(FillDropped{});
    bench.pass(2000);
    bench.join("fresh/1", 2, 2);
    for (int i = 0; i < 400 && bench.scheduler->counts().done < bench.scheduler->counts().total; ++i) {
      for (const Batch& batch : bench.take<Batch>("fresh/1")) bench.finish("fresh/1", batch);
      bench.commit();
      bench.pass(5, {"fresh/1"});
    }
    ASSERT_EQ(bench.scheduler->counts().done, bench.scheduler->counts().total);
  }
}

}  // namespace
}  // namespace ocrs
