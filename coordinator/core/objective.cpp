#include "coordinator/core/objective.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/core/factor.hpp"

namespace ocrs {
namespace {

/// Adds in the order of the calls: the caller goes through the pages in theirs.
struct Mean {
  double sum = 0;
  std::uint32_t count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  [[nodiscard]] std::optional<double> value() const {
    if (count == 0) return std::nullopt;
    return sum / count;
  }
};

bool is_image_score(Score score) {
  return score == Score::sharpness || score == Score::contrast || score == Score::cnr;
}

/// What the cell gives to an objective's term; a failure must not escape the mean of an image score.
std::optional<double> term_of(Score score, const ScoreCell& cell) {
  const std::optional<double>& value = cell.scores[index_of(score)];
  if (value) return as_objective(score, *value);
  if (cell.status == CellStatus::failed && is_image_score(score)) return 0.0;
  return std::nullopt;
}

std::optional<double> objective_of_point(const ScoreTable& table, const RankingObjective& objective, PointIndex point) {
  double total = 0;
  for (const auto& [score, weight] : objective.weights) {
    Mean mean;
    for (std::uint32_t page = 0; page < table.pages(); ++page) {
      if (const auto term = term_of(score, table.cell(PageIndex{page}, point))) mean.add(*term);
    }
    if (!mean.value()) return std::nullopt;
    total += weight * *mean.value();
  }
  return total;
}

PointScores scores_of_point(const ScoreTable& table, const RankingObjective& objective, PointIndex point) {
  PointScores row;
  row.point = point;
  std::array<Mean, score_count> means;
  std::array<Mean, score_count> gains;
  for (std::uint32_t p = 0; p < table.pages(); ++p) {
    const ScoreCell& cell = table.cell(PageIndex{p}, point);
    const ScoreCell& untouched = table.cell(PageIndex{p}, baseline_point);
    row.pages_done += cell.status == CellStatus::done;
    row.pages_failed += cell.status == CellStatus::failed;
    row.pages_dropped += cell.status == CellStatus::dropped;
    row.pages_missing += cell.status == CellStatus::pending || cell.status == CellStatus::missing;
    for (std::size_t s = 0; s < score_count; ++s) {
      if (!cell.scores[s]) continue;
      means[s].add(*cell.scores[s]);
      if (untouched.scores[s]) gains[s].add(*cell.scores[s] - *untouched.scores[s]);
    }
  }
  for (std::size_t s = 0; s < score_count; ++s) {
    row.means[s] = means[s].value();
    row.gains[s] = gains[s].value();
  }
  if (row.pages_missing + row.pages_dropped == 0 && table.pages() > 0) row.objective = objective_of_point(table, objective, point);
  return row;
}

void assign_ranks(Ranking& ranking) {
  for (std::size_t i = 0; i < ranking.points.size(); ++i) {
    if (ranking.points[i].objective) ranking.order.push_back(i);
  }
  // Positions follow the points' order, so a stable sort puts the smaller point first among equals.
  std::stable_sort(ranking.order.begin(), ranking.order.end(), [&ranking](std::size_t a, std::size_t b) {
    return *ranking.points[a].objective > *ranking.points[b].objective;
  });
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < ranking.order.size(); ++i) {
    PointScores& row = ranking.points[ranking.order[i]];
    const bool shares = i > 0 && *ranking.points[ranking.order[i - 1]].objective == *row.objective;
    if (!shares) rank = static_cast<std::uint32_t>(i) + 1;
    row.rank = rank;
  }
}

std::string name_of(const std::vector<std::pair<Score, double>>& weights) {
  if (weights.size() == 1 && weights.front().second == 1) return std::string(to_string(weights.front().first));
  std::string name;
  for (const auto& [score, weight] : weights) {
    if (!name.empty()) name += " + ";
    name += shortest(weight) + "*" + std::string(to_string(score));
  }
  return name;
}

}  // namespace

Result<RankingObjective> ranking_objective(const Objective& objective, const std::vector<bool>& ground_truth) {
  const auto pages_with = std::count(ground_truth.begin(), ground_truth.end(), true);
  RankingObjective chosen;
  if (objective.weights.empty()) {
    const bool everywhere = pages_with > 0 && static_cast<std::size_t>(pages_with) == ground_truth.size();
    chosen.weights = {{everywhere ? Score::cer : Score::text_yield, 1.0}};
  }
  for (const auto& [name, weight] : objective.weights) {
    const std::optional<Score> score = score_from_name(name);
    if (!score) return Error{"the objective names \"" + name + "\", which is not a score"};
    if (!std::isfinite(weight)) return Error{"the objective's weight of " + name + " is not a number"};
    if (needs_ground_truth(*score) && pages_with == 0) {
      return Error{"the objective " + name + " needs ground truth, and no page has any"};
    }
    if (weight != 0) chosen.weights.emplace_back(*score, weight);
  }
  if (chosen.weights.empty()) return Error{"every weight of the objective is 0"};
  std::sort(chosen.weights.begin(), chosen.weights.end());
  chosen.name = name_of(chosen.weights);
  return chosen;
}

double as_objective(Score score, double value) {
  return score == Score::cer || score == Score::wer ? 1 - std::min(value, 1.0) : value;
}

std::optional<double> page_objective(const RankingObjective& objective, const ScoreCell& cell) {
  if (cell.status != CellStatus::done && cell.status != CellStatus::failed) return std::nullopt;
  double total = 0;
  for (const auto& [score, weight] : objective.weights) {
    const auto term = term_of(score, cell);
    if (!term) return std::nullopt;
    total += weight * *term;
  }
  return total;
}

Ranking rank_points(const ScoreTable& table, RankingObjective objective) {
  Ranking ranking;
  ranking.objective = std::move(objective);
  ranking.points.reserve(std::size_t{table.points()} + 1);
  for (std::int64_t point = -1; point < std::int64_t{table.points()}; ++point) {
    ranking.points.push_back(scores_of_point(table, ranking.objective, PointIndex{point}));
  }
  const std::optional<double> untouched = ranking.baseline().objective;
  for (PointScores& row : ranking.points) {
    if (row.objective && untouched) row.gain = *row.objective - *untouched;
  }
  assign_ranks(ranking);
  return ranking;
}

}  // namespace ocrs
