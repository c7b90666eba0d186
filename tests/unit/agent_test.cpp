#include "worker/core/agent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace ocrs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ContentHash hash_of(std::uint8_t number) {
  ContentHash hash;
  hash.bytes.fill(number);
  return hash;
}

ScreeningSpec two_pages(std::uint8_t run = 1) {
  ScreeningSpec spec;
  spec.run = hash_of(run);
  spec.stages = {"open.denoise"};
  spec.factors = {{"denoise", FactorUnit::none}};
  spec.limits.deadline_s = 60;
  spec.models = {{"eng", hash_of(100), 4'000'000}};
  PageSpec first;
  first.file = hash_of(10);
  first.ground_truth = hash_of(20);
  PageSpec second;
  second.file = hash_of(11);
  spec.pages = {first, second};
  return spec;
}

Batch batch_of(std::uint64_t number, std::uint32_t page, std::vector<std::int64_t> points, std::uint32_t lane = 0) {
  Batch batch;
  batch.run = hash_of(1);
  batch.batch = BatchId{number};
  batch.lane = LaneIndex{lane};
  batch.page = PageIndex{page};
  for (const std::int64_t point : points) {
    batch.points.push_back({PointIndex{point}, {std::string("off")}});
    batch.attempts.push_back(Attempt{1});
  }
  return batch;
}

/// An agent in a world that gives it what it asks for, unless a test takes that away.
class AgentTest : public testing::Test {
 protected:
  void start(AgentOptions options = {}) {
    options.seed = 7;
    agent_.emplace(std::move(options));
    feed(AgentStarted{});
  }

  void join(const ScreeningSpec& spec = two_pages()) {
    hear(Welcome{});
    hear(spec);
  }

  void feed(AgentEvent event) {
    waiting_.push_back(std::move(event));
    while (!waiting_.empty()) {
      AgentEvent next = std::move(waiting_.front());
      waiting_.pop_front();
      for (AgentEffect& effect : agent_->handle(next, now_)) {
        std::visit([this](const auto& known) { carry_out(known); }, effect);
        effects_.push_back(std::move(effect));
      }
      ASSERT_EQ(agent_->broken_invariant(), "");
    }
  }

  void hear(CoordinatorMessage message) { feed(CoordinatorSaid{std::move(message)}); }

  void pass(AgentTime time) {
    const AgentTime until = now_ + time;
    while (now_ < until) {
      now_ += std::min<AgentTime>(seconds(1), until - now_);
      if (coordinator_lives_) feed(CoordinatorSaid{CoordinatorHeartbeat{}});
      feed(AgentTick{0.5, memory_available_});
    }
  }

  void carry_out(const OpenConnection&) {
    if (network_) waiting_.emplace_back(ConnectionUp{});
  }
  void carry_out(const FetchBlob& effect) {
    if (unreachable_blobs_.contains(effect.hash)) return;
    if (missing_blobs_.contains(effect.hash)) {
      waiting_.emplace_back(BlobFailed{effect.hash, "page a.png has changed", true});
    } else {
      waiting_.emplace_back(BlobArrived{effect.hash, effect.with_bytes ? "the truth" : ""});
    }
  }
  void carry_out(const StoreModels&) { waiting_.emplace_back(ModelsStored{"/models"}); }
  void carry_out(const StartSlot& effect) {
    if (evaluators_start_) {
      waiting_.emplace_back(SlotReady{effect.lane, engine_});
    } else {
      waiting_.emplace_back(SlotDied{effect.lane, 0, 127, false, "libtesseract.so.5: cannot open"});
    }
  }
  void carry_out(const KillSlot& effect) { waiting_.emplace_back(SlotDied{effect.lane, 9, 0, false, ""}); }
  void carry_out(const SlotCommand& effect) {
    if (const auto* evaluate = std::get_if<Evaluate>(&effect.command)) evaluates_[effect.lane.value] = *evaluate;
  }
  template <class Other>
  void carry_out(const Other&) {}

  // What an evaluator would say about the Evaluate it was sent last.
  void evaluator_starts(std::int64_t point, const std::string& node, std::uint32_t page = 0, std::uint32_t lane = 0) {
    feed(SlotReport{LaneIndex{lane}, Started{{PageIndex{page}, PointIndex{point}}, node}});
  }
  void evaluator_finishes(std::int64_t point, std::uint32_t lane = 0) {
    const Evaluate evaluate = last_evaluate(lane);
    Evaluated evaluated;
    evaluated.batch = evaluate.batch;
    evaluated.result.id = {evaluate.page, PointIndex{point}};
    evaluated.result.scores.confidence = 90;
    evaluated.reading = "reading " + std::to_string(point);
    feed(SlotReport{LaneIndex{lane}, evaluated});
  }
  void evaluator_is_done(std::uint64_t resident = 0, std::uint32_t lane = 0) {
    feed(SlotReport{LaneIndex{lane}, EvaluateDone{last_evaluate(lane).batch, resident, resident}});
  }

