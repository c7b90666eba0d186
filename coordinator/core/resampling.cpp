#include "coordinator/core/resampling.hpp"

#include <cmath>
#include <numeric>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

constexpr std::size_t mean_draws = 2000;
constexpr double tail = 0.025;

double value_at(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::uint64_t SeededNumbers::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31);
}

std::size_t SeededNumbers::below(std::size_t count) { return ((next() >> 32) * count) >> 32; }

std::vector<std::size_t> SeededNumbers::permutation(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

std::vector<Multiplicities> bootstrap_draws(std::size_t items, std::size_t draws, std::uint64_t seed) {
  SeededNumbers numbers(seed);
  std::vector<Multiplicities> all(draws, Multiplicities(items, 0));
  for (Multiplicities& draw : all) {
    for (std::size_t i = 0; i < items; ++i) ++draw[numbers.below(items)];
  }
  return all;
}

double quantile(std::vector<double> values, double share) {
  OCRS_CHECK(!values.empty(), "a quantile of nothing");
  std::sort(values.begin(), values.end());
  return value_at(values, share);
}

Estimate centred_estimate(double value, const std::vector<double>& draws, double low, double high) {
  const auto clamped = [&](double x) { return std::clamp(x, low, high); };
  Estimate estimate{clamped(value), {clamped(value), clamped(value)}};
  if (draws.empty()) return estimate;
  std::vector<double> sorted = draws;
  std::sort(sorted.begin(), sorted.end());
  const double shift = value - std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  estimate.interval = {clamped(value_at(sorted, tail) + shift), clamped(value_at(sorted, 1 - tail) + shift)};
  return estimate;
}

Estimate mean_estimate(const std::vector<double>& items, std::uint64_t seed) {
  OCRS_CHECK(!items.empty(), "a mean of nothing");
  const auto count = static_cast<double>(items.size());
  Estimate estimate;
  estimate.value = std::accumulate(items.begin(), items.end(), 0.0) / count;
  if (items.size() == 1) {
    estimate.interval = {std::min(0.0, estimate.value), std::max(0.0, estimate.value)};
    return estimate;
  }
  SeededNumbers numbers(seed);
  std::vector<double> means(mean_draws);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < items.size(); ++i) sum += items[numbers.below(items.size())];
    mean = sum / count;
  }
  std::sort(means.begin(), means.end());
  estimate.interval = {value_at(means, tail), value_at(means, 1 - tail)};
  return estimate;
}

}  // namespace ocrs
