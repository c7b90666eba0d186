#include "coordinator/core/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::evaluation;
using test::sample_settings;
using test::SchedulerBench;

std::vector<std::int64_t> indices(const Batch& batch) {
  std::vector<std::int64_t> list;
  for (const Point& point : batch.points) list.push_back(point.index.value);
  return list;
}

// ---- handshake ----

TEST(SchedulerHandshake, WelcomesAWorkerAndTellsItTheScreening) {
  SchedulerBench bench(sample_settings(2, 8));
  bench.say("w", bench.hello_of("w"));
  ASSERT_EQ(bench.to["w"].size(), 2U);
  const auto& welcome = std::get<Welcome>(bench.to["w"][0]);
  EXPECT_EQ(welcome.blob_endpoint, "tcp://127.0.0.1:5556");
  EXPECT_EQ(welcome.lease_s, 900);
  EXPECT_EQ(std::get<ScreeningSpec>(bench.to["w"][1]).pages.size(), 2U);
}

TEST(SchedulerHandshake, RefusesAnotherMajorProtocolForGood) {
  SchedulerBench bench(sample_settings(1, 1));
  Hello hello = bench.hello_of("w");
  hello.major = protocol_major + 1;
  bench.say("w", hello);
  const auto rejects = bench.take<Reject>("w");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::protocol);
  EXPECT_EQ(rejects[0].retry_after_s, 0);
  EXPECT_NE(rejects[0].text.find("protocol 1"), std::string::npos);
}

TEST(SchedulerHandshake, AcceptsAnotherMinorProtocol) {
  SchedulerBench bench(sample_settings(1, 1));
  Hello hello = bench.hello_of("w");
  hello.minor = protocol_minor + 5;
  bench.say("w", hello);
  EXPECT_EQ(bench.take<Welcome>("w").size(), 1U);
}

TEST(SchedulerHandshake, RefusesOtherEngineVersionsInOneSentenceThatNamesBoth) {
  SchedulerBench bench(sample_settings(1, 1));
  Hello hello = bench.hello_of("w");
  hello.engine.tesseract = "4.1.1";
  bench.say("w", hello);
  const auto rejects = bench.take<Reject>("w");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::engine);
  EXPECT_NE(rejects[0].text.find("4.1.1"), std::string::npos);
  EXPECT_NE(rejects[0].text.find("5.3.0"), std::string::npos);
  bench.join("good");
  EXPECT_EQ(bench.take<Batch>("good").size(), 1U) << "a refused worker harms nobody else";
}

TEST(SchedulerHandshake, AsksAStrangerForItsHelloAndNotOncePerMessage) {
  SchedulerBench bench(sample_settings(1, 1));
  for (int i = 0; i < 10; ++i) bench.say("w", Credit{LaneIndex{0}, 1});
  const auto rejects = bench.take<Reject>("w");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::not_ready);
  EXPECT_GT(rejects[0].retry_after_s, 0);
  bench.pass(2);
  bench.say("w", Credit{LaneIndex{0}, 1});
  EXPECT_EQ(bench.take<Reject>("w").size(), 1U) << "the first answer may have been lost";
  EXPECT_EQ(bench.scheduler->counters().unexpected, 11U);
}

TEST(SchedulerHandshake, MovesTheLeasesAWorkerStillHoldsToItsNewConnection) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("h/w");
  const Batch batch = bench.take<Batch>("h/w").at(0);
  ASSERT_EQ(batch.points.size(), 3U);
  Hello again = bench.hello_of("h/w");
  again.held_run = bench.run;
  again.held = {{{batch.page, batch.points[1].index}, batch.attempts[1]}};
  bench.say("new", again);
  EXPECT_EQ(bench.view(0, -1).state, EvaluationState::pending);
  EXPECT_EQ(bench.view(0, 0).state, EvaluationState::leased);
  EXPECT_EQ(bench.view(0, 1).state, EvaluationState::pending);
  bench.say("new", bench.scored(evaluation(0, 0), batch.attempts[1]));
  bench.commit();
  EXPECT_EQ(bench.take<Acknowledge>("new").size(), 1U) << "acknowledged where the worker now is";
  EXPECT_EQ(bench.scheduler->workers(bench.now).size(), 1U);
}