  template <class Message>
  std::vector<Message> said() const {
    std::vector<Message> list;
    for (const SendToCoordinator& sent : all<SendToCoordinator>()) {
      if (const auto* message = std::get_if<Message>(&sent.message)) list.push_back(*message);
    }
    return list;
  }
  template <class Effect>
  std::vector<Effect> all() const {
    std::vector<Effect> list;
    for (const AgentEffect& effect : effects_) {
      if (const auto* known = std::get_if<Effect>(&effect)) list.push_back(*known);
    }
    return list;
  }
  template <class Command>
  std::vector<Command> commands() const {
    std::vector<Command> list;
    for (const SlotCommand& effect : all<SlotCommand>()) {
      if (const auto* command = std::get_if<Command>(&effect.command)) list.push_back(*command);
    }
    return list;
  }
  Evaluate last_evaluate(std::uint32_t lane = 0) const {
    const auto found = evaluates_.find(lane);
    return found == evaluates_.end() ? Evaluate{} : found->second;
  }
  static std::vector<std::int64_t> points_of(const Evaluate& evaluate) {
    std::vector<std::int64_t> points;
    for (const Point& point : evaluate.points) points.push_back(point.index.value);
    return points;
  }
  std::vector<std::int64_t> points_returned() const {
    std::vector<std::int64_t> points;
    for (const Returned& returned : said<Returned>()) {
      for (const HeldEvaluation& evaluation : returned.evaluations) points.push_back(evaluation.id.point.value);
    }
    std::sort(points.begin(), points.end());
    return points;
  }
  std::uint32_t credit_granted(std::uint32_t lane = 0) const {
    std::uint32_t sum = 0;
    for (const Credit& credit : said<Credit>()) {
      if (credit.lane.value == lane) sum += credit.batches;
    }
    return sum;
  }
  void forget() { effects_.clear(); }

  std::optional<Agent> agent_;
  AgentTime now_{seconds(1000)};
  std::vector<AgentEffect> effects_;
  std::map<std::uint32_t, Evaluate> evaluates_;  // the last one by lane
  std::deque<AgentEvent> waiting_;
  bool network_ = true, evaluators_start_ = true, coordinator_lives_ = true;
  std::uint64_t memory_available_ = 0;
  EngineVersions engine_{"5.3.0", "1.82", "4.6"};
  std::set<ContentHash> missing_blobs_, unreachable_blobs_;
};

using Points = std::vector<std::int64_t>;

// ---- joining ----

TEST_F(AgentTest, SaysHelloOnEveryConnectionBeforeAnythingElse) {
  start({.lanes = 3});
  ASSERT_EQ(all<SendToCoordinator>().size(), 1U);
  ASSERT_EQ(said<Hello>().size(), 1U);
  EXPECT_EQ(said<Hello>()[0].lanes, 3U);
  EXPECT_EQ(said<Hello>()[0].major, protocol_major);
}

TEST_F(AgentTest, FetchesModelsPreparesEachEvaluatorOnceAndGrantsTwoBatchesPerLane) {
  start({.lanes = 2});
  join();
  EXPECT_EQ(all<StoreModels>().size(), 1U);
  ASSERT_EQ(commands<Prepare>().size(), 2U);
  EXPECT_EQ(commands<Prepare>()[0].tessdata, "/models");
  EXPECT_EQ(credit_granted(0), 2U);
  EXPECT_EQ(credit_granted(1), 2U);
}

TEST_F(AgentTest, GrantsNothingBeforeItsModelsAreHere) {
  unreachable_blobs_.insert(hash_of(100));
  start();
  join();
  EXPECT_EQ(credit_granted(), 0U);
  feed(BlobArrived{hash_of(100), ""});
  EXPECT_EQ(credit_granted(), 2U);
}

TEST_F(AgentTest, IgnoresABatchThatComesBeforeTheWelcome) {
  start();
  hear(batch_of(1, 0, {0, 1}));
  EXPECT_TRUE(agent_->held().empty());
  EXPECT_EQ(agent_->counters().unexpected, 1U);
}

TEST_F(AgentTest, AFatalRejectEndsTheWorkerWithItsSentence) {
  start();
  hear(Reject{RejectCode::engine, "Tesseract 5.2 here, 5.3 there", 0});
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 2);
  EXPECT_NE(all<AgentExit>()[0].text.find("Tesseract 5.2 here, 5.3 there"), std::string::npos);
}

TEST_F(AgentTest, ARefusedKeyIsFinalAndWhatIsHeldStaysInTheSpool) {
  start();
  join();
  feed(ConnectionDown{"hung up"});
  pass(seconds(3));
  feed(ConnectionDown{"the key was refused", Prospect::refused});
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 2);
  EXPECT_EQ(all<AgentExit>()[0].text, "the key was refused");
}

