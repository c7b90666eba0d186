#include "worker/io/slot_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "tests/support/scratch_dir.hpp"
#include "worker/core/lane.hpp"

namespace ocrs {
namespace {

/// Polls like the agent's loop until the child is dead.
SlotDied wait_for_death(SlotProcess& slot, std::vector<EvaluatorReport>* reports = nullptr) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < until) {
    for (EvaluatorReport& report : slot.reports()) {
      if (reports != nullptr) reports->push_back(std::move(report));
    }
    if (std::optional<SlotDied> death = slot.death(LaneIndex{4})) return *death;
    pollfd items[] = {{slot.reads() ? slot.socket() : -1, POLLIN, 0}, {slot.pidfd(), POLLIN, 0}};
    ::poll(items, 2, 100);
  }
  ADD_FAILURE() << "the child does not end";
  return {};
}

bool wait_until_ready(SlotProcess& slot) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < until) {
    for (const EvaluatorReport& report : slot.reports()) {
      if (std::holds_alternative<Ready>(report)) return true;
    }
    pollfd item{slot.socket(), POLLIN, 0};
    ::poll(&item, 1, 100);
  }
  return false;
}

class SlotProcessTest : public testing::Test {
 protected:
  /// A program that is started as an evaluator and does this instead.
  std::filesystem::path script(const std::string& body) {
    const std::filesystem::path path = dir_ / "program";
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ::chmod(path.c_str(), 0700);
    return path;
  }
  test::ScratchDir dir_;
};

TEST_F(SlotProcessTest, ARealEvaluatorSaysWhoItIsAndTheSignalThatEndsItIsTold) {
  Result<SlotProcess> slot = SlotProcess::start({OCRS_WORKER_PROGRAM, {}, 0});
  ASSERT_TRUE(slot.ok());
  ASSERT_TRUE(wait_until_ready(*slot));
  ASSERT_EQ(::kill(slot->pid(), SIGSEGV), 0);
  const SlotDied death = wait_for_death(*slot);
  EXPECT_EQ(death.lane.value, 4U);
  EXPECT_EQ(death.signal, SIGSEGV);
  EXPECT_FALSE(death.memory_limit);
  const Failure failure = failure_of_death(death, KillReason::none, "recognise", "", 600);
  EXPECT_EQ(failure.kind, FailureKind::crashed);
  EXPECT_EQ(failure.text, "the evaluator died of SIGSEGV (signal 11) in recognise");
}

TEST_F(SlotProcessTest, ARealEvaluatorEndsByItselfWhenAskedTo) {
  Result<SlotProcess> slot = SlotProcess::start({OCRS_WORKER_PROGRAM, {}, 0});
  ASSERT_TRUE(slot.ok());
  ASSERT_TRUE(wait_until_ready(*slot));
  slot->send(Quit{});
  const SlotDied death = wait_for_death(*slot);
  EXPECT_EQ(death.signal, 0);
  EXPECT_EQ(death.exit_code, 0);
}

TEST_F(SlotProcessTest, KeepsTheLastWordsOfTheDead) {
  Result<SlotProcess> slot = SlotProcess::start({script("echo first >&2; echo last words >&2; kill -SEGV $$"), {}, 0});
  ASSERT_TRUE(slot.ok());
  const SlotDied death = wait_for_death(*slot);
  EXPECT_EQ(death.signal, SIGSEGV);
  EXPECT_NE(death.stderr_tail.find("last words"), std::string::npos);
}

TEST_F(SlotProcessTest, KnowsARefusedAllocationFromACrash) {
  const std::string words = "echo \"terminate called after throwing an instance of 'std::bad_alloc'\" >&2; ";
  Result<SlotProcess> slot = SlotProcess::start({script(words + "kill -ABRT $$"), {}, 0});
  ASSERT_TRUE(slot.ok());
  EXPECT_TRUE(wait_for_death(*slot).memory_limit);
}

TEST_F(SlotProcessTest, AChildThatSaysNothingIntelligibleIsEnded) {
  Result<SlotProcess> slot = SlotProcess::start({script("printf '\\004\\000\\000\\000junk' >&3; sleep 60"), {}, 0});
  ASSERT_TRUE(slot.ok());
  const SlotDied death = wait_for_death(*slot);
  EXPECT_EQ(death.signal, SIGKILL);
  EXPECT_NE(death.stderr_tail.find("cannot be understood"), std::string::npos) << death.stderr_tail;
}

TEST_F(SlotProcessTest, AChildThatIgnoresItsSocketDoesNotBlockTheLoop) {
  Result<SlotProcess> slot = SlotProcess::start({script("sleep 60"), {}, 0});
  ASSERT_TRUE(slot.ok());
  LoadPage page;
  page.ground_truth.assign(1 << 20, 'x');
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i) slot->send(page);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(slot->wants_write());
  slot->kill();
  EXPECT_EQ(wait_for_death(*slot).signal, SIGKILL);
}

TEST_F(SlotProcessTest, AProgramThatIsNotThereIsAnErrorThatNamesIt) {
  const Result<SlotProcess> slot = SlotProcess::start({dir_ / "nothing", {}, 0});
  ASSERT_FALSE(slot.ok());
  EXPECT_NE(slot.error().text.find("nothing"), std::string::npos);
}

}  // namespace
}  // namespace ocrs