TEST(SchedulerHandshake, TellsTheFormerConnectionOfAWorkerThatItWasReplaced) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("h/w");
  bench.say("new", bench.hello_of("h/w"));
  bench.say("h/w", bench.hello_of("h/w"));
  const auto rejects = bench.take<Reject>("h/w");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::duplicate);
  bench.say("new", Credit{LaneIndex{0}, 1});
  EXPECT_EQ(bench.take<Batch>("new").size(), 1U) << "the newer connection is the worker";
}

TEST(SchedulerHandshake, IgnoresASecondCopyOfAHello) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.say("w", bench.hello_of("w"));  // Its list of what is held is older than the batch.
  EXPECT_EQ(bench.scheduler->counts().leased, batch.points.size());
}

TEST(SchedulerHandshake, AdoptsWhatAWorkerHoldsFromAnEarlierIncarnation) {
  SchedulerBench bench(sample_settings(1, 2));
  Hello hello = bench.hello_of("h/w");
  hello.held_run = bench.run;
  hello.held = {{evaluation(0, 0), Attempt{4}}, {evaluation(0, 1), Attempt{1}}, {evaluation(7, 1), Attempt{1}}};
  bench.say("c", hello);
  EXPECT_EQ(bench.view(0, 0).state, EvaluationState::leased);
  EXPECT_EQ(bench.view(0, 1).state, EvaluationState::leased);
  bench.say("c", Credit{LaneIndex{0}, 1});
  const auto batches = bench.take<Batch>("c");
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(indices(batches[0]), (std::vector<std::int64_t>{-1})) << "what it holds is not handed out again";
}

TEST(SchedulerHandshake, DoesNotAdoptWhatBelongsToAnotherScreening) {
  SchedulerBench bench(sample_settings(1, 2));
  Hello hello = bench.hello_of("h/w");
  hello.held_run = test::numbered_hash(3);
  hello.held = {{evaluation(0, 0), Attempt{4}}};
  bench.say("c", hello);
  EXPECT_EQ(bench.view(0, 0).state, EvaluationState::pending);
}

// ---- canary ----

SchedulerSettings settings_with_canary() {
  SchedulerSettings settings = sample_settings(2, 20);
  settings.canary.emplace();
  settings.canary->id = evaluation(1, -1);
  settings.canary->scores = test::scores_of(evaluation(1, -1));
  settings.canary->reading = test::numbered_hash(5);
  settings.canary_host = "own";
  return settings;
}

TEST(SchedulerCanary, GivesWorkOnlyAfterTheCanaryPageWasReadAlike) {
  SchedulerBench bench(settings_with_canary());
  bench.join("h/1", 2, 2);
  const auto batches = bench.take<Batch>("h/1");
  ASSERT_EQ(batches.size(), 1U) << "one lane reads it, the others wait";
  EXPECT_EQ(batches[0].page.value, 1U);
  EXPECT_EQ(batches[0].attempts, (std::vector<Attempt>{canary_attempt}));
  EXPECT_EQ(bench.scheduler->counts().leased, 0U) << "it is nobody's evaluation";
  bench.say("h/1", bench.scored(evaluation(1, -1), canary_attempt, batches[0].batch));
  EXPECT_EQ(bench.scheduler->counts().done, 0U);
  bench.say("h/1", Credit{batches[0].lane, 1});
  auto sent = std::exchange(bench.to["h/1"], {});
  EXPECT_EQ(
      std::count_if(sent.begin(), sent.end(), [](const auto& m) { return std::holds_alternative<Acknowledge>(m); }), 1);
  EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [](const auto& m) { return std::holds_alternative<Batch>(m); }), 4);
  EXPECT_FALSE(bench.scheduler->workers(bench.now)[0].other_numbers);
}