TEST_F(AgentTest, APeerThatCannotBeTheCoordinatorIsFinalOnlyBeforeTheFirstWelcome) {
  network_ = false;
  start();
  feed(ConnectionDown{"no keys there", Prospect::unfit});
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 2);

  effects_.clear();
  network_ = true;
  start();
  join();
  feed(ConnectionDown{"hung up"});
  network_ = false;
  pass(seconds(3));
  feed(ConnectionDown{"no keys there", Prospect::unfit});
  EXPECT_TRUE(all<AgentExit>().empty()) << "something else has its port for a while";
}

TEST_F(AgentTest, AHandshakeThatIsCutFourTimesInARowIsFinal) {
  network_ = false;
  start();
  const auto cut = [&](Prospect prospect) {
    const auto opened = all<OpenConnection>().size();
    feed(ConnectionDown{"cut", prospect});
    for (int i = 0; i < 100 && all<OpenConnection>().size() == opened && all<AgentExit>().empty(); ++i) {
      pass(milliseconds(500));
    }
  };
  cut(Prospect::doubtful);
  cut(Prospect::doubtful);
  cut(Prospect::doubtful);
  cut(Prospect::open);
  cut(Prospect::doubtful);
  cut(Prospect::doubtful);
  cut(Prospect::doubtful);
  EXPECT_TRUE(all<AgentExit>().empty()) << "a tunnel may be without its coordinator for a while";
  cut(Prospect::doubtful);
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 2);
}

TEST_F(AgentTest, ARejectWithARetryTimeIsWaitedFor) {
  start();
  hear(Reject{RejectCode::not_ready, "still reading pages", 20});
  EXPECT_TRUE(all<AgentExit>().empty());
  pass(seconds(19));
  EXPECT_EQ(all<OpenConnection>().size(), 1U);
  pass(seconds(6));
  EXPECT_EQ(all<OpenConnection>().size(), 2U);
}

// ---- evaluating ----

TEST_F(AgentTest, LoadsThePageWithItsGroundTruthThenEvaluatesTheWholeBatch) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5, 6}));
  ASSERT_EQ(commands<LoadPage>().size(), 1U);
  EXPECT_EQ(commands<LoadPage>()[0].ground_truth, "the truth");
  EXPECT_EQ(points_of(last_evaluate()), (Points{4, 5, 6}));
  const auto sent = all<SlotCommand>();
  EXPECT_EQ(sent[sent.size() - 2].page_bytes, hash_of(10));
}

TEST_F(AgentTest, KeepsThePageLoadedForTheNextBatchOfTheSamePage) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  hear(batch_of(2, 0, {5}));
  hear(batch_of(3, 1, {4}));
  for (const std::int64_t point : {4, 5, 4}) {
    evaluator_finishes(point);
    evaluator_is_done();
  }
  EXPECT_EQ(commands<Evaluate>().size(), 3U);
  EXPECT_EQ(commands<LoadPage>().size(), 2U);
}

TEST_F(AgentTest, PrefetchesThePageOfAQueuedBatch) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  forget();
  hear(batch_of(2, 1, {4}));
  ASSERT_EQ(all<FetchBlob>().size(), 1U);
  EXPECT_EQ(all<FetchBlob>()[0].hash, hash_of(11));
  EXPECT_TRUE(commands<LoadPage>().empty());
}

TEST_F(AgentTest, SendsAndSpoolsEachResultAtOnceAndFinishesTheBatchWithFreshCredit) {
  start({.compress = [](std::string_view text) { return "<" + std::string(text) + ">"; }});
  join();
  hear(batch_of(1, 0, {4, 5}));
  forget();
  evaluator_finishes(4);
  ASSERT_EQ(said<ResultMessage>().size(), 1U);
  EXPECT_EQ(said<ResultMessage>()[0].reading, "<reading 4>");
  EXPECT_EQ(said<ResultMessage>()[0].batch, BatchId{1});
  ASSERT_EQ(all<SpoolWrite>().size(), 1U);
  EXPECT_EQ(all<SpoolWrite>()[0].result, said<ResultMessage>()[0]);
  EXPECT_TRUE(said<BatchFinished>().empty());
  evaluator_finishes(5);
  evaluator_is_done();
  ASSERT_EQ(said<BatchFinished>().size(), 1U);
  EXPECT_EQ(credit_granted(), 1U);
}

TEST_F(AgentTest, ForgetsAResultOnlyWhenItIsAcknowledged) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  evaluator_finishes(4);
  evaluator_is_done();
  const HeldEvaluation four{{PageIndex{0}, PointIndex{4}}, Attempt{1}};
  EXPECT_EQ(agent_->held(), std::vector{four});
  hear(Acknowledge{hash_of(2), {four}});  // Another screening's.
  EXPECT_EQ(agent_->held(), std::vector{four});
  hear(Acknowledge{hash_of(1), {four}});
  EXPECT_TRUE(agent_->held().empty());
  ASSERT_EQ(all<SpoolErase>().size(), 1U);
  EXPECT_EQ(all<SpoolErase>()[0].evaluations, std::vector{four});
}

