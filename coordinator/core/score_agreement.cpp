#include "coordinator/core/score_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ocrs {
namespace {

double pairs_of(std::uint64_t count) { return 0.5 * static_cast<double>(count) * (static_cast<double>(count) - 1); }

/// Pairs that are equal among neighbours of a sorted sequence of `size`; `same(i, j)` compares positions.
template <class Same>
double tied_pairs(std::size_t size, const Same& same) {
  double tied = 0;
  for (std::size_t first = 0; first < size;) {
    std::size_t end = first + 1;
    while (end < size && same(first, end)) ++end;
    tied += pairs_of(end - first);
    first = end;
  }
  return tied;
}

/// Sorts [first, end) and gives the number of pairs that stood the wrong way round.
double sort_and_count(std::vector<double>& values, std::vector<double>& spare, std::size_t first, std::size_t end) {
  if (end - first < 2) return 0;
  const std::size_t middle = first + (end - first) / 2;
  double swaps = sort_and_count(values, spare, first, middle) + sort_and_count(values, spare, middle, end);
  std::size_t left = first, right = middle, out = first;
  while (left < middle || right < end) {
    if (right == end || (left < middle && values[left] <= values[right])) {
      spare[out++] = values[left++];
    } else {
      swaps += static_cast<double>(middle - left);
      spare[out++] = values[right++];
    }
  }
  std::copy(spare.begin() + static_cast<std::ptrdiff_t>(first), spare.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(first));
  return swaps;
}

void add_within_page(ScoreAgreement& agreement, const ScoreTable& table) {
  double tau_sum = 0, chosen_sum = 0, best_sum = 0;
  std::size_t tau_count = 0, pages = 0;
  for (PageIndex page; page.value < table.pages(); ++page.value) {
    std::vector<double> scores, targets;
    for (PointIndex point = baseline_point; point.value < std::int64_t{table.points()}; ++point.value) {
      const ScoreRow& row = table.cell(page, point).scores;
      const auto& score = row[index_of(agreement.score)];
      const auto& target = row[index_of(agreement.by)];
      if (!score || !target) continue;
      scores.push_back(as_objective(agreement.score, *score));
      targets.push_back(as_objective(agreement.by, *target));
    }
    if (scores.empty()) continue;
    const auto tau = kendall_tau(scores, targets);
    if (tau) tau_sum += *tau, ++tau_count;
    ++pages;
    const auto chosen = std::max_element(scores.begin(), scores.end()) - scores.begin();
    chosen_sum += targets[static_cast<std::size_t>(chosen)];
    best_sum += *std::max_element(targets.begin(), targets.end());
  }
  if (tau_count > 0) agreement.within_page = tau_sum / static_cast<double>(tau_count);
  if (pages == 0) return;
  // as_objective is its own inverse below 1.
  agreement.chosen_per_page = as_objective(agreement.by, chosen_sum / static_cast<double>(pages));
  agreement.best_per_page = as_objective(agreement.by, best_sum / static_cast<double>(pages));
}

void add_over_set(ScoreAgreement& agreement, const Ranking& ranking) {
  std::vector<double> scores, targets;
  for (const PointScores& row : ranking.points) {
    const auto& score = row.means[index_of(agreement.score)];
    const auto& target = row.means[index_of(agreement.by)];
    if (!row.rank || !score || !target) continue;
    scores.push_back(as_objective(agreement.score, *score));
    targets.push_back(as_objective(agreement.by, *target));
  }
  if (scores.empty()) return;
  agreement.over_set = kendall_tau(scores, targets);
  const auto chosen = std::max_element(scores.begin(), scores.end()) - scores.begin();
  agreement.chosen = as_objective(agreement.by, targets[static_cast<std::size_t>(chosen)]);
  agreement.best = as_objective(agreement.by, *std::max_element(targets.begin(), targets.end()));
}

}  // namespace

std::optional<double> kendall_tau(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t size = a.size();
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return a[i] != a[j] ? a[i] < a[j] : (b[i] != b[j] ? b[i] < b[j] : i < j);
  });
  const double all = pairs_of(size);
  const double tied_a = tied_pairs(size, [&](std::size_t i, std::size_t j) { return a[order[i]] == a[order[j]]; });
  const double tied_both = tied_pairs(
      size, [&](std::size_t i, std::size_t j) { return a[order[i]] == a[order[j]] && b[order[i]] == b[order[j]]; });
  std::vector<double> values, spare(size);
  for (const std::size_t i : order) values.push_back(b[i]);
  const double swaps = sort_and_count(values, spare, 0, size);
  const double tied_b = tied_pairs(size, [&](std::size_t i, std::size_t j) { return values[i] == values[j]; });
  if (all <= tied_a || all <= tied_b) return std::nullopt;
  return (all - tied_a - tied_b + tied_both - 2 * swaps) / (std::sqrt(all - tied_a) * std::sqrt(all - tied_b));
}

std::vector<ScoreAgreement> score_agreement(const ScoreTable& table, const Ranking& ranking) {
  bool ground_truth = false;
  for (PageIndex page; page.value < table.pages(); ++page.value) ground_truth |= table.has_ground_truth(page);
  std::vector<Score> targets{Score::cer, Score::word_recall};
  if (!ground_truth) {
    targets.clear();
    for (const auto& [score, weight] : ranking.objective.weights) targets.push_back(score);
  }
  std::vector<ScoreAgreement> all;
  for (const Score by : targets) {
    for (std::size_t s = 0; s < score_count; ++s) {
      const auto score = static_cast<Score>(s);
      if (score == by || (needs_ground_truth(score) && !ground_truth)) continue;
      ScoreAgreement agreement{.score = score, .by = by};
      add_within_page(agreement, table);
      add_over_set(agreement, ranking);
      if (agreement.best || agreement.best_per_page) all.push_back(agreement);
    }
  }
  return all;
}

}  // namespace ocrs
