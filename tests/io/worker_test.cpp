// The built worker program against a coordinator that the test plays: real sockets, blobs, evaluators, Tesseract.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "common/core/codec.hpp"
#include "common/io/child_process.hpp"
#include "common/io/compression.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "common/io/socket.hpp"
#include "coordinator/io/blob_server.hpp"
#include "tests/support/scratch_dir.hpp"
#include "tests/support/shared_pages.hpp"
#include "tests/support/tesseract_models.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// The direct children of a process.
std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

class WorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto pages = shared_pages();
    const std::string models = tesseract_models_folder();
    if (!pages || models.empty()) GTEST_SKIP() << "there are no real pages or no Tesseract models here";
    control_.emplace(context_);
    endpoint_ = control_->bind("tcp://127.0.0.1:0");
    blobs_.emplace(context_, "tcp://127.0.0.1:0");
    spec_.run = hash_bytes("a run");
    spec_.stages = {"open.denoise"};
    spec_.factors = {
        {"denoise", FactorUnit::none}, {"denoise_h", FactorUnit::none}, {"noise_threshold", FactorUnit::none}};
    spec_.limits.deadline_s = 120;
    const fs::path model = fs::path(models) / "eng.traineddata";
    spec_.models = {{"eng", publish(model), fs::file_size(model)}};
    PageSpec page;
    page.file = publish(*pages / "mem_L54.jpg");
    page.ground_truth = publish(*pages / "mem_L54.gt.txt");
    spec_.pages = {page};
  }

  ContentHash publish(const fs::path& path) {
    const ContentHash hash = *hash_file(path);
    EXPECT_TRUE(blobs_->add_file(hash, path).ok());
    return hash;
  }

  ChildProcess start_worker(std::vector<std::string> more = {}) {
    ChildOptions options;
    options.executable = OCRS_WORKER_PROGRAM;
    options.arguments = {"--connect", endpoint_, "--slots", "1", "--cache", (dir_ / "cache").string()};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    Result<ChildProcess> worker = ChildProcess::spawn(options);
    EXPECT_TRUE(worker.ok());
    return std::move(worker).value();
  }

  void say(const CoordinatorMessage& message) { EXPECT_EQ(control_->send(routing_, encode(message)), Delivery::sent); }

  /// Hears the worker until the condition holds or a minute has passed; answers HELLO, acknowledges results.
  [[nodiscard]] bool hear_until(const std::function<bool()>& condition,
                                std::chrono::seconds within = std::chrono::seconds(60)) {
    const auto until = Clock::now() + within;
    while (!condition()) {
      if (Clock::now() > until) return false;
      std::vector<WaitItem> items{{control_->handle()}};
      wait_ready(items, std::chrono::milliseconds(50));
      while (const std::optional<RoutedFrame> frame = control_->receive()) {
        const Result<WorkerMessage> message = decode_worker_message(frame->bytes);
        EXPECT_TRUE(message.ok());
        if (message.ok()) hear(frame->routing, *message);
      }
    }
    return true;
  }

  void hear(const std::string& routing, const WorkerMessage& message) {
    ++heard_[std::string(name_of(message))];
    if (const auto* hello = std::get_if<Hello>(&message)) {
      hello_ = *hello;
      routing_ = routing;
      Welcome welcome;
      welcome.blob_endpoint = blobs_->endpoint();
      welcome.heartbeat_s = 0.5;
      say(welcome);
      say(spec_);
    } else if (const auto* credit = std::get_if<Credit>(&message)) {
      credit_ += credit->batches;
    } else if (const auto* result = std::get_if<ResultMessage>(&message)) {
      results_.push_back(*result);
      if (acknowledges_) say(Acknowledge{result->run, {{result->result.id, result->result.attempt}}});
    } else if (const auto* returned = std::get_if<Returned>(&message)) {
      for (const HeldEvaluation& evaluation : returned->evaluations) returned_.insert(evaluation.id.point.value);
    }
  }

  void give(std::uint64_t number, const std::vector<std::int64_t>& points) {
    Batch batch;
    batch.run = spec_.run;
    batch.batch = BatchId{number};
    for (const std::int64_t point : points) {
      // The baseline has no values; others denoise with a strength of their own.
      Point one{PointIndex{point}, {}};
      if (point >= 0) one.values = {std::string("nlm"), 3.0 + static_cast<double>(point), 100.0};
      batch.points.push_back(one);
      batch.attempts.push_back(Attempt{1});
    }
    say(batch);
  }

  /// Waits for the worker to end by itself.
  static ChildExit exit_of(ChildProcess& worker) {
    const auto until = Clock::now() + std::chrono::seconds(30);
    while (Clock::now() < until) {
      if (const auto exit = worker.try_reap()) return *exit;
      ::usleep(20'000);
    }
    ADD_FAILURE() << "the worker does not end";
    return worker.kill();
  }

  fs::path only_folder(const std::string& name) const {
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "cache")) {
      if (entry.path().filename() == name) return entry.path();
    }
    return {};
  }

  test::ScratchDir dir_;
  WireContext context_;
  std::optional<RouterSocket> control_;
  std::optional<BlobServer> blobs_;
  std::string endpoint_, routing_;
  ScreeningSpec spec_;
  Hello hello_;
  std::uint32_t credit_ = 0;
  bool acknowledges_ = true;
  std::vector<ResultMessage> results_;
  std::set<std::int64_t> returned_;
  std::map<std::string, int> heard_;
};

