#include "coordinator/io/parallel_progress.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <thread>

namespace ocrs {

std::size_t evaluators_that_fit() {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  for (std::uint64_t kib = 0; meminfo >> key;) {
    if (key != "MemAvailable:") continue;
    meminfo >> kib;
    return std::clamp<std::size_t>(kib >> 20, 1, cores);
  }
  return cores;
}

void ParallelProgress::block_signals() { ocrs::block_signals({SIGINT, SIGTERM}); }

ParallelProgress::ParallelProgress(std::string_view unit, std::size_t total) : signals_({SIGINT, SIGTERM}) {
  numbers_.unit = unit;
  numbers_.total = total;
}

void ParallelProgress::fail(const std::string& job, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++failed_;
  untold_.push_back(job + ": " + reason);
}

bool ParallelProgress::look(std::size_t finished) {
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& text : untold_) line_.say(text);
    untold_.clear();
    numbers_.failed = failed_;
  }
  if (signals_.next()) {
    if (interrupted_) {  // At once: the children die with their threads.
      std::signal(SIGTERM, SIG_DFL);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      std::raise(SIGTERM);
    }
    interrupted_ = true;
    numbers_.state = "stopping after the pages under way (again: at once)";
  }
  const auto now = std::chrono::duration_cast<RateMeter::Time>(std::chrono::steady_clock::now().time_since_epoch());
  numbers_.finished = finished;
  rate_.add(now, finished);
  numbers_.per_second = rate_.per_second();
  numbers_.remaining.reset();
  if (numbers_.per_second > 0) {
    numbers_.remaining =
        std::chrono::seconds(static_cast<std::int64_t>(double(numbers_.total - finished) / numbers_.per_second));
  }
  const bool news = (interrupted_ && !told_) || (finished == numbers_.total && !told_all_);
  line_.show(numbers_, now, news);
  told_ = interrupted_;
  told_all_ = finished == numbers_.total;
  return !interrupted_;
}

}  // namespace ocrs
