// Chance for the analysis: a generator that gives the same numbers everywhere, bootstrap draws as multiplicities, and
// intervals from what they give. Decides nothing about what is estimated. Pure, seeded by the caller.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "coordinator/core/analysis.hpp"

namespace ocrs {

/// SplitMix64 (Steele, Lea, Flood 2014): small, and specified to the bit, which std's distributions are not.
class SeededNumbers {
 public:
  explicit SeededNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// Uniform in 0 … count - 1; count below 2^32.
  std::size_t below(std::size_t count);
  /// 0 … count - 1 in a random order.
  [[nodiscard]] std::vector<std::size_t> permutation(std::size_t count);

 private:
  std::uint64_t state_;
};

/// How often each of n items was drawn in n draws with replacement.
using Multiplicities = std::vector<std::uint32_t>;
[[nodiscard]] std::vector<Multiplicities> bootstrap_draws(std::size_t items, std::size_t draws, std::uint64_t seed);

/// Linear interpolation between the sorted values; `share` in 0-1, at least one value.
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// The draws' central 95 %, moved so that their mean is `value`: estimators that are biased on resamples (indices are,
/// upwards, for a resample repeats points) keep their spread and lose that bias. Clamped to [low, high].
[[nodiscard]] Estimate centred_estimate(double value, const std::vector<double>& draws, double low, double high);

/// Mean with the percentile interval over resampled items. One item tells nothing of its spread: its interval is
/// stretched to zero, so that it never counts as sure.
[[nodiscard]] Estimate mean_estimate(const std::vector<double>& items, std::uint64_t seed);

}  // namespace ocrs