TEST_F(AgentTest, ASecondCopyOfABatchIsIgnored) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  hear(batch_of(1, 0, {4}));
  EXPECT_EQ(agent_->held().size(), 1U);
}

TEST_F(AgentTest, GivesBackABatchOfAnotherScreeningOrWithTwiceTheSamePoint) {
  start();
  join();
  Batch other = batch_of(1, 0, {4});
  other.run = hash_of(9);
  hear(other);
  hear(batch_of(2, 0, {7, 7}));
  hear(batch_of(3, 99, {8}));
  EXPECT_EQ(points_returned(), (Points{4, 7, 7, 8}));
  EXPECT_EQ(said<BatchFinished>().size(), 3U);
  EXPECT_TRUE(commands<Evaluate>().empty());
}

TEST_F(AgentTest, ABatchThatMustRunAloneGetsAFreshEvaluator) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  evaluator_finishes(4);
  evaluator_is_done();
  forget();
  Batch alone = batch_of(2, 0, {5});
  alone.alone = true;
  hear(alone);
  EXPECT_EQ(all<KillSlot>().size(), 1U);
  EXPECT_EQ(commands<Prepare>().size(), 1U);
  EXPECT_EQ(commands<LoadPage>().size(), 1U);
  EXPECT_EQ(points_of(last_evaluate()), (Points{5}));
  EXPECT_TRUE(said<ResultMessage>().empty()) << "a restart on purpose blames nobody";
}

TEST_F(AgentTest, RestartsAnEvaluatorThatHasGrownTooLargeBetweenBatches) {
  start({.recycle_bytes = 1000});
  join();
  hear(batch_of(1, 0, {4}));
  evaluator_finishes(4);
  evaluator_is_done(1001);
  EXPECT_EQ(all<StartSlot>().size(), 2U);
  hear(batch_of(2, 0, {5}));
  evaluator_finishes(5);
  evaluator_is_done(1000);
  EXPECT_EQ(all<StartSlot>().size(), 2U);
}

// ---- deaths and blame ----

TEST_F(AgentTest, BlamesTheStartedNodeAndGoesOnWithTheRestOfTheBatch) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5, 6}));
  evaluator_starts(4, "recognise");
  evaluator_finishes(4);
  evaluator_starts(5, "denoise(h=3)");
  forget();
  feed(SlotDied{LaneIndex{0}, 11, 0, false, "terminate called"});
  ASSERT_EQ(said<ResultMessage>().size(), 1U);
  const EvaluationResult result = said<ResultMessage>()[0].result;
  EXPECT_EQ(result.id.point.value, 5);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->kind, FailureKind::crashed);
  EXPECT_EQ(result.failure->node, "denoise(h=3)");
  EXPECT_NE(result.failure->text.find("SIGSEGV"), std::string::npos);
  EXPECT_EQ(result.failure->stderr_tail, "terminate called");
  EXPECT_EQ(points_of(last_evaluate()), (Points{6}));
  evaluator_finishes(6);
  evaluator_is_done();
  EXPECT_EQ(said<BatchFinished>().size(), 1U);
}

TEST_F(AgentTest, TellsMemoryFromACrash) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5, 6}));
  evaluator_starts(4, "recognise");
  feed(SlotDied{LaneIndex{0}, 6, 0, true, ""});
  evaluator_starts(5, "decode");
  feed(SlotDied{LaneIndex{0}, 9, 0, false, ""});
  ASSERT_EQ(said<ResultMessage>().size(), 2U);
  EXPECT_EQ(said<ResultMessage>()[0].result.failure->kind, FailureKind::memory);
  EXPECT_EQ(said<ResultMessage>()[1].result.failure->kind, FailureKind::memory);
  EXPECT_NE(said<ResultMessage>()[1].result.failure->text.find("from outside"), std::string::npos);
}

TEST_F(AgentTest, ADeathAfterTheStartedEvaluationWasReportedBlamesItOnNobodyTheFirstTime) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5}));
  evaluator_starts(4, "recognise");
  evaluator_finishes(4);
  forget();
  feed(SlotDied{LaneIndex{0}, 11, 0, false, ""});
  EXPECT_TRUE(said<ResultMessage>().empty());
  pass(seconds(3));
  EXPECT_EQ(points_of(last_evaluate()), (Points{5}));
  feed(SlotDied{LaneIndex{0}, 11, 0, false, ""});
  ASSERT_EQ(said<ResultMessage>().size(), 1U);
  EXPECT_EQ(said<ResultMessage>()[0].result.id.point.value, 5);
}

