// Drives a Scheduler by hand: a clock that is turned by the test, workers that say what the test says, a journal that
// commits when it is told to. Every message goes through the codec, and the invariants are checked after every event.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/core/codec.hpp"
#include "coordinator/core/scheduler.hpp"

namespace ocrs::test {

inline ContentHash numbered_hash(std::uint64_t number) {
  ContentHash hash;
  for (std::size_t i = 0; i < 8; ++i) hash.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  hash.bytes[31] = 1;
  return hash;
}

inline WorkerUuid numbered_uuid(std::uint64_t number) {
  WorkerUuid uuid;
  for (std::size_t i = 0; i < 8; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return uuid;
}

/// `pages` pages and the baseline and `points` points; the factors are a choice, a step and a continuous one.
inline SchedulerSettings sample_settings(std::uint32_t pages, std::uint32_t points) {
  SchedulerSettings settings;
  settings.screening.run = numbered_hash(77);
  settings.screening.stages = {"open.scale", "open.denoise"};
  settings.screening.factors = {{"resize", FactorUnit::none},
                                {"denoise", FactorUnit::none},
                                {"scale", FactorUnit::none},
                                {"denoise_h", FactorUnit::none},
                                {"noise_threshold", FactorUnit::none}};
  settings.screening.limits.deadline_s = 60;
  for (std::uint32_t page = 0; page < pages; ++page) {
    settings.screening.pages.emplace_back().file = numbered_hash(1000 + page);
  }
  settings.points.push_back({baseline_point, {}});
  for (std::uint32_t point = 0; point < points; ++point) {
    // Three values of scale; within each, points of the same smoothness of denoise.
    Point made{PointIndex{point}, {}};
    made.values.emplace_back(std::string(point % 3 == 0 ? "off" : "on"));
    made.values.emplace_back(std::string("nlm"));
    made.values.emplace_back(point % 3 == 0 ? FactorValue{} : FactorValue{point % 3 == 1 ? 0.75 : 1.25});
    made.values.emplace_back(2.0 + point % 18);
    made.values.emplace_back(20.0 + point % 480);
    settings.points.push_back(std::move(made));
  }
  settings.engine = {"5.3.0", "1.82.0", "4.6.0"};
  settings.build = "0.1.0";
  settings.blob_endpoint = "tcp://127.0.0.1:5556";
  return settings;
}

inline EvaluationId evaluation(std::uint32_t page, std::int64_t point) { return {PageIndex{page}, PointIndex{point}}; }

/// Scores that depend on the evaluation alone, as a deterministic engine gives them.
inline Scores scores_of(const EvaluationId& id) {
  Scores scores;
  scores.confidence =
      static_cast<double>((id.page.value * 31 + static_cast<std::uint64_t>(id.point.value + 1) * 17) % 101);
  scores.words = 100 + id.page.value;
  scores.characters = 500 + static_cast<std::uint32_t>(id.point.value + 1);
  scores.lexicon = 0.5;
  scores.sharpness = 12.5;
  scores.contrast = 40;
  scores.cer = 0.1 + 0.001 * static_cast<double>(id.point.value + 1);
  return scores;
}

class SchedulerBench {
 public:
  explicit SchedulerBench(SchedulerSettings settings, const SchedulerMemory& memory = {})
      : run(settings.screening.run),
        engine(settings.engine),
        scheduler(std::make_unique<Scheduler>(std::move(settings), memory)) {}

  void feed(const SchedulerEvent& event) {
    for (SchedulerEffect& effect : scheduler->handle(event, now)) {
      if (auto* sent = std::get_if<SendToWorker>(&effect)) {
        const Result<CoordinatorMessage> decoded = decode_coordinator_message(encode(sent->message));
        ASSERT_TRUE(decoded.ok()) << decoded.error().text;
        ASSERT_TRUE(*decoded == sent->message) << "the codec changes a " << name_of(sent->message);
        to[sent->to.routing].push_back(std::move(sent->message));
      } else if (auto* commit = std::get_if<CommitFinal>(&effect)) {
        commits.push_back(std::move(*commit));
      } else if (auto* attempt = std::get_if<CommitAttempt>(&effect)) {
        attempts.push_back(std::move(*attempt));
      } else if (auto* reopen = std::get_if<CommitReopen>(&effect)) {
        reopened.insert(reopened.end(), reopen->evaluations.begin(), reopen->evaluations.end());
      } else if (auto* notice = std::get_if<Notice>(&effect)) {
        notices.push_back(std::move(*notice));
      } else {
        ++completions;
      }
    }
    const auto broken = scheduler->broken_invariant();
    ASSERT_FALSE(broken.has_value()) << *broken;
  }

  void say(const std::string& connection, WorkerMessage message) {
    Result<WorkerMessage> decoded = decode_worker_message(encode(message));
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    feed(WorkerSaid{{connection}, std::move(*decoded)});
  }

  /// A worker of its own uuid per name, on a host named by what is before the '/' in its name.
  [[nodiscard]] Hello hello_of(const std::string& worker, std::uint32_t lanes = 1) const {
    Hello hello;
    hello.worker = numbered_uuid(std::hash<std::string>{}(worker));
    hello.host_id = worker.substr(0, worker.find('/'));
    hello.host_name = hello.host_id;
    hello.build = "0.1.0";
    hello.engine = engine;
    hello.lanes = lanes;
    return hello;
  }

  /// HELLO and credit of one batch per lane; the connection is named as the worker.
  void join(const std::string& worker, std::uint32_t lanes = 1, std::uint32_t credit = 1) {
    say(worker, hello_of(worker, lanes));
    for (std::uint32_t lane = 0; lane < lanes; ++lane) say(worker, Credit{LaneIndex{lane}, credit});
  }

  /// Messages of that kind sent to the connection since they were last taken; others are dropped.
  template <class Message>
  std::vector<Message> take(const std::string& connection) {
    std::vector<Message> found;
    for (CoordinatorMessage& message : std::exchange(to[connection], {})) {
      if (auto* wanted = std::get_if<Message>(&message)) found.push_back(std::move(*wanted));
    }
    return found;
  }

  [[nodiscard]] ResultMessage scored(const EvaluationId& id, Attempt attempt, BatchId batch = {}) const {
    ResultMessage message;
    message.run = run;
    message.batch = batch;
    message.result.id = id;
    message.result.attempt = attempt;
    message.result.scores = scores_of(id);
    message.result.cost.elapsed_ms = 1000;
    message.result.reading = numbered_hash(5);
    message.result.backend = "cpu";
    message.reading = "reading";
    return message;
  }

  [[nodiscard]] ResultMessage failed(const EvaluationId& id, Attempt attempt, FailureKind kind, std::string node,
                                     BatchId batch = {}) const {
    ResultMessage message;
    message.run = run;
    message.batch = batch;
    message.result.id = id;
    message.result.attempt = attempt;
    message.result.failure = Failure{kind, std::move(node), "it went wrong", {}};
    return message;
  }

  /// Scores for everything in the batch, in order, then credit again.
  void finish(const std::string& connection, const Batch& batch) {
    for (std::size_t i = 0; i < batch.points.size(); ++i) {
      say(connection, scored({batch.page, batch.points[i].index}, batch.attempts[i], batch.batch));
    }
    say(connection, BatchFinished{batch.batch});
    say(connection, Credit{batch.lane, 1});
  }

  /// Everything asked for is on disk.
  void commit() {
    Committed committed;
    for (CommitFinal& row : std::exchange(commits, {})) {
      committed.tickets.push_back(row.ticket);
      committed_rows.push_back(std::move(row));
    }
    feed(committed);
  }

  /// Time passes in steps; the connections named are heard of in each.
  void pass(double seconds, const std::vector<std::string>& heard = {}, double step_s = 1) {
    for (double passed = 0; passed < seconds; passed += step_s) {
      now += std::chrono::microseconds(static_cast<std::int64_t>(1e6 * std::min(step_s, seconds - passed)));
      for (const std::string& connection : heard) say(connection, WorkerHeartbeat{1, 1, 0, 0});
      feed(Tick{});
    }
  }

  [[nodiscard]] std::size_t told(const std::string& kind) const {
    return static_cast<std::size_t>(
        std::count_if(notices.begin(), notices.end(), [&](const Notice& notice) { return notice.kind == kind; }));
  }
  [[nodiscard]] EvaluationView view(std::uint32_t page, std::int64_t point) const {
    return scheduler->explain(evaluation(page, point)).value();
  }

  ContentHash run;
  EngineVersions engine;
  std::unique_ptr<Scheduler> scheduler;
  TimePoint now{std::chrono::seconds(1000)};
  std::map<std::string, std::vector<CoordinatorMessage>> to;
  std::vector<CommitFinal> commits, committed_rows;
  std::vector<CommitAttempt> attempts;
  std::vector<EvaluationId> reopened;
  std::vector<Notice> notices;
  int completions = 0;
};

}  // namespace ocrs::test
