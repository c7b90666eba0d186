// Real children: /bin/sh scripts that talk, crash, hang, fork and print.
#include "common/io/child_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "common/core/utf8.hpp"
#include "common/io/file.hpp"
#include "common/io/frame_stream.hpp"
#include "common/io/signals.hpp"

namespace ocrs {
namespace {

ChildProcess shell(const std::string& script, ChildOptions options = {}) {
  options.executable = "/bin/sh";
  options.arguments = {"-c", script};
  auto child = ChildProcess::spawn(options);
  if (!child.ok()) throw std::runtime_error(child.error().text);
  return std::move(*child);
}

/// Everything the child prints until it closes its output.
std::string output_of(ChildProcess& child) {
  ErrorTail tail;
  pollfd wait{child.error_output(), POLLIN, 0};
  do ::poll(&wait, 1, 10000);
  while (tail.read_from(child.error_output()));
  return tail.text();
}

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

/// A process that is not ours to reap is gone, or a zombie, shortly after it was killed.
bool ends_soon(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto status = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!exists(pid) || !status.ok() || status->find(") Z ") != std::string::npos) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(ChildProcess, TalksOverItsSocketAtTheNumberAskedFor) {
  ChildOptions options;
  options.socket_number = 7;
  auto child = shell("head -c 9 <&7 >&7", options);
  ASSERT_TRUE(write_frame(child.socket(), "hello"));
  const auto echoed = read_frame(child.socket());
  ASSERT_TRUE(echoed.ok() && echoed->has_value());
  EXPECT_EQ((*echoed)->bytes, "hello");
  EXPECT_TRUE(child.reap().clean());
}

TEST(ChildProcess, HasNoDescriptorsButItsSocketAndTheStandardStreams) {
  const UniqueFd leaked(::dup(1));  // inheritable, as a careless library would leave it
  auto child = shell("ls /proc/self/fd | tr '\\n' ' '");
  // ls itself opens the folder, under the first free number.
  EXPECT_EQ(output_of(child), "0 1 2 3 4 ");
}

TEST(ChildProcess, ReportsExitStatusAndSignal) {
  EXPECT_EQ(shell("exit 3").reap(), (ChildExit{false, 3}));
  EXPECT_EQ(to_string(ChildExit{false, 3}), "ended with exit status 3");
  EXPECT_EQ(shell("kill -SEGV $$").reap(), (ChildExit{true, SIGSEGV}));
  EXPECT_EQ(to_string(ChildExit{true, SIGKILL}), "was killed by signal 9 (Killed)");
}

TEST(ChildProcess, NamesAnExecutableThatCannotBeRun) {
  ChildOptions options;
  options.executable = "/nonexistent/evaluator";
  const auto child = ChildProcess::spawn(options);
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().text, "/nonexistent/evaluator: cannot be run: No such file or directory");
}

TEST(ChildProcess, KillEndsTheWholeGroupAtOnce) {
  auto child = shell("sleep 1000 & echo $! >&2; wait");
  ErrorTail tail;
  pollfd wait{child.error_output(), POLLIN, 0};
  while (tail.text().find('\n') == std::string::npos) {
    ASSERT_GT(::poll(&wait, 1, 10000), 0);
    ASSERT_TRUE(tail.read_from(child.error_output()));
  }
  const auto grandchild = static_cast<pid_t>(std::stol(tail.text()));
  ASSERT_TRUE(exists(grandchild));
  EXPECT_EQ(child.kill(), (ChildExit{true, SIGKILL}));
  EXPECT_TRUE(ends_soon(grandchild));
  EXPECT_EQ(child.kill(), (ChildExit{true, SIGKILL})) << "killing twice is harmless";
}

TEST(ChildProcess, WhatIsLeftOfTheGroupGoesWhenTheChildIsReaped) {
  auto child = shell("sleep 1000 & echo $! >&2");
  const ChildExit exit = child.reap();
  EXPECT_TRUE(exit.clean());
  EXPECT_TRUE(ends_soon(static_cast<pid_t>(std::stol(output_of(child)))));
}

TEST(ChildProcess, DestructionLeavesNothingBehind) {
  pid_t pid = 0;
  {
    auto child = shell("sleep 1000");
    pid = child.pid();
    EXPECT_TRUE(exists(pid));
  }
  EXPECT_FALSE(exists(pid));
}

TEST(ChildProcess, TryReapNeverBlocksAndThePidfdTellsTheEnd) {
  auto child = shell("read line <&3");
  EXPECT_FALSE(child.try_reap().has_value());
  if (child.pidfd() < 0) GTEST_SKIP() << "this kernel has no pidfd";
  pollfd wait{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 0), 0);
  child.close_socket();
  ASSERT_EQ(::poll(&wait, 1, 10000), 1);
  const auto exit = child.try_reap();
  ASSERT_TRUE(exit.has_value());
  EXPECT_FALSE(exit->signalled);
}

TEST(ChildProcess, DiesWithTheThreadThatSpawnedIt) {
  std::optional<ChildProcess> child;
  std::thread([&] { child.emplace(shell("sleep 1000")); }).join();
  EXPECT_EQ(child->reap(), (ChildExit{true, SIGKILL}));
}

TEST(ChildProcess, StartsWithNothingBlockedAndNothingIgnored) {
  std::thread([] {
    block_signals({SIGINT, SIGTERM, SIGCHLD});
    auto child = shell("grep -E 'SigBlk|SigIgn' /proc/self/status");
    EXPECT_EQ(output_of(child), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  }).join();
}

TEST(ChildProcess, GetsItsEnvironmentOnTopOfOurs) {
  ::setenv("OCRS_TEST_KEPT", "kept", 1);
  ::setenv("OCRS_TEST_CHANGED", "old", 1);
  ChildOptions options;
  options.environment = {{"OCRS_TEST_CHANGED", "new"}, {"OMP_THREAD_LIMIT", "1"}};
  auto child = shell("echo $OCRS_TEST_KEPT $OCRS_TEST_CHANGED $OMP_THREAD_LIMIT", options);
  EXPECT_EQ(output_of(child), "kept new 1\n");
}

TEST(ChildProcess, ObeysItsMemoryLimitProcessorsAndOomScore) {
  ChildOptions options;
  options.address_space_bytes_max = std::uint64_t{512} << 20;
  options.processors = {0};
  options.oom_score_adj = 500;
  auto child = shell("ulimit -v; grep Cpus_allowed_list /proc/self/status; cat /proc/self/oom_score_adj", options);
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_EQ(output_of(child), "unlimited\nCpus_allowed_list:\t0\n500\n");
#else
  EXPECT_EQ(output_of(child), "524288\nCpus_allowed_list:\t0\n500\n");
#endif
}

TEST(ErrorTail, KeepsTheLastTwoKibibytesAsReadableText) {
  ErrorTail tail;
  for (int i = 0; i < 1000; ++i) tail.take("line " + std::to_string(i) + " caf\xC3\xA9\n");
  tail.take("bad \xFF\x1B[0m end\n");
  const std::string text = tail.text();
  EXPECT_LE(text.size(), 2048u);
  EXPECT_TRUE(is_utf8(text));
  EXPECT_TRUE(text.ends_with("line 999 café\nbad \xEF\xBF\xBD?[0m end\n")) << text.substr(text.size() - 60);
}

TEST(ErrorTail, StaysBoundedWhenEveryByteIsBad) {
  ErrorTail tail;
  tail.take(std::string(5000, '\xFF'));
  EXPECT_LE(tail.text().size(), 2048u);
  EXPECT_TRUE(is_utf8(tail.text()));
}

}  // namespace
}  // namespace ocrs
