// The progress line, the failures and Ctrl-C of numbered jobs on several threads (parallel.hpp), for the verbs that
// work with evaluator children themselves. Decides nothing about the jobs.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/io/signals.hpp"
#include "coordinator/io/parallel.hpp"
#include "coordinator/io/progress.hpp"

namespace ocrs {

/// As many evaluator children as there are cores, each with a gigabyte of the memory that is free; at least one.
[[nodiscard]] std::size_t evaluators_that_fit();

class ParallelProgress {
 public:
  /// SIGINT and SIGTERM become events; before threads are started, so that they inherit it.
  static void block_signals();

  /// After block_signals(). `unit` names what is counted: "pages".
  ParallelProgress(std::string_view unit, std::size_t total);

  /// From any thread: a job failed; told by the next look().
  void fail(const std::string& job, const std::string& reason);
  /// What run_in_parallel's `watch` returns: false after the first signal. A second one ends the program.
  [[nodiscard]] bool look(std::size_t finished);
  void finish() { line_.finish(); }

 private:
  SignalFd signals_;
  ProgressNumbers numbers_;
  RateMeter rate_;
  ProgressLine line_{stderr};
  bool interrupted_ = false, told_ = false, told_all_ = false;

  std::mutex mutex_;
  std::vector<std::string> untold_;
  std::size_t failed_ = 0;
};

}  // namespace ocrs
