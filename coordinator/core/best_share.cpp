#include "coordinator/core/best_share.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/core/factor.hpp"

namespace ocrs {
namespace {

constexpr std::size_t best_min = 5;

double log_choose(std::size_t n, std::size_t k) {
  double sum = 0;
  for (std::size_t i = 1; i <= k; ++i) {
    sum += std::log(static_cast<double>(n - k + i)) - std::log(static_cast<double>(i));
  }
  return sum;
}

/// Rows of the design's settings with an objective, best first.
std::vector<const PointScores*> ranked_settings(const Ranking& ranking) {
  std::vector<const PointScores*> rows;
  for (const std::size_t position : ranking.order) {
    if (ranking.points[position].point != baseline_point) rows.push_back(&ranking.points[position]);
  }
  return rows;
}

/// How many of the best there are, equals of the last among them.
std::size_t number_of_best(const std::vector<const PointScores*>& rows) {
  std::size_t best = std::max(best_min, rows.size() / 10);
  while (best < rows.size() && rows[best]->objective == rows[best - 1]->objective) ++best;
  return best;
}

void hold_by_holm(std::vector<SharedOption>& options) {
  std::stable_sort(options.begin(), options.end(),
                   [](const SharedOption& a, const SharedOption& b) { return a.p < b.p; });
  double least = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    least = std::max(least, std::min(1.0, options[i].p * static_cast<double>(options.size() - i)));
    options[i].p = least;
  }
  std::erase_if(options, [](const SharedOption& one) { return one.p >= share_error; });
}

}  // namespace

double chance_of(std::size_t hits, std::size_t drawn, std::size_t marked, std::size_t all) {
  const double ways = log_choose(all, drawn);
  double chance = 0;
  for (std::size_t k = hits; k <= std::min(drawn, marked); ++k) {
    if (drawn - k > all - marked) continue;
    chance += std::exp(log_choose(marked, k) + log_choose(all - marked, drawn - k) - ways);
  }
  return std::min(chance, 1.0);
}

BestShare best_share(const PipelineSpec& pipeline, const std::vector<Point>& points, const Ranking& ranking) {
  BestShare share;
  const auto rows = ranked_settings(ranking);
  if (rows.size() <= best_min) return share;
  share.settings = rows.size();
  share.best = number_of_best(rows);
  if (share.best * 2 > rows.size()) return share;
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (slots[slot].when != nullptr || slots[slot].factor->kind != FactorKind::choice) continue;
    std::map<std::string, SharedOption> counts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::vector<FactorValue>& values = points[static_cast<std::size_t>(rows[i]->point.value)].values;
      SharedOption& one = counts[to_text(values[slot])];
      one.stage = slots[slot].stage;
      ++one.over_all;
      one.among_best += i < share.best;
    }
    if (counts.size() < 2) continue;
    for (auto& [option, one] : counts) {
      one.option = option;
      one.p = chance_of(one.among_best, share.best, one.over_all, share.settings);
      share.options.push_back(std::move(one));
    }
  }
  hold_by_holm(share.options);
  return share;
}

}  // namespace ocrs
