// How long an evaluation takes: mean per page over the fleet, times the speed of a worker against that mean.
// A measured guess for batch sizes and for the time left; nothing correct depends on it. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ocrs {

class Pace {
 public:
  explicit Pace(std::uint32_t pages) : pages_(pages) {}

  /// Counts an evaluation's elapsed_ms on a worker that had `results` before and runs at `speed`; gives its new speed.
  [[nodiscard]] double add(std::uint32_t page, double elapsed_ms, double speed, std::uint64_t results) {
    const double mean_before = pages_[page].count > 0 ? pages_[page].mean_ms : elapsed_ms;
    learn(pages_[page], elapsed_ms);
    learn(fleet_, elapsed_ms);
    // Evaluations that share all of another's work take no time: against a mean of nothing there is no speed.
    if (mean_before < shortest_ms) return speed;
    const double weight = 1.0 / static_cast<double>(std::min<std::uint64_t>(results + 1, memory));
    return std::clamp(speed + weight * (elapsed_ms / mean_before - speed), 0.01, 100.0);
  }

  [[nodiscard]] bool is_known() const { return fleet_.count > 0; }
  /// Expected milliseconds; at least shortest_ms.
  [[nodiscard]] double expected_ms(std::uint32_t page, double speed) const {
    const Mean& mean = pages_[page].count > 0 ? pages_[page] : fleet_;
    return std::max(shortest_ms, mean.mean_ms * speed);
  }

 private:
  static constexpr double shortest_ms = 0.01;
  static constexpr std::uint64_t memory = 30;  // results that count
  struct Mean {
    double mean_ms = 0;
    std::uint64_t count = 0;
  };
  static void learn(Mean& mean, double elapsed_ms) {
    mean.count = std::min(mean.count + 1, memory);
    mean.mean_ms += (elapsed_ms - mean.mean_ms) / static_cast<double>(mean.count);
  }

  std::vector<Mean> pages_;
  Mean fleet_;
};

}  // namespace ocrs