TEST(SchedulerCanary, BelievesNothingBeforeTheCanaryWasCompared) {
  SchedulerBench bench(settings_with_canary());
  bench.join("h/1");
  bench.say("h/1", bench.scored(evaluation(0, -1), Attempt{1}));
  EXPECT_TRUE(bench.commits.empty());
  EXPECT_TRUE(bench.take<Acknowledge>("h/1").empty()) << "it keeps the result";
  bench.say("h/1", bench.scored(evaluation(1, -1), canary_attempt));
  bench.say("h/1", bench.scored(evaluation(0, -1), Attempt{1}));
  EXPECT_EQ(bench.commits.size(), 1U);
}

TEST(SchedulerCanary, AdmitsACloseReadingAsANumericClassOfItsOwn) {
  SchedulerBench bench(settings_with_canary());
  bench.join("h/1");
  ResultMessage close = bench.scored(evaluation(1, -1), canary_attempt);
  close.result.scores.confidence += 0.25;
  bench.say("h/1", close);
  EXPECT_TRUE(bench.scheduler->workers(bench.now)[0].other_numbers);
  EXPECT_EQ(bench.told("other-numbers"), 1U);
  bench.say("h/1", Credit{LaneIndex{0}, 1});
  EXPECT_EQ(bench.scheduler->counts().leased, 3U);
}

TEST(SchedulerCanary, RefusesAWorkerThatReadsTheCanaryPageDifferently) {
  SchedulerBench bench(settings_with_canary());
  bench.join("h/1");
  ResultMessage other = bench.scored(evaluation(1, -1), canary_attempt);
  other.result.scores.confidence += 0.75;
  bench.say("h/1", other);
  const auto rejects = bench.take<Reject>("h/1");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::canary);
  EXPECT_EQ(bench.told("worker-rejected"), 1U) << "the reason is told on both sides";
  EXPECT_EQ(bench.scheduler->counts().leased, 0U);
}

TEST(SchedulerCanary, AsksNeitherTheCoordinatorsOwnHostNorAWorkerThatReconnects) {
  SchedulerBench bench(settings_with_canary());
  bench.join("own/1");
  EXPECT_EQ(bench.scheduler->counts().leased, 3U);
  bench.join("h/1");
  bench.say("h/1", bench.scored(evaluation(1, -1), canary_attempt));
  bench.say("new", bench.hello_of("h/1"));
  bench.say("new", Credit{LaneIndex{0}, 1});
  EXPECT_NE(bench.take<Batch>("new").at(0).attempts[0], canary_attempt);
}

TEST(SchedulerCanary, TriesAgainWhenItIsGivenBackOrFailsOnce) {
  SchedulerBench bench(settings_with_canary());
  bench.join("h/1", 1, 2);
  const auto first = bench.take<Batch>("h/1");
  bench.say("h/1", Returned{first.at(0).batch, {{evaluation(1, -1), canary_attempt}}, "memory is short"});
  EXPECT_EQ(bench.take<Batch>("h/1").size(), 1U);
  bench.say("h/1", Credit{LaneIndex{0}, 2});
  bench.say("h/1", bench.failed(evaluation(1, -1), canary_attempt, FailureKind::crashed, "recognise"));
  EXPECT_EQ(bench.take<Batch>("h/1").size(), 1U);
  bench.say("h/1", bench.failed(evaluation(1, -1), canary_attempt, FailureKind::crashed, "recognise"));
  EXPECT_EQ(bench.take<Reject>("h/1").size(), 1U);
  EXPECT_EQ(bench.scheduler->counters().deaths, 0U);
}

// ---- results ----

TEST(SchedulerResults, AcknowledgesOnlyWhatIsOnDisk) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.say("w", bench.scored(evaluation(0, -1), batch.attempts[0], batch.batch));
  bench.say("w", bench.scored(evaluation(0, -1), batch.attempts[0], batch.batch));
  EXPECT_TRUE(bench.take<Acknowledge>("w").empty());
  ASSERT_EQ(bench.commits.size(), 1U) << "a repeated result is committed once";
  EXPECT_EQ(bench.commits[0].reading, "reading");
  bench.commit();
  const auto acknowledged = bench.take<Acknowledge>("w");
  ASSERT_EQ(acknowledged.size(), 1U);
  EXPECT_EQ(acknowledged[0].evaluations, (std::vector<HeldEvaluation>{{evaluation(0, -1), batch.attempts[0]}}));
  bench.say("w", bench.scored(evaluation(0, -1), batch.attempts[0], batch.batch));
  EXPECT_EQ(bench.take<Acknowledge>("w").size(), 1U) << "it is on disk already";
  EXPECT_EQ(bench.scheduler->counters().different, 0U);
}

