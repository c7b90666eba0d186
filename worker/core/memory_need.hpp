// MemoryNeed learns from the peaks of running evaluators what one needs for the screening's largest page. It measures
// nothing itself (the evaluator reports its peak after each batch) and decides nothing about lanes (placement).
#pragma once

#include <cstdint>

namespace ocrs {

struct MemorySample {
  std::uint64_t pixels = 0;       // of the page just evaluated
  std::uint64_t peak_bytes = 0;   // of the evaluator, over its whole life
  bool grew = false;              // the peak is this batch's; else an earlier page's, and only an upper bound here
  std::uint64_t evaluations = 0;  // in this batch
};

class MemoryNeed {
 public:
  /// `largest_pixels` of the screening, and the bytes assumed for it until enough is known.
  MemoryNeed(std::uint64_t largest_pixels = 0, std::uint64_t assumed_bytes = 0)
      : largest_pixels_(largest_pixels), assumed_bytes_(assumed_bytes) {}

  /// Pages of less than half the largest one's pixels tell nothing about it and are passed over.
  void learn(const MemorySample& sample);

  /// The largest need seen, scaled to the largest page, and a quarter more. What is more than assumed counts at once,
  /// what is less only after `evaluations_wanted`: the settings that need most may still come.
  [[nodiscard]] std::uint64_t slot_bytes() const;
  [[nodiscard]] bool is_measured() const;

  static constexpr std::uint64_t evaluations_wanted = 16;

 private:
  std::uint64_t largest_pixels_, assumed_bytes_;
  std::uint64_t seen_bytes_ = 0, evaluations_ = 0;
};

}  // namespace ocrs