TEST_F(AgentTest, GivesBackTheRestOfABatchWhoseNodeKillsEveryEvaluator) {
  start();
  join();
  hear(batch_of(1, 0, {1, 2, 3, 4, 5}));
  for (const std::int64_t point : {1, 2, 3}) {
    evaluator_starts(point, "remove_lines(40,80)");
    feed(SlotDied{LaneIndex{0}, 11, 0, false, ""});
  }
  EXPECT_EQ(said<ResultMessage>().size(), 3U);
  EXPECT_EQ(points_returned(), (Points{4, 5}));
  EXPECT_EQ(said<BatchFinished>().size(), 1U);
}

TEST_F(AgentTest, ANodeThatPassesTheDeadlineIsEndedAndBlamed) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5}));
  pass(seconds(50));
  evaluator_starts(4, "denoise(h=3)");
  pass(seconds(50));
  evaluator_starts(4, "recognise");
  pass(seconds(59));
  EXPECT_TRUE(all<KillSlot>().empty()) << "every node has the whole limit";
  pass(seconds(3));
  EXPECT_EQ(all<KillSlot>().size(), 1U);
  ASSERT_EQ(said<ResultMessage>().size(), 1U);
  EXPECT_EQ(said<ResultMessage>()[0].result.failure->kind, FailureKind::deadline);
  EXPECT_EQ(said<ResultMessage>()[0].result.failure->node, "recognise");
  EXPECT_EQ(points_of(last_evaluate()), (Points{5}));
}

TEST_F(AgentTest, AnEvaluatorThatDiesIdleIsStartedAgainWithGrowingPausesAndBlamesNobody) {
  start();
  join();
  forget();
  feed(SlotDied{LaneIndex{0}, 9, 0, false, ""});
  EXPECT_TRUE(all<StartSlot>().empty());
  pass(seconds(1));
  EXPECT_EQ(all<StartSlot>().size(), 1U);
  feed(SlotDied{LaneIndex{0}, 9, 0, false, ""});
  pass(seconds(1));
  EXPECT_EQ(all<StartSlot>().size(), 1U);
  pass(seconds(1));
  EXPECT_EQ(all<StartSlot>().size(), 2U);
  EXPECT_TRUE(said<ResultMessage>().empty());
}

TEST_F(AgentTest, AHostOnWhichNoEvaluatorStartsEndsTheWorkerAndSaysWhatWasPrinted) {
  evaluators_start_ = false;
  start({.lanes = 2});
  join();
  pass(seconds(10));
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 2);
  EXPECT_NE(all<AgentExit>()[0].text.find("libtesseract.so.5"), std::string::npos);
}

TEST_F(AgentTest, LibrariesReplacedUnderTheWorkerEndIt) {
  start({.engine = engine_});
  join();
  EXPECT_TRUE(all<AgentExit>().empty());
  engine_.tesseract = "5.4.0";
  feed(SlotDied{LaneIndex{0}, 9, 0, false, ""});
  pass(seconds(2));
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_NE(all<AgentExit>()[0].text.find("5.4.0"), std::string::npos);
}

TEST_F(AgentTest, AnEvaluationWithoutAResultIsAFailureOfTheEngine) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5}));
  evaluator_finishes(4);
  feed(SlotReport{LaneIndex{0}, Problem{"fra.traineddata is damaged", false}});
  evaluator_is_done();
  ASSERT_EQ(said<ResultMessage>().size(), 2U);
  EXPECT_EQ(said<ResultMessage>()[1].result.failure->kind, FailureKind::engine);
  EXPECT_EQ(said<ResultMessage>()[1].result.failure->text, "fra.traineddata is damaged");
}

TEST_F(AgentTest, RegressionAnEvaluatorThatCouldNotDoAsToldIsReplaced) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  feed(SlotReport{LaneIndex{0}, Problem{"page 0: cannot map a memory file: Cannot allocate memory", false}});
  evaluator_is_done();
  EXPECT_EQ(all<KillSlot>().size(), 1U) << "it would fail every page that follows";
  EXPECT_EQ(all<StartSlot>().size(), 2U);
  hear(batch_of(2, 0, {5}));
  evaluator_finishes(5);
  ASSERT_EQ(said<ResultMessage>().size(), 2U);
  EXPECT_FALSE(said<ResultMessage>()[1].result.failure.has_value());
}

// ---- blobs ----

TEST_F(AgentTest, APageTheCoordinatorCannotGiveFailsItsEvaluationsAfterThreeTries) {
  missing_blobs_.insert(hash_of(11));
  start();
  join();
  hear(batch_of(1, 1, {4, 5}));
  EXPECT_TRUE(said<ResultMessage>().empty());
  pass(seconds(10));
  ASSERT_EQ(said<ResultMessage>().size(), 2U);
  EXPECT_EQ(said<ResultMessage>()[0].result.failure->kind, FailureKind::page_unreadable);
  EXPECT_NE(said<ResultMessage>()[0].result.failure->text.find("a.png"), std::string::npos);
  EXPECT_EQ(said<BatchFinished>().size(), 1U);
  hear(batch_of(2, 0, {4}));
  EXPECT_EQ(points_of(last_evaluate()), (Points{4})) << "the lane goes on";
}

