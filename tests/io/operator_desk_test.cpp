// What operators ask, what becomes of it in scheduler and journal, and what they are told.
#include "coordinator/io/operator_desk.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/memory_journal.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

using nlohmann::json;

class OperatorDeskTest : public testing::Test {
 protected:
  OperatorDeskTest() : bench_(test::sample_settings(2, 8)) {
    screening_.pipeline = *find_pipeline("open");
    screening_.design.points = 8;
    screening_.pages.resize(2);
    desk_.emplace(*bench_.scheduler, journal_, screening_);
  }

  ControlReply ask(const ControlRequest& request, const LoopState& loop = {}) {
    OperatorDesk::Answer answer = desk_->answer(request, loop, bench_.now);
    const std::size_t before = bench_.notices.size();
    for (const SchedulerEvent& event : answer.events) bench_.feed(event);
    if (bench_.notices.size() == before && !answer.events.empty()) answer.reply.text += answer.unchanged;
    return answer.reply;
  }
  json data(ControlVerb verb, const LoopState& loop = {}) { return json::parse(ask({.verb = verb}, loop).data); }

  test::SchedulerBench bench_;
  test::MemoryJournal journal_;
  Screening screening_;
  std::optional<OperatorDesk> desk_;
};

TEST_F(OperatorDeskTest, PauseIsKeptForARestartUntilResume) {
  bench_.join("lab/1");
  EXPECT_TRUE(ask({.verb = ControlVerb::pause}).ok);
  EXPECT_TRUE(bench_.scheduler->is_paused());
  EXPECT_EQ(journal_.settings[paused_setting], "1");
  EXPECT_EQ(data(ControlVerb::status)["state"], "paused");
  EXPECT_EQ(ask({.verb = ControlVerb::pause}).text, "it is paused already");
  EXPECT_TRUE(ask({.verb = ControlVerb::resume}).ok);
  EXPECT_FALSE(bench_.scheduler->is_paused());
  EXPECT_EQ(journal_.settings[paused_setting], "");
  EXPECT_EQ(data(ControlVerb::status)["state"], "running");
}

TEST_F(OperatorDeskTest, PausesEvenWhenTheJournalCannotKeepItAndSaysSo) {
  journal_.failure = "no space is left";
  const ControlReply reply = ask({.verb = ControlVerb::pause});
  EXPECT_TRUE(bench_.scheduler->is_paused());
  EXPECT_NE(reply.text.find("will not remember this: no space is left"), std::string::npos) << reply.text;
}

TEST_F(OperatorDeskTest, ExtendsOnlyWhatTheJournalKnowsOf) {
  journal_.failure = "no space is left";
  EXPECT_FALSE(ask({.verb = ControlVerb::extend, .points = 16}).ok);
  EXPECT_EQ(bench_.scheduler->counts().total, 18U);
  journal_.failure.reset();
  EXPECT_TRUE(ask({.verb = ControlVerb::extend, .points = 16}).ok);
  EXPECT_EQ(bench_.scheduler->counts().total, 34U) << "8 points more on 2 pages";
  EXPECT_EQ(journal_.settings["points"], "16");
  EXPECT_EQ(journal_.settings[extended_setting], "16");
  EXPECT_TRUE(ask({.verb = ControlVerb::extend, .points = 16}).ok) << "asking twice is no mistake";
  EXPECT_EQ(bench_.scheduler->counts().total, 34U);
  EXPECT_FALSE(ask({.verb = ControlVerb::extend, .points = 24}).ok);
  EXPECT_FALSE(ask({.verb = ControlVerb::extend, .points = 8}).ok);
}

TEST_F(OperatorDeskTest, ExtendedPointsAreThoseOfTheLargerDesign) {
  const auto answer = desk_->answer({.verb = ControlVerb::extend, .points = 16}, {}, bench_.now);
  ASSERT_EQ(answer.events.size(), 1U);
  const auto& added = std::get<ExtendTo>(answer.events[0]).points;
  std::set<std::int64_t> indices;
  for (const Point& point : added) indices.insert(point.index.value);
  EXPECT_EQ(indices, (std::set<std::int64_t>{8, 9, 10, 11, 12, 13, 14, 15}));
  for (const Point& point : points_in_schedule_order(screening_, 0, 16)) {
    for (const Point& same : added) {
      if (same.index == point.index) {
        EXPECT_EQ(same.values, point.values);
      }
    }
  }
}

TEST_F(OperatorDeskTest, DrainsByNameAndRefusesANameThatNobodyHas) {
  bench_.join("lab7/1");
  bench_.join("lab8/1");
  bench_.take<Batch>("lab7/1");
  EXPECT_FALSE(ask({.verb = ControlVerb::drain, .worker = "lab9"}).ok);
  EXPECT_TRUE(ask({.verb = ControlVerb::drain, .worker = "lab7"}).ok);
  EXPECT_EQ(bench_.take<Drain>("lab7/1").size(), 1U);
  EXPECT_TRUE(bench_.take<Drain>("lab8/1").empty());
  const json told = data(ControlVerb::workers);
  ASSERT_EQ(told.at("workers").size(), 2U);
  for (const json& worker : told.at("workers")) {
    EXPECT_EQ(worker["state"], worker["host"] == "lab7" ? "draining" : "active");
  }
}

TEST_F(OperatorDeskTest, CancelEndsTheScreeningAndIsKept) {
  EXPECT_TRUE(ask({.verb = ControlVerb::cancel}).ok);
  EXPECT_EQ(bench_.completions, 1);
  EXPECT_EQ(journal_.settings[cancelled_setting], "1");
  EXPECT_EQ(data(ControlVerb::status)["state"], "cancelled");
  EXPECT_EQ(data(ControlVerb::status)["evaluations"]["cancelled"], 18);
  EXPECT_FALSE(ask({.verb = ControlVerb::extend, .points = 16}).ok);
}

TEST_F(OperatorDeskTest, AStoppingCoordinatorAnswersQuestionsOnly) {
  const LoopState stopping{.stopping = true};
  for (const ControlVerb verb :
       {ControlVerb::pause, ControlVerb::resume, ControlVerb::cancel, ControlVerb::retry_failed}) {
    EXPECT_FALSE(ask({.verb = verb}, stopping).ok) << to_string(verb);
  }
  EXPECT_FALSE(bench_.scheduler->is_paused());
  EXPECT_EQ(data(ControlVerb::status, stopping)["state"], "stopping");
}

TEST_F(OperatorDeskTest, ExplainsWhoHoldsAnEvaluation) {
  bench_.join("lab7/1");
  const ControlReply reply = ask({.verb = ControlVerb::explain, .evaluation = test::evaluation(0, -1)});
  EXPECT_TRUE(reply.ok);
  const json told = json::parse(reply.data);
  EXPECT_EQ(told["state"], "leased");
  EXPECT_EQ(told["holders"].size(), 1U);
  EXPECT_FALSE(ask({.verb = ControlVerb::explain, .evaluation = test::evaluation(7, 0)}).ok);
}

}  // namespace
}  // namespace ocrs
