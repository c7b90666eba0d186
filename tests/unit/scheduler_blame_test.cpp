#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "coordinator/core/scheduler.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using test::evaluation;
using test::sample_settings;
using test::SchedulerBench;

/// Workers that answer every batch by a rule, until nothing moves any more.
class BlameTest : public testing::Test {
 protected:
  struct Rule {
    /// nullopt = scores.
    std::function<std::optional<Failure>(const std::string& worker, const EvaluationId& id, bool alone)> fails;
  };

  void start(std::uint32_t pages, std::uint32_t points, const std::vector<std::string>& workers) {
    bench_.emplace(sample_settings(pages, points));
    workers_ = workers;
    for (const std::string& worker : workers_) bench_->join(worker);
  }

  /// Runs until complete; time passes whenever nobody has anything.
  void run(const Rule& rule) {
    for (int turn = 0; turn < 20'000 && bench_->completions == 0; ++turn) {
      bool moved = false;
      for (const std::string& worker : workers_) {
        for (const Batch& batch : bench_->take<Batch>(worker)) {
          moved = true;
          answer(worker, batch, rule);
        }
      }
      bench_->commit();
      if (!moved) bench_->pass(1, workers_);
    }
    ASSERT_EQ(bench_->completions, 1) << "it never ends";
  }

  void answer(const std::string& worker, const Batch& batch, const Rule& rule) {
    for (std::size_t i = 0; i < batch.points.size(); ++i) {
      const EvaluationId id{batch.page, batch.points[i].index};
      if (const auto failure = rule.fails(worker, id, batch.alone)) {
        ++deaths_;
        alone_deaths_ += batch.alone;
        bench_->say(worker, bench_->failed(id, batch.attempts[i], failure->kind, failure->node, batch.batch));
      } else {
        bench_->say(worker, bench_->scored(id, batch.attempts[i], batch.batch));
      }
    }
    bench_->say(worker, Credit{batch.lane, 1});
  }

  static Failure crash(std::string node) { return {FailureKind::crashed, std::move(node), "died", {}}; }

  std::optional<SchedulerBench> bench_;
  std::vector<std::string> workers_;
  int deaths_ = 0, alone_deaths_ = 0;
};

TEST_F(BlameTest, FailsAnEvaluationThatKillsOnTwoHostsAndNoOther) {
  start(1, 40, {"a/1", "b/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id == evaluation(0, 7)) return crash("recognise");
    return std::nullopt;
  }});
  EXPECT_EQ(deaths_, 2);
  EXPECT_EQ(alone_deaths_, 1) << "the second time it was run alone";
  EXPECT_EQ(bench_->scheduler->counts().failed, 1U);
  EXPECT_EQ(bench_->scheduler->counts().done, 40U);
  const auto unscored = bench_->scheduler->unscored();
  ASSERT_EQ(unscored.size(), 1U);
  EXPECT_EQ(unscored[0].id, evaluation(0, 7));
  EXPECT_NE(unscored[0].reason.find("a/"), std::string::npos) << unscored[0].reason;
  EXPECT_NE(unscored[0].reason.find("b/"), std::string::npos) << unscored[0].reason;
  EXPECT_EQ(bench_->told("host-set-aside"), 0U) << "never held against the hosts";
}

TEST_F(BlameTest, QuarantinesOnOneHostAfterAFreshEvaluatorAloneDiesToo) {
  start(1, 10, {"a/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id == evaluation(0, 3)) return crash("recognise");
    return std::nullopt;
  }});
  EXPECT_EQ(deaths_, 2);
  EXPECT_EQ(alone_deaths_, 1);
  EXPECT_EQ(bench_->scheduler->counts().failed, 1U);
}