TEST_F(WorkerTest, EvaluatesARealPageBeatsAndDropsItsPagesWhenTheScreeningEnds) {
  ChildProcess worker = start_worker({"--local"});
  ASSERT_TRUE(hear_until([&] { return credit_ == 2; }));
  EXPECT_EQ(hello_.lanes, 1U);
  EXPECT_FALSE(hello_.engine.tesseract.empty());
  give(1, {-1, 2});
  // The credit for the next batch is a message of its own, after or before the end of this one.
  ASSERT_TRUE(hear_until([&] { return results_.size() == 2 && heard_["BATCH_FINISHED"] == 1 && credit_ == 3; }));
  for (const ResultMessage& message : results_) {
    ASSERT_FALSE(message.result.failure) << message.result.failure->text;
    ASSERT_TRUE(message.result.scores.cer);
    EXPECT_LT(*message.result.scores.cer, 1.0);
    const Result<std::string> reading = decompress(message.reading, 1 << 20);
    ASSERT_TRUE(reading.ok());
    EXPECT_EQ(hash_bytes(*reading), message.result.reading);
  }
  ASSERT_TRUE(hear_until([&] { return heard_["HEARTBEAT"] >= 2; }));
  EXPECT_FALSE(fs::is_empty(only_folder("pages")));
  say(ScreeningFinished{spec_.run});
  EXPECT_TRUE(hear_until([&] { return heard_["GOODBYE"] == 1; }));
  EXPECT_EQ(exit_of(worker), (ChildExit{false, 0}));
  EXPECT_TRUE(fs::is_empty(only_folder("pages")));
}

TEST_F(WorkerTest, AnEvaluatorThatCrashesCostsOneEvaluationWhichIsToldWhere) {
  ChildProcess worker = start_worker();
  ASSERT_TRUE(hear_until([&] { return credit_ == 2; }));
  give(1, {0, 1, 2});
  // The first result says that the evaluator is amid the batch.
  ASSERT_TRUE(hear_until([&] { return !results_.empty(); }));
  ::usleep(300'000);  // It has started on the next one.
  const std::vector<pid_t> evaluators = children_of(worker.pid());
  ASSERT_EQ(evaluators.size(), 1U);
  ::kill(evaluators[0], SIGSEGV);
  ASSERT_TRUE(hear_until([&] { return results_.size() == 3 && heard_["BATCH_FINISHED"] == 1; }));
  std::vector<Failure> failures;
  for (const ResultMessage& message : results_) {
    if (message.result.failure) failures.push_back(*message.result.failure);
  }
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].kind, FailureKind::crashed);
  EXPECT_NE(failures[0].text.find("SIGSEGV"), std::string::npos);
  EXPECT_TRUE(failures[0].node == "recognise" || failures[0].node.starts_with("denoise")) << failures[0].node;
}

