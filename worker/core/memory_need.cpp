#include "worker/core/memory_need.hpp"

#include <algorithm>

namespace ocrs {
namespace {

/// What does not grow with the page: an evaluator with one language (measured).
constexpr std::uint64_t fixed_bytes = std::uint64_t{120} << 20;

std::uint64_t with_margin(std::uint64_t bytes) { return bytes + bytes / 4; }

}  // namespace

void MemoryNeed::learn(const MemorySample& sample) {
  if (largest_pixels_ == 0 || sample.peak_bytes == 0 || sample.pixels < (largest_pixels_ + 1) / 2) return;
  std::uint64_t need = sample.peak_bytes;
  if (sample.grew && need > fixed_bytes && sample.pixels < largest_pixels_) {
    const double ratio = static_cast<double>(largest_pixels_) / static_cast<double>(sample.pixels);  // at most 2
    need = fixed_bytes + static_cast<std::uint64_t>(static_cast<double>(need - fixed_bytes) * ratio);
  }
  seen_bytes_ = std::max(seen_bytes_, need);
  evaluations_ += sample.evaluations;
}

bool MemoryNeed::is_measured() const {
  return seen_bytes_ > 0 && (evaluations_ >= evaluations_wanted || with_margin(seen_bytes_) > assumed_bytes_);
}

std::uint64_t MemoryNeed::slot_bytes() const { return is_measured() ? with_margin(seen_bytes_) : assumed_bytes_; }

}  // namespace ocrs