TEST_F(AgentTest, ABrokenTransferIsTriedAgainAndBlamesNoPage) {
  unreachable_blobs_.insert(hash_of(11));
  start();
  join();
  hear(batch_of(1, 1, {4}));
  for (int i = 0; i < 8; ++i) {
    feed(BlobFailed{hash_of(11), "connection refused", false});
    pass(seconds(61));
  }
  EXPECT_TRUE(said<ResultMessage>().empty());
  unreachable_blobs_.clear();
  feed(BlobArrived{hash_of(11), ""});
  EXPECT_EQ(points_of(last_evaluate()), (Points{4}));
}

TEST_F(AgentTest, PageBytesThatWereEvictedAreFetchedAgain) {
  start();
  join();
  unreachable_blobs_.insert(hash_of(10));
  feed(BlobArrived{hash_of(10), ""});
  hear(batch_of(1, 0, {4}));
  feed(BlobArrived{hash_of(10), ""});
  ASSERT_EQ(commands<Evaluate>().size(), 1U);
  feed(PageBytesLost{LaneIndex{0}, hash_of(10), "no such file"});
  EXPECT_EQ(commands<Evaluate>().size(), 1U);
  feed(BlobArrived{hash_of(10), ""});
  EXPECT_EQ(commands<LoadPage>().size(), 2U);
  EXPECT_EQ(commands<Evaluate>().size(), 2U);
}

// ---- connection ----

TEST_F(AgentTest, BeatsEveryFiveSeconds) {
  start();
  join();
  pass(seconds(60));
  EXPECT_EQ(said<WorkerHeartbeat>().size(), 12U);
}

TEST_F(AgentTest, ASilentCoordinatorIsLeftForANewConnectionWhileWorkGoesOn) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5}));
  coordinator_lives_ = false;
  pass(seconds(30));
  EXPECT_TRUE(all<CloseConnection>().empty());
  network_ = false;
  pass(seconds(2));
  EXPECT_EQ(all<CloseConnection>().size(), 1U);
  forget();
  evaluator_finishes(4);
  EXPECT_TRUE(said<ResultMessage>().empty()) << "nobody hears it";
  EXPECT_EQ(all<SpoolWrite>().size(), 1U);

  network_ = true;
  coordinator_lives_ = true;
  pass(seconds(60));
  ASSERT_GE(said<Hello>().size(), 1U);
  const Hello hello = said<Hello>().back();
  EXPECT_EQ(hello.held_run, hash_of(1));
  EXPECT_EQ(hello.held.size(), 2U) << "one finished, one unfinished";
  EXPECT_EQ(hello.spooled, 1U);
  EXPECT_TRUE(said<ResultMessage>().empty());
  forget();
  join();
  ASSERT_EQ(said<ResultMessage>().size(), 1U);
  EXPECT_EQ(said<ResultMessage>()[0].reading, "reading 4") << "a new connection gets the reading again";
  EXPECT_EQ(credit_granted(), 1U) << "one of two places is taken by the held batch";
}

TEST_F(AgentTest, ReconnectsWithGrowingPausesOfAtMostThirtySeconds) {
  network_ = false;
  start();
  std::vector<AgentTime> pauses;
  for (int i = 0; i < 12; ++i) {
    const auto before = all<OpenConnection>().size();
    feed(ConnectionDown{"refused"});
    const AgentTime since = now_;
    while (all<OpenConnection>().size() == before) pass(milliseconds(500));
    pauses.push_back(now_ - since);
  }
  EXPECT_LE(pauses.front(), seconds(2));
  EXPECT_GE(pauses.back(), seconds(15));
  for (const AgentTime pause : pauses) {
    EXPECT_GE(pause, seconds(1));
    EXPECT_LE(pause, seconds(31));
  }
}

TEST_F(AgentTest, WorkersOfOneCoordinatorDoNotComeBackTogether) {
  std::set<AgentTime> times;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Connection connection(seed);
    for (int i = 0; i < 6; ++i) connection.lost(AgentTime{0});
    times.insert(connection.reopen_at());
  }
  EXPECT_GE(times.size(), 19U);
}

TEST_F(AgentTest, ResultsWithoutAnAcknowledgementAreRepeatedAfterAMinute) {
  start();
  join();
  hear(batch_of(1, 0, {4}));
  evaluator_finishes(4);
  evaluator_is_done();
  pass(seconds(59));
  EXPECT_EQ(said<ResultMessage>().size(), 1U);
  pass(seconds(2));
  EXPECT_EQ(said<ResultMessage>().size(), 2U);
}