TEST_F(WorkerTest, AKilledWorkerSendsAgainWhatWasNotAcknowledged) {
  acknowledges_ = false;
  {
    ChildProcess worker = start_worker();
    ASSERT_TRUE(hear_until([&] { return credit_ == 2; }));
    give(1, {3});
    ASSERT_TRUE(hear_until([&] { return results_.size() == 1; }));
    ::usleep(200'000);  // One round of its loop: the spool is on disk.
    worker.kill();
  }
  const WorkerUuid uuid = hello_.worker;
  const ResultMessage before = results_[0];
  acknowledges_ = true;
  ChildProcess worker = start_worker();
  ASSERT_TRUE(hear_until([&] { return results_.size() == 2; }));
  EXPECT_EQ(hello_.worker, uuid);
  EXPECT_EQ(hello_.held_run, spec_.run);
  EXPECT_EQ(hello_.spooled, 1U);
  EXPECT_EQ(results_[1], before);
  EXPECT_TRUE(children_of(worker.pid()).size() <= 1) << "it is not evaluated a second time";
}

TEST_F(WorkerTest, SigtermGivesBackWhatIsNotStartedAndEndsWell) {
  ChildProcess worker = start_worker();
  ASSERT_TRUE(hear_until([&] { return credit_ == 2; }));
  give(1, {0, 1, 2, 3, 4, 5, 6, 7});
  give(2, {8, 9});
  ASSERT_TRUE(hear_until([&] { return !results_.empty(); }));
  ::kill(worker.pid(), SIGTERM);
  ASSERT_TRUE(hear_until([&] { return heard_["GOODBYE"] == 1; }));
  EXPECT_EQ(heard_["DRAINING"], 1);
  EXPECT_TRUE(returned_.contains(8) && returned_.contains(9));
  EXPECT_EQ(returned_.size() + results_.size(), 10U) << "every evaluation is a result or given back";
  for (const ResultMessage& message : results_) EXPECT_FALSE(message.result.failure);
  EXPECT_EQ(exit_of(worker), (ChildExit{false, 0}));
}

TEST_F(WorkerTest, FindsItsCoordinatorAgainAfterThatWasAway) {
  ChildProcess worker = start_worker();
  ASSERT_TRUE(hear_until([&] { return credit_ == 2; }));
  control_.reset();
  ::usleep(300'000);
  control_.emplace(context_);
  const auto until = Clock::now() + std::chrono::seconds(10);
  for (bool bound = false; !bound;) {
    try {
      control_->bind(endpoint_);
      bound = true;
    } catch (const StartupError&) {
      ASSERT_LT(Clock::now(), until) << "the port is not given back";
      ::usleep(50'000);
    }
  }
  credit_ = 0;
  ASSERT_TRUE(hear_until([&] { return heard_["HELLO"] == 2 && credit_ == 2; }));
  give(9, {-1});
  EXPECT_TRUE(hear_until([&] { return results_.size() == 1; }));
}

TEST_F(WorkerTest, AFatalRejectIsItsLastWordAndExitCodeTwo) {
  ChildProcess worker = start_worker();
  std::string from;
  while (from.empty()) {
    std::vector<WaitItem> items{{control_->handle()}};
    wait_ready(items, std::chrono::milliseconds(50));
    if (const auto frame = control_->receive()) from = frame->routing;
  }
  ASSERT_EQ(control_->send(from, encode(CoordinatorMessage{Reject{RejectCode::engine, "another Tesseract", 0}})),
            Delivery::sent);
  EXPECT_EQ(exit_of(worker), (ChildExit{false, 2}));
  ErrorTail tail;
  tail.read_from(worker.error_output());
  EXPECT_NE(tail.text().find("another Tesseract"), std::string::npos) << tail.text();
}

}  // namespace
}  // namespace ocrs
