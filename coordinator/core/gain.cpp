#include "coordinator/core/gain.hpp"

#include <algorithm>

#include "coordinator/core/resampling.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t gain_seed = 0x6A17;

}  // namespace

std::vector<LeftOutChoice> left_out_choices(const ScoreTable& table, const Ranking& ranking, std::int64_t points_end) {
  // The baseline comes first, so that it wins among equals, as in the ranking.
  std::vector<PointIndex> candidates;
  for (const PointScores& row : ranking.points) {
    if (row.rank && row.point.value < points_end) candidates.push_back(row.point);
  }
  std::vector<LeftOutChoice> choices;
  if (table.pages() < 2 || candidates.empty() || candidates.front() != baseline_point) return choices;
  const auto on_page = [&](std::size_t page, PointIndex point) {
    return page_objective(ranking.objective, table.cell(PageIndex{static_cast<std::uint32_t>(page)}, point))
        .value_or(0);
  };
  std::vector<std::vector<double>> objective(candidates.size(), std::vector<double>(table.pages()));
  std::vector<double> best_without(table.pages(), 0);
  std::vector<std::size_t> winner(table.pages(), 0);
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    for (std::size_t page = 0; page < table.pages(); ++page) objective[c][page] = on_page(page, candidates[c]);
  }
  for (std::size_t left = 0; left < table.pages(); ++left) {
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      double without = 0;
      for (std::size_t page = 0; page < table.pages(); ++page) {
        if (page != left) without += objective[c][page];
      }
      if (c == 0 || without > best_without[left]) {
        best_without[left] = without;
        winner[left] = c;
      }
    }
    choices.push_back({PageIndex{static_cast<std::uint32_t>(left)}, candidates[winner[left]],
                       objective[winner[left]][left] - objective.front()[left]});
  }
  return choices;
}

GainAnalysis analyse_gain(const ScoreTable& table, const Ranking& ranking) {
  GainAnalysis analysis{.best = baseline_point};
  const PointScores* best = ranking.best();
  if (!best) return analysis;
  analysis.best = best->point;
  std::vector<double> differences;
  for (std::uint32_t p = 0; p < table.pages(); ++p) {
    const auto with = page_objective(ranking.objective, table.cell(PageIndex{p}, best->point));
    const auto untouched = page_objective(ranking.objective, table.cell(PageIndex{p}, baseline_point));
    if (with && untouched) differences.push_back(*with - *untouched);
  }
  if (differences.empty()) return analysis;
  analysis.verdict = check_gain(table, ranking).verdict;
  analysis.pages = static_cast<std::uint32_t>(differences.size());
  analysis.gain = mean_estimate(differences, gain_seed);
  const auto share = [&](auto&& counts) {
    return static_cast<double>(std::count_if(differences.begin(), differences.end(), counts)) / analysis.pages;
  };
  analysis.pages_better = share([](double difference) { return difference > 0; });
  analysis.pages_worse = share([](double difference) { return difference < 0; });

  analysis.left_out = left_out_choices(table, ranking, table.points());
  if (analysis.left_out.empty()) return analysis;
  std::vector<double> gains;
  double same = 0;
  for (const LeftOutChoice& choice : analysis.left_out) {
    gains.push_back(choice.gain);
    same += choice.winner == analysis.best;
  }
  analysis.left_out_gain = mean_estimate(gains, gain_seed + 1);
  analysis.same_winner = same / static_cast<double>(gains.size());
  return analysis;
}

}  // namespace ocrs
