// What the live page is told of a running screening: one copy of one moment, handed over by the coordinator's loop once
// a second and read by the page's threads whenever they like. The loop never waits for a reader. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/scheduler_view.hpp"

namespace ocrs {

/// What stays the same while it runs.
struct LiveTitle {
  std::string title, run_id;
};

struct LiveMoment {
  std::string objective;
  std::uint32_t pages = 0, points = 0;
  std::int64_t time_ms = 0;  // wall clock
  std::string state;         // "running", "paused: …", "stopping", "waiting for workers", "complete"
  std::string best;          // a sentence; empty = none yet
  SchedulerCounts counts;
  SchedulerCounters counters;
  double per_second = 0;              // measured over the last minutes
  std::optional<double> remaining_s;  // with the tail: the slowest lanes at the end count
  std::vector<WorkerView> workers;
  std::vector<std::pair<std::int64_t, std::uint64_t>> history;  // time, finished; thinned to a few hundred
};

class LiveState {
 public:
  void publish(LiveMoment moment) {
    auto next = std::make_shared<const LiveMoment>(std::move(moment));
    const std::lock_guard lock(mutex_);
    moment_.swap(next);
  }
  /// nullptr before the first one.
  [[nodiscard]] std::shared_ptr<const LiveMoment> moment() const {
    const std::lock_guard lock(mutex_);
    return moment_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LiveMoment> moment_;
};

/// Finished evaluations over time in at most `size` steps: every other one goes when there are more.
class LiveHistory {
 public:
  void add(std::int64_t time_ms, std::uint64_t finished) {
    if (!steps_.empty() && time_ms - steps_.back().first < spacing_ms_) return;
    steps_.emplace_back(time_ms, finished);
    if (steps_.size() <= size) return;
    std::vector<std::pair<std::int64_t, std::uint64_t>> kept;
    for (std::size_t i = 0; i < steps_.size(); i += 2) kept.push_back(steps_[i]);
    steps_ = std::move(kept);
    spacing_ms_ *= 2;
  }
  [[nodiscard]] const std::vector<std::pair<std::int64_t, std::uint64_t>>& steps() const { return steps_; }

 private:
  static constexpr std::size_t size = 600;
  std::int64_t spacing_ms_ = 1000;
  std::vector<std::pair<std::int64_t, std::uint64_t>> steps_;
};

}  // namespace ocrs