TEST(SchedulerResults, TellsWhenADuplicateHasOtherNumbers) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.say("w", bench.scored(evaluation(0, -1), batch.attempts[0]));
  bench.commit();
  ResultMessage other = bench.scored(evaluation(0, -1), batch.attempts[0]);
  other.result.scores.confidence = std::nextafter(other.result.scores.confidence, 0.0) + 1e-9;
  bench.say("w", other);
  EXPECT_EQ(bench.told("numbers-differ"), 1U);
  EXPECT_EQ(bench.scheduler->counters().different, 1U);
  EXPECT_EQ(bench.scheduler->counts().done, 1U);
}

TEST(SchedulerResults, ComparesDuplicatesWithWhatAJournalRemembers) {
  SchedulerMemory memory;
  SchedulerBench first(sample_settings(1, 2));
  memory.evaluations.push_back({EvaluationStatus::done, first.scored(evaluation(0, 1), Attempt{1}).result, "h/1", 0});
  SchedulerBench bench(sample_settings(1, 2), memory);
  bench.join("w");
  bench.say("w", bench.scored(evaluation(0, 1), Attempt{1}));
  EXPECT_EQ(bench.scheduler->counters().different, 0U);
  ResultMessage other = bench.scored(evaluation(0, 1), Attempt{1});
  other.result.scores.words += 1;
  bench.say("w", other);
  EXPECT_EQ(bench.scheduler->counters().different, 1U);
}

TEST(SchedulerResults, KeepsALateResultOfALeaseThatEnded) {
  SchedulerBench bench(sample_settings(1, 0));
  bench.join("a/1");
  const Batch batch = bench.take<Batch>("a/1").at(0);
  bench.pass(1000);
  EXPECT_EQ(bench.view(0, -1).state, EvaluationState::pending);
  Hello again = bench.hello_of("a/1");
  bench.say("new", again);
  bench.say("new", bench.scored(evaluation(0, -1), batch.attempts[0]));
  EXPECT_EQ(bench.view(0, -1).state, EvaluationState::done);
  EXPECT_EQ(bench.scheduler->counters().late, 1U);
}

TEST(SchedulerResults, DropsResultsOfAnotherScreeningAndLetsTheWorkerForgetThem) {
  SchedulerBench bench(sample_settings(1, 2));
  bench.join("w");
  bench.take<Batch>("w");
  ResultMessage foreign = bench.scored(evaluation(0, 0), Attempt{1});
  foreign.run = test::numbered_hash(8);
  bench.say("w", foreign);
  const auto acknowledged = bench.take<Acknowledge>("w");
  ASSERT_EQ(acknowledged.size(), 1U);
  EXPECT_EQ(acknowledged[0].run, foreign.run);
  EXPECT_TRUE(bench.commits.empty());
}

TEST(SchedulerResults, RefusesAWorkerWhoseNumbersCannotBe) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  for (const double wrong : {-0.5, 100.5, std::numeric_limits<double>::infinity()}) {
    EvaluationResult result = bench.scored(evaluation(0, -1), batch.attempts[0]).result;
    result.scores.confidence = wrong;
    EXPECT_TRUE(implausible(result).has_value());
  }
  ResultMessage bad = bench.scored(evaluation(0, -1), batch.attempts[0]);
  bad.result.scores.lexicon = 1.5;
  bench.say("w", bad);
  ASSERT_EQ(bench.take<Reject>("w").size(), 1U);
  EXPECT_TRUE(bench.commits.empty());
  EXPECT_EQ(bench.scheduler->counts().leased, 0U) << "what it held is given to others";
}