TEST_F(BlameTest, KeepsTheScoresOfAnEvaluationThatDiedOnceByBadLuck) {
  start(1, 10, {"a/1", "b/1"});
  bool first = true;
  run({[&](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id == evaluation(0, 3) && std::exchange(first, false)) return crash("recognise");
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 11U);
  EXPECT_EQ(bench_->attempts.size(), 1U) << "the death is journaled";
}

TEST_F(BlameTest, TriesADeadlineElsewhereFirst) {
  start(1, 10, {"a/1", "b/1"});
  run({[&](const std::string& worker, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id == evaluation(0, 3) && worker == "a/1") return Failure{FailureKind::deadline, "recognise", "slow", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 11U);
}

TEST_F(BlameTest, FailsASettingsOwnFailureAtOnce) {
  start(1, 10, {"a/1", "b/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id.point.value % 2 == 0) return Failure{FailureKind::components, "recognise", "too many components", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(deaths_, 5);
  EXPECT_EQ(bench_->scheduler->counts().failed, 5U);
  EXPECT_EQ(bench_->scheduler->counters().deaths, 0U);
}

TEST_F(BlameTest, CondemnsAPageThatKillsAtDecodeWithOneStoryAndFewDeaths) {
  start(3, 200, {"a/1", "b/1", "c/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id.page.value == 1) return crash("decode");
    return std::nullopt;
  }});
  EXPECT_LE(deaths_, 12);
  EXPECT_EQ(bench_->scheduler->counts().missing, 201U);
  EXPECT_EQ(bench_->scheduler->counts().done, 402U);
  EXPECT_EQ(bench_->told("page-condemned"), 1U);
  EXPECT_EQ(bench_->told("host-set-aside"), 0U);
}

TEST_F(BlameTest, CondemnsAnUnreadablePageOnOneHost) {
  start(2, 50, {"a/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id.page.value == 0) return Failure{FailureKind::page_unreadable, "decode", "not an image", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().missing, 51U);
  EXPECT_LE(deaths_, 12);
}

TEST_F(BlameTest, DoesNotCondemnAPageOneHostAloneCannotRead) {
  start(1, 100, {"bad/1", "good/1"});
  run({[](const std::string& worker, const EvaluationId&, bool) -> std::optional<Failure> {
    if (worker == "bad/1") return Failure{FailureKind::page_unreadable, "decode", "no memory for it", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 101U);
  EXPECT_EQ(bench_->scheduler->counts().missing, 0U);
}

TEST_F(BlameTest, CondemnsThePointsThatShareADeadlyPrefix) {
  start(2, 300, {"a/1", "b/1"});
  // The points with resize 1.25: one in three.
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id.page.value == 0 && id.point.value >= 0 && id.point.value % 3 == 2) return crash("scale(scale=1.25)");
    return std::nullopt;
  }});
  EXPECT_LE(deaths_, 12);
  EXPECT_EQ(bench_->scheduler->counts().failed, 100U);
  EXPECT_EQ(bench_->scheduler->counts().done, 502U);
  EXPECT_EQ(bench_->told("host-set-aside"), 0U);
}

TEST_F(BlameTest, DoesNotCondemnPointsThatOnlyDieInRecognition) {
  start(1, 60, {"a/1", "b/1"});
  run({[](const std::string&, const EvaluationId& id, bool) -> std::optional<Failure> {
    if (id.point.value >= 10 && id.point.value < 16) return crash("recognise");
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().failed, 6U) << "every one of them for itself";
  EXPECT_EQ(bench_->scheduler->counts().done, 55U);
}

TEST_F(BlameTest, SetsAHostAsideWhereTesseractDoesNotStartAndCountsNoTry) {
  start(1, 60, {"bad/1", "good/1"});
  run({[](const std::string& worker, const EvaluationId&, bool) -> std::optional<Failure> {
    if (worker == "bad/1") return Failure{FailureKind::engine, "start", "eng.traineddata is missing", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 61U);
  EXPECT_GE(bench_->told("host-set-aside"), 1U);
  EXPECT_EQ(bench_->scheduler->counters().deaths, 0U);
}

TEST_F(BlameTest, KeepsTryingWithPausesWhenTheOnlyHostHasNoEngine) {
  start(1, 5, {"a/1"});
  int refusals = 0;
  run({[&](const std::string&, const EvaluationId&, bool) -> std::optional<Failure> {
    if (++refusals <= 12) return Failure{FailureKind::engine, "start", "no engine", {}};
    return std::nullopt;
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 6U);
}

TEST_F(BlameTest, SetsAHostAsideThatFailsWhatOthersPass) {
  start(6, 100, {"bad/1", "good/1", "good/2"});
  int bad = 0;
  run({[&](const std::string& worker, const EvaluationId&, bool) -> std::optional<Failure> {
    if (worker != "bad/1") return std::nullopt;
    ++bad;
    return crash("recognise");
  }});
  EXPECT_EQ(bench_->scheduler->counts().done, 606U) << "no evaluation suffers for it";
  EXPECT_GE(bench_->told("host-set-aside"), 1U);
  EXPECT_LT(bad, 60) << "it is not fed for ever";
}

TEST_F(BlameTest, CountsARepeatedFailureMessageOnce) {
  start(1, 0, {"a/1"});
  const Batch batch = bench_->take<Batch>("a/1").at(0);
  for (int i = 0; i < 5; ++i) {
    bench_->say("a/1", bench_->failed(evaluation(0, -1), batch.attempts[0], FailureKind::crashed, "recognise"));
  }
  EXPECT_EQ(bench_->scheduler->counters().deaths, 1U);
  EXPECT_EQ(bench_->view(0, -1).state, EvaluationState::retry);
  EXPECT_EQ(bench_->take<Acknowledge>("a/1").size(), 5U);
}

TEST_F(BlameTest, RemembersDeathsOfAnEarlierIncarnation) {
  SchedulerMemory memory;
  memory.attempts.push_back({evaluation(0, 0), Attempt{1}, crash("recognise"), "a/0011", "a"});
  bench_.emplace(sample_settings(1, 1), memory);
  EXPECT_EQ(bench_->view(0, 0).state, EvaluationState::retry);
  bench_->join("b/1");
  const Batch batch = bench_->take<Batch>("b/1").at(0);
  EXPECT_TRUE(batch.alone);
  bench_->say("b/1", bench_->failed(evaluation(0, 0), batch.attempts[0], FailureKind::crashed, "recognise"));
  EXPECT_EQ(bench_->view(0, 0).state, EvaluationState::quarantined) << "two hosts";
}

TEST(PrefixBox, SharesAPrefixOnlyWithPointsOfTheSameEarlierStages) {
  const std::vector<StageLayout> layout{{"s.first", "first", {0}}, {"s.second", "second", {1, 2}}};
  const auto point = [](std::string choice, FactorValue number, FactorValue other) {
    return Point{PointIndex{0}, {std::move(choice), std::move(number), std::move(other)}};
  };
  PrefixBox box(layout, 1);
  box.widen(point("on", 10.2, std::int64_t{3}));
  box.widen(point("on", 10.8, std::int64_t{3}));
  EXPECT_TRUE(box.contains(point("on", 10.5, std::int64_t{3}))) << "both ends have the same canonical parameter";
  EXPECT_FALSE(box.contains(point("on", 11.5, std::int64_t{3})));
  EXPECT_FALSE(box.contains(point("on", FactorValue{}, std::int64_t{3})));
  EXPECT_FALSE(box.contains(point("off", 10.5, std::int64_t{3})));
  box.forget_earlier_stages();
  EXPECT_TRUE(box.contains(point("off", 10.5, std::int64_t{3})));
  EXPECT_FALSE(box.contains(point("off", 10.5, std::int64_t{4})));
}

}  // namespace
}  // namespace ocrs
