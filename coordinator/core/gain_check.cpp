#include "coordinator/core/gain_check.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace ocrs {
namespace {

/// Objectives of the ranked points, best first, on every page that has one for each of them.
struct PageObjectives {
  std::size_t pages = 0;
  std::vector<std::vector<double>> of_point;  // per position in Ranking::order, per page
  std::size_t baseline = 0;                   // position in Ranking::order
};

std::optional<PageObjectives> page_objectives(const ScoreTable& table, const Ranking& ranking) {
  PageObjectives all;
  bool has_baseline = false;
  for (std::size_t i = 0; i < ranking.order.size(); ++i) {
    if (ranking.points[ranking.order[i]].point != baseline_point) continue;
    all.baseline = i;
    has_baseline = true;
  }
  if (!has_baseline) return std::nullopt;
  all.of_point.resize(ranking.order.size());
  for (std::uint32_t page = 0; page < table.pages(); ++page) {
    std::vector<double> values;
    for (const std::size_t position : ranking.order) {
      const auto value = page_objective(ranking.objective, table.cell(PageIndex{page}, ranking.points[position].point));
      if (!value) break;
      values.push_back(*value);
    }
    if (values.size() != ranking.order.size()) continue;
    for (std::size_t i = 0; i < values.size(); ++i) all.of_point[i].push_back(values[i]);
    ++all.pages;
  }
  return all;
}

/// The best point on every second page from `first`; among equals the baseline, then the one that is better on all.
std::size_t best_on_half(const PageObjectives& all, std::size_t first) {
  const auto sum = [&](std::size_t i) {
    double total = 0;
    for (std::size_t page = first; page < all.pages; page += 2) total += all.of_point[i][page];
    return total;
  };
  std::size_t best = all.baseline;
  double most = sum(best);
  for (std::size_t i = 0; i < all.of_point.size(); ++i) {
    const double total = sum(i);
    if (total <= most) continue;
    most = total;
    best = i;
  }
  return best;
}

}  // namespace

MeanWithError mean_with_error(const std::vector<double>& values) {
  MeanWithError result;
  if (values.empty()) return result;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) result.mean += value / count;
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.error = std::sqrt(squares / (count - 1) / count);
  return result;
}

double t_one_in_twenty(std::size_t values) {
  // One-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom (any statistics table).
  static constexpr std::array quantiles = {6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
                                           1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
                                           1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697};
  if (values < 2) return std::numeric_limits<double>::infinity();
  return values - 2 < quantiles.size() ? quantiles[values - 2] : 1.697;
}

double flipped_signs_chance(const std::vector<double>& values) {
  if (values.empty() || values.size() > most_flipped) return 1;
  double sum = 0, size = 0;
  for (const double value : values) {
    sum += value;
    size += std::abs(value);
  }
  const double rounding = size * 1e-12;  // so that equal sums added in another order count as equal
  const std::size_t ways = std::size_t{1} << values.size();
  std::size_t at_least = 0;
  for (std::size_t flipped = 0; flipped < ways; ++flipped) {
    double other = 0;
    for (std::size_t i = 0; i < values.size(); ++i) other += (flipped >> i & 1U) != 0 ? -values[i] : values[i];
    at_least += other >= sum - rounding;
  }
  return static_cast<double>(at_least) / static_cast<double>(ways);
}

bool more_than_luck(const std::vector<double>& gains) {
  const MeanWithError of = mean_with_error(gains);
  return (gains.size() > 1 && of.mean > t_one_in_twenty(gains.size()) * of.error) ||
         flipped_signs_chance(gains) <= rare_flip;
}

GainCheck check_gain(const ScoreTable& table, const Ranking& ranking) {
  GainCheck check;
  if (ranking.best() == nullptr) return check;
  const auto all = page_objectives(table, ranking);
  if (!all) return check;
  check.pages = all->pages;

  std::vector<double> gains, held_out;
  const std::array chosen = {best_on_half(*all, 1), best_on_half(*all, 0)};  // for the even pages, for the odd ones
  for (std::size_t page = 0; page < all->pages; ++page) {
    gains.push_back(all->of_point[0][page] - all->of_point[all->baseline][page]);
    check.pages_better += gains.back() > 0;
    check.pages_worse += gains.back() < 0;
    held_out.push_back(all->of_point[chosen[page % 2]][page] - all->of_point[all->baseline][page]);
  }
  check.gain = mean_with_error(gains);
  if (ranking.best()->point == baseline_point) {
    check.verdict = GainVerdict::untouched_best;
  } else if (all->pages < 2) {
    check.verdict = GainVerdict::one_page;
  } else {
    check.held_out = mean_with_error(held_out);
    check.verdict = more_than_luck(held_out) ? GainVerdict::beyond_noise : GainVerdict::within_noise;
  }
  return check;
}

}  // namespace ocrs