// ---- batches ----

TEST(SchedulerBatches, StartsSmallAndThenAimsAtTheTargetTime) {
  SchedulerBench bench(sample_settings(1, 2000));
  bench.join("w");
  Batch batch = bench.take<Batch>("w").at(0);
  EXPECT_EQ(indices(batch), (std::vector<std::int64_t>{-1, 0, 1}));
  for (int i = 0; i < 4; ++i) {
    bench.finish("w", batch);
    batch = bench.take<Batch>("w").at(0);
  }
  EXPECT_EQ(batch.points.size(), 30U) << "30 s at 1 s each";
}

TEST(SchedulerBatches, GrowsSmallerTowardsTheEnd) {
  SchedulerBench bench(sample_settings(1, 99));
  bench.join("a/1", 2);
  bench.join("b/1", 2);
  std::deque<std::pair<std::string, Batch>> running;
  std::vector<std::size_t> sizes;
  const auto collect = [&] {
    for (const std::string worker : {"a/1", "b/1"}) {
      for (Batch& batch : bench.take<Batch>(worker)) {
        sizes.push_back(batch.points.size());
        running.emplace_back(worker, std::move(batch));
      }
    }
  };
  for (collect(); !running.empty(); collect()) {
    const auto [worker, batch] = running.front();
    running.pop_front();
    bench.finish(worker, batch);
    bench.commit();
  }
  EXPECT_EQ(bench.completions, 1);
  EXPECT_EQ(sizes.back(), 1U);
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 13U) << "100 evaluations / (2 x 4 lanes)";
}

TEST(SchedulerBatches, HandsNothingOutWhilePausedAndGoesOnWhenResumed) {
  SchedulerBench bench(sample_settings(1, 20));
  bench.feed(OperatorSaid{OperatorVerb::pause});
  bench.join("w");
  EXPECT_TRUE(bench.take<Batch>("w").empty());
  EXPECT_TRUE(bench.scheduler->is_paused());
  bench.feed(OperatorSaid{OperatorVerb::resume});
  EXPECT_EQ(bench.take<Batch>("w").size(), 1U);
}

TEST(SchedulerBatches, RemembersThatItWasPaused) {
  SchedulerMemory memory;
  memory.paused = true;
  SchedulerBench bench(sample_settings(1, 20), memory);
  bench.join("w");
  EXPECT_TRUE(bench.take<Batch>("w").empty());
}

TEST(SchedulerBatches, GoesOnWhereAJournalStopped) {
  SchedulerMemory memory;
  SchedulerBench first(sample_settings(1, 5));
  for (const std::int64_t point : {-1, 0, 2, 3, 4}) {
    memory.evaluations.push_back(
        {EvaluationStatus::done, first.scored(evaluation(0, point), Attempt{1}).result, "", 0});
  }
  SchedulerBench bench(sample_settings(1, 5), memory);
  bench.join("w");
  const auto batches = bench.take<Batch>("w");
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(indices(batches[0]), (std::vector<std::int64_t>{1}));
  bench.finish("w", batches[0]);
  EXPECT_EQ(bench.completions, 0) << "not before it is on disk";
  bench.commit();
  EXPECT_EQ(bench.completions, 1);
  EXPECT_EQ(bench.take<ScreeningFinished>("w").size(), 1U);
}

TEST(SchedulerBatches, IsCompleteAtOnceWhenAJournalHasEverything) {
  SchedulerMemory memory;
  SchedulerBench first(sample_settings(1, 0));
  memory.evaluations.push_back({EvaluationStatus::done, first.scored(evaluation(0, -1), Attempt{1}).result, "", 0});
  SchedulerBench bench(sample_settings(1, 0), memory);
  bench.feed(Tick{});
  EXPECT_EQ(bench.completions, 1);
  bench.pass(10);
  EXPECT_EQ(bench.completions, 1);
  bench.say("w", bench.hello_of("w"));
  EXPECT_EQ(bench.take<ScreeningFinished>("w").size(), 1U);
}