TEST_F(AgentTest, ResultsOfAnEarlierLifeAreAnnouncedAndSentAfterTheWelcome) {
  agent_.emplace(AgentOptions{});
  ResultMessage old;
  old.run = hash_of(1);
  old.result.id = {PageIndex{0}, PointIndex{3}};
  old.result.attempt = Attempt{2};
  feed(SpoolLoaded{{old}});
  feed(AgentStarted{});
  ASSERT_EQ(said<Hello>().size(), 1U);
  EXPECT_EQ(said<Hello>()[0].spooled, 1U);
  EXPECT_EQ(said<Hello>()[0].held_run, hash_of(1));
  EXPECT_TRUE(said<ResultMessage>().empty());
  hear(Welcome{});
  EXPECT_EQ(said<ResultMessage>(), std::vector{old});
}

TEST_F(AgentTest, AnotherScreeningDropsWhatIsHeldOfTheOldOne) {
  start();
  join();
  hear(batch_of(1, 0, {4, 5}));
  evaluator_finishes(4);
  forget();
  join(two_pages(2));
  EXPECT_TRUE(agent_->held().empty());
  ASSERT_EQ(all<SpoolErase>().size(), 1U);
  EXPECT_EQ(all<DropPages>().size(), 1U);
  EXPECT_EQ(all<KillSlot>().size(), 1U);
  ASSERT_EQ(commands<Prepare>().size(), 1U);
  EXPECT_EQ(commands<Prepare>()[0].screening.run, hash_of(2));
  EXPECT_TRUE(said<ResultMessage>().empty());
}

// ---- retraction, draining, leaving ----

TEST_F(AgentTest, ARetractionGivesBackWhatIsNotStarted) {
  start();
  join();
  hear(batch_of(1, 0, {1, 2}));
  hear(batch_of(2, 0, {3, 4}));
  const EvaluationId one{PageIndex{0}, PointIndex{1}}, two{PageIndex{0}, PointIndex{2}},
      four{PageIndex{0}, PointIndex{4}};
  hear(Retract{BatchId{1}, {one, two}});
  hear(Retract{BatchId{2}, {four}});
  EXPECT_EQ(points_returned(), (Points{4}));
  EXPECT_EQ(agent_->held().size(), 3U);
  // The evaluator dies in 1: the retracted 2 is not run again but given back.
  evaluator_starts(1, "recognise");
  feed(SlotDied{LaneIndex{0}, 11, 0, false, ""});
  EXPECT_EQ(points_returned(), (Points{2, 4}));
  EXPECT_EQ(points_of(last_evaluate()), (Points{3}));
}

TEST_F(AgentTest, AStopFinishesTheEvaluationUnderWayGivesBackTheRestAndWaitsForTheAcknowledgement) {
  start();
  join();
  hear(batch_of(1, 0, {1, 2, 3}));
  hear(batch_of(2, 0, {4}));
  evaluator_starts(1, "recognise");
  feed(StopRequested{});
  EXPECT_EQ(said<Draining>().size(), 1U);
  EXPECT_EQ(points_returned(), (Points{4}));
  EXPECT_TRUE(all<KillSlot>().empty());
  evaluator_finishes(1);
  EXPECT_EQ(points_returned(), (Points{2, 3, 4}));
  EXPECT_TRUE(all<AgentExit>().empty());
  hear(Acknowledge{hash_of(1), {{{PageIndex{0}, PointIndex{1}}, Attempt{1}}}});
  EXPECT_EQ(said<Goodbye>().size(), 1U);
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 0);
  for (const ResultMessage& result : said<ResultMessage>()) EXPECT_FALSE(result.result.failure);
}

TEST_F(AgentTest, AStoppedWorkerDoesNotWaitForEverForAcknowledgements) {
  start();
  join();
  hear(batch_of(1, 0, {1}));
  evaluator_finishes(1);
  evaluator_is_done();
  feed(StopRequested{});
  EXPECT_TRUE(all<AgentExit>().empty());
  pass(seconds(12));
  EXPECT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_TRUE(all<SpoolErase>().empty()) << "the result stays in the spool";
}

TEST_F(AgentTest, ASecondStopLeavesAtOnce) {
  start();
  join();
  hear(batch_of(1, 0, {1, 2}));
  evaluator_starts(1, "recognise");
  feed(StopRequested{false, 0, "SIGTERM"});
  feed(StopRequested{false, 130, "SIGINT"});
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 130);
  EXPECT_EQ(points_returned(), (Points{1, 2}));
  EXPECT_TRUE(said<ResultMessage>().empty()) << "a stop never counts as a failure";
}

TEST_F(AgentTest, ADrainByTheCoordinatorTakesNothingMoreAndLeaves) {
  start();
  join();
  hear(Drain{"asked by the operator"});
  hear(batch_of(1, 0, {1}));
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 0);
}