// ---- liveness ----

TEST(SchedulerLiveness, BeatsAndGivesASilentWorkerNothingNew) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w");
  bench.pass(11);
  EXPECT_EQ(bench.take<CoordinatorHeartbeat>("w").size(), 2U);
  bench.pass(25);
  EXPECT_EQ(bench.told("worker-suspect"), 1U);
  EXPECT_EQ(bench.scheduler->counts().lanes, 0U);
  bench.say("w", WorkerHeartbeat{1, 1, 0, 0});
  EXPECT_EQ(bench.scheduler->counts().lanes, 1U) << "any message brings it back";
}

TEST(SchedulerLiveness, RequeuesTheEvaluationsOfASilentWorkerWithoutBlame) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w");
  EXPECT_EQ(bench.scheduler->counts().leased, 3U);
  bench.pass(890);
  EXPECT_EQ(bench.scheduler->counts().leased, 3U) << "the lease is not over";
  bench.pass(20);
  EXPECT_EQ(bench.scheduler->counts().leased, 0U);
  EXPECT_EQ(bench.scheduler->counts().pending, 51U);
  EXPECT_EQ(bench.scheduler->counters().deaths, 0U);
  EXPECT_EQ(bench.told("worker-lost"), 1U);
}

TEST(SchedulerLiveness, GivesALostConnectionTheSuspectTimeToComeBack) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("h/w");
  bench.feed(ConnectionLost{{"h/w"}});
  bench.take<Batch>("h/w");
  bench.pass(20);
  EXPECT_EQ(bench.scheduler->counts().leased, 3U);
  EXPECT_TRUE(bench.to["h/w"].empty()) << "nothing is sent where nothing arrives";
  bench.pass(15);
  EXPECT_EQ(bench.scheduler->counts().leased, 0U);
}

TEST(SchedulerLiveness, AsksAWorkerWhoseConnectionWasGivenUpForItsHello) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w");
  bench.feed(ConnectionLost{{"w"}});
  bench.take<Batch>("w");
  bench.say("w", WorkerHeartbeat{1, 1, 0, 0});
  const auto rejects = bench.take<Reject>("w");
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(rejects[0].code, RejectCode::not_ready);
}

TEST(SchedulerLiveness, AsksAnIdleWorkerThatShouldBeBusyForItsHello) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w");
  bench.take<Batch>("w");  // Lost on the way.
  for (int i = 0; i < 100; ++i) {
    bench.say("w", WorkerHeartbeat{1, 0, 0, 0});
    bench.pass(1);
  }
  ASSERT_EQ(bench.take<Reject>("w").size(), 1U);
  bench.say("new", bench.hello_of("w"));
  EXPECT_EQ(bench.scheduler->counts().leased, 0U);
}

TEST(SchedulerLiveness, TakesBackWhatADrainingWorkerReturnsAndGivesItNothingNew) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w", 1, 2);
  const auto batches = bench.take<Batch>("w");
  ASSERT_EQ(batches.size(), 2U);
  bench.say("w", Draining{"SIGTERM"});
  Returned returned{batches[1].batch, {}, "SIGTERM"};
  for (std::size_t i = 0; i < batches[1].points.size(); ++i) {
    returned.evaluations.push_back({{batches[1].page, batches[1].points[i].index}, batches[1].attempts[i]});
  }
  bench.say("w", returned);
  bench.say("w", returned);
  bench.finish("w", batches[0]);
  EXPECT_TRUE(bench.take<Batch>("w").empty());
  bench.say("w", Goodbye{"SIGTERM"});
  EXPECT_EQ(bench.scheduler->counts().leased, 0U);
  EXPECT_EQ(bench.scheduler->counts().pending, 48U);
  EXPECT_EQ(bench.scheduler->counters().deaths, 0U);
}

TEST(SchedulerLiveness, DrainsAWorkerByNameOrUuidPrefix) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("a/1");
  bench.join("b/1");
  bench.feed(DrainWorker{"a"});
  EXPECT_EQ(bench.take<Drain>("a/1").size(), 1U);
  EXPECT_TRUE(bench.take<Drain>("b/1").empty());
  bench.feed(DrainWorker{bench.scheduler->workers(bench.now)[1].uuid.substr(0, 6)});
  EXPECT_EQ(bench.take<Drain>("b/1").size(), 1U);
  bench.feed(DrainWorker{"nobody"});
  EXPECT_EQ(bench.told("drain"), 1U);
}

// ---- operator and journal ----

TEST(SchedulerOperator, CancelsWhatIsOpenWithoutJournalingIt) {
  SchedulerBench bench(sample_settings(2, 3));
  bench.join("w");
  const Batch batch = bench.take<Batch>("w").at(0);
  bench.say("w", bench.scored({batch.page, batch.points[0].index}, batch.attempts[0]));
  bench.feed(OperatorSaid{OperatorVerb::cancel});
  EXPECT_EQ(bench.completions, 0);
  bench.commit();
  EXPECT_EQ(bench.completions, 1);
  EXPECT_EQ(bench.scheduler->counts().cancelled, 7U);
  EXPECT_EQ(bench.scheduler->unscored().size(), 7U);
  EXPECT_EQ(bench.scheduler->unscored()[0].reason, "cancelled");
  EXPECT_EQ(bench.committed_rows.size(), 1U);
}

TEST(SchedulerOperator, ExtendsACompleteScreeningAndRunsOnlyTheNewPoints) {
  SchedulerBench bench(sample_settings(1, 1));
  bench.join("w");
  bench.finish("w", bench.take<Batch>("w").at(0));
  bench.commit();
  // At the tail batches are small: the second point comes alone.
  bench.finish("w", bench.take<Batch>("w").at(0));
  bench.commit();
  ASSERT_EQ(bench.completions, 1);
  SchedulerSettings larger = sample_settings(1, 4);
  bench.feed(ExtendTo{larger.points});
  EXPECT_TRUE(std::any_of(bench.to["w"].begin(), bench.to["w"].end(), [](const CoordinatorMessage& message) {
    return std::holds_alternative<ScreeningSpec>(message);
  })) << "the worker has dropped the screening";
  EXPECT_EQ(bench.scheduler->counts().pending + bench.scheduler->counts().leased, 3U);
  while (bench.scheduler->counts().leased > 0) {
    bench.finish("w", bench.take<Batch>("w").at(0));
    bench.commit();
  }
  EXPECT_EQ(bench.completions, 2);
  EXPECT_EQ(bench.scheduler->counts().done, 5U);
}

TEST(SchedulerOperator, TriesQuarantinedEvaluationsAgainWhenAsked) {
  SchedulerBench bench(sample_settings(1, 0));
  bench.join("w");
  for (int i = 0; i < 2; ++i) {
    const Batch batch = bench.take<Batch>("w").at(0);
    bench.say("w", bench.failed(evaluation(0, -1), batch.attempts[0], FailureKind::crashed, "recognise"));
    bench.say("w", Credit{LaneIndex{0}, 1});
  }
  bench.commit();
  ASSERT_EQ(bench.completions, 1);
  EXPECT_EQ(bench.scheduler->counts().failed, 1U);
  bench.feed(RetryFailed{});
  EXPECT_EQ(bench.reopened, (std::vector<EvaluationId>{evaluation(0, -1)}));
  // Its former failure, repeated by a worker that missed the acknowledgement, counts no more.
  bench.say("w", bench.failed(evaluation(0, -1), Attempt{2}, FailureKind::crashed, "recognise"));
  EXPECT_TRUE(bench.view(0, -1).deaths.empty());
  bench.finish("w", bench.take<Batch>("w").at(0));
  bench.commit();
  EXPECT_EQ(bench.completions, 2);
  EXPECT_EQ(bench.scheduler->counts().done, 1U);
  EXPECT_EQ(bench.scheduler->counts().failed, 0U);
}