TEST_F(AgentTest, AfterTheScreeningARemoteWorkerDropsPagesAndWaitsForTheNext) {
  start();
  join();
  hear(ScreeningFinished{hash_of(1)});
  EXPECT_EQ(all<DropPages>().size(), 1U);
  EXPECT_TRUE(all<AgentExit>().empty());
  forget();
  hear(two_pages(2));
  EXPECT_EQ(commands<Prepare>().size(), 1U);
}

TEST_F(AgentTest, AfterTheScreeningALocalWorkerEnds) {
  start({.leave_when_finished = true});
  join();
  hear(ScreeningFinished{hash_of(1)});
  ASSERT_EQ(all<AgentExit>().size(), 1U);
  EXPECT_EQ(all<AgentExit>()[0].code, 0);
}

// ---- memory ----

TEST_F(AgentTest, ShortMemoryParksLanesOneByOneButNeverTheLastAndTheyComeBackLater) {
  start({.lanes = 3, .memory_low_bytes = 100, .memory_high_bytes = 200});
  memory_available_ = 1000;
  join();
  hear(batch_of(1, 0, {1}, 2));
  memory_available_ = 90;
  pass(seconds(5));
  EXPECT_TRUE(all<KillSlot>().empty()) << "its batch is finished first";
  evaluator_finishes(1, 2);
  evaluator_is_done(0, 2);
  EXPECT_EQ(all<KillSlot>().size(), 1U);
  memory_available_ = 40;
  pass(seconds(60));
  EXPECT_EQ(all<KillSlot>().size(), 2U) << "lane 0 is kept";
  hear(batch_of(2, 0, {2}, 1));
  EXPECT_EQ(points_returned(), (Points{2}));
  memory_available_ = 150;
  pass(seconds(120));
  EXPECT_EQ(all<StartSlot>().size(), 3U) << "between the marks nothing changes";
  memory_available_ = 300;
  pass(seconds(200));
  EXPECT_EQ(all<StartSlot>().size(), 5U);
}

TEST_F(AgentTest, LanesForWhichTheScreeningsPagesLeaveNoMemoryRest) {
  start({.lanes = 3, .plan = [](const ScreeningSpec& spec, std::optional<std::uint64_t>) {
           return LanePlan{spec.run == hash_of(1) ? 1U : 3U, 0};
         }});
  join();
  EXPECT_EQ(all<StartSlot>().size(), 1U);
  EXPECT_EQ(credit_granted(1), 0U);
  join(two_pages(2));
  EXPECT_EQ(credit_granted(1), 2U);
}

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

/// A machine with 2000 MiB to give, where 1000 MiB per evaluator are assumed.
AgentOptions sized_by_memory(std::uint32_t lanes) {
  AgentOptions options;
  options.lanes = lanes;
  options.plan = [lanes](const ScreeningSpec&, std::optional<std::uint64_t> measured) {
    const std::uint64_t each = measured.value_or(1000 * mib);
    const auto fitting = static_cast<std::uint32_t>(std::min<std::uint64_t>(lanes, 2000 * mib / each));
    return LanePlan{std::max(1U, fitting), 0, each};
  };
  return options;
}

ScreeningSpec sized_pages() {
  ScreeningSpec spec = two_pages();
  for (PageSpec& page : spec.pages) page.width = page.height = 3000;
  return spec;
}

TEST_F(AgentTest, AnEvaluatorThatNeedsMoreThanAssumedCostsALaneAfterItsBatch) {
  start(sized_by_memory(2));
  join(sized_pages());
  EXPECT_EQ(all<StartSlot>().size(), 2U);
  hear(batch_of(1, 0, {1}, 0));
  hear(batch_of(2, 0, {2}, 1));
  hear(batch_of(3, 0, {3}, 1));
  evaluator_finishes(1, 0);
  evaluator_is_done(1200 * mib, 0);
  EXPECT_TRUE(all<KillSlot>().empty()) << "what works is not cut short";
  EXPECT_EQ(points_returned(), (Points{3})) << "what has not begun goes back at once";
  evaluator_finishes(2, 1);
  evaluator_is_done(300 * mib, 1);
  ASSERT_EQ(all<KillSlot>().size(), 1U);
  EXPECT_EQ(all<KillSlot>()[0].lane.value, 1U);
  pass(seconds(300));
  EXPECT_EQ(all<StartSlot>().size(), 2U) << "it does not come back";
}

TEST_F(AgentTest, EvaluatorsThatNeedLessThanAssumedBringLanesIn) {
  start(sized_by_memory(4));
  join(sized_pages());
  EXPECT_EQ(all<StartSlot>().size(), 2U);
  std::vector<std::int64_t> points;
  for (std::int64_t point = 0; point < 16; ++point) points.push_back(point);
  hear(batch_of(1, 0, points, 0));
  for (const std::int64_t point : points) evaluator_finishes(point, 0);
  evaluator_is_done(400 * mib, 0);
  EXPECT_EQ(all<StartSlot>().size(), 4U);
  EXPECT_EQ(credit_granted(3), 2U);
}

}  // namespace
}  // namespace ocrs