TEST(SchedulerJournal, StopsHandingOutWhileTheJournalFailsAndLosesNothing) {
  SchedulerBench bench(sample_settings(1, 50));
  bench.join("w", 1, 2);
  const auto batches = bench.take<Batch>("w");
  bench.say("w", bench.scored(evaluation(0, -1), batches[0].attempts[0]));
  ASSERT_EQ(bench.commits.size(), 1U);
  bench.feed(JournalFailed{"disk full"});
  bench.say("w", bench.scored(evaluation(0, 0), batches[0].attempts[1]));
  bench.say("w", Credit{LaneIndex{0}, 1});
  EXPECT_TRUE(bench.take<Batch>("w").empty());
  EXPECT_EQ(bench.commits.size(), 1U) << "nothing more for a journal that cannot write";
  EXPECT_TRUE(bench.take<Acknowledge>("w").empty());
  bench.commits.clear();
  bench.feed(JournalWorks{});
  EXPECT_EQ(bench.commits.size(), 2U) << "both are issued again";
  EXPECT_EQ(bench.take<Batch>("w").size(), 1U);
  bench.commit();
  EXPECT_EQ(bench.take<Acknowledge>("w").at(0).evaluations.size(), 2U);
}

// ---- tail ----

TEST(SchedulerTail, AsksQueuedBatchesBackForLanesThatAreIdle) {
  SchedulerBench bench(sample_settings(1, 6));
  bench.join("a/1", 1, 2);
  const auto held = bench.take<Batch>("a/1");
  ASSERT_EQ(held.size(), 2U) << "one runs, one is queued";
  bench.join("b/1");
  while (bench.scheduler->counts().pending > 0) bench.finish("b/1", bench.take<Batch>("b/1").at(0));
  bench.finish("b/1", bench.take<Batch>("b/1").at(0));
  bench.pass(2, {"a/1", "b/1"});
  const auto retracted = bench.take<Retract>("a/1");
  ASSERT_EQ(retracted.size(), 1U);
  EXPECT_EQ(retracted[0].batch, held[1].batch);
  Returned returned{held[1].batch, {}, "asked back"};
  for (std::size_t i = 0; i < held[1].points.size(); ++i) {
    returned.evaluations.push_back({{held[1].page, held[1].points[i].index}, held[1].attempts[i]});
  }
  bench.say("a/1", returned);
  EXPECT_EQ(bench.take<Batch>("b/1").size(), 1U);
  EXPECT_EQ(bench.scheduler->counters().copies, 0U) << "what comes back is better than a copy";
}

TEST(SchedulerTail, RunsACopyOfTheSlowestLeaseOnAnIdleHost) {
  SchedulerBench bench(sample_settings(1, 1));
  bench.join("slow/1");
  const Batch batch = bench.take<Batch>("slow/1").at(0);
  bench.finish("slow/1", batch);  // Something is measured: 1 s.
  const Batch last = bench.take<Batch>("slow/1").at(0);
  bench.join("fast/1");
  EXPECT_TRUE(bench.take<Batch>("fast/1").empty());
  bench.pass(20, {"slow/1", "fast/1"});
  const auto copies = bench.take<Batch>("fast/1");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(indices(copies[0]), indices(last));
  EXPECT_GT(copies[0].attempts[0], last.attempts[0]);
  bench.finish("fast/1", copies[0]);
  EXPECT_EQ(bench.take<Retract>("slow/1").size(), 1U);
  bench.commit();
  EXPECT_EQ(bench.completions, 1);
  bench.say("slow/1", bench.scored({last.page, last.points[0].index}, last.attempts[0]));
  EXPECT_EQ(bench.scheduler->counters().duplicates, 1U);
  EXPECT_EQ(bench.scheduler->counters().different, 0U);
}

TEST(SchedulerTail, MakesNoCopyOnTheSameHost) {
  SchedulerBench bench(sample_settings(1, 1));
  bench.join("h/1");
  bench.finish("h/1", bench.take<Batch>("h/1").at(0));
  bench.join("h/2");
  bench.pass(60, {"h/1", "h/2"});
  EXPECT_TRUE(bench.take<Batch>("h/2").empty());
}

}  // namespace
}  // namespace ocrs
