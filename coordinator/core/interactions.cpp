#include "coordinator/core/interactions.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "coordinator/core/resampling.hpp"
#include "coordinator/core/sensitivity.hpp"

namespace ocrs {
namespace {

constexpr std::size_t folds = 5;
constexpr std::size_t points_min = 128;     // below, no fold holds enough to judge by
constexpr std::size_t factors_max = 12;     // looked at in pairs: those with the largest PAWN over their noise
constexpr std::size_t background_max = 48;  // points over which the other factors are averaged
constexpr std::size_t grid_max = 5;         // values per ordered factor
constexpr std::size_t pairs_max = 15;       // kept
constexpr float inactive = -1;              // ordered factors are scaled to 0-1 where they count
constexpr std::uint64_t fold_seed = 0xF01D5;

/// The design as the surrogate sees it: a column per factor, ordered ones by rank / n.
struct Table {
  std::vector<bool> categorical;
  SurrogateRows rows;
  std::vector<std::vector<double>> raw;  // [column][row], NaN = does not count
};

Table table_of(const std::vector<FactorSlot>& slots, const SensitivityData& data,
               const std::vector<FactorAnalysis>& factors) {
  Table table;
  table.rows.assign(data.points.size(), std::vector<float>(factors.size(), inactive));
  for (std::size_t c = 0; c < factors.size(); ++c) {
    const Factor& factor = *slots[factors[c].slot].factor;
    const bool choice = factor.kind == FactorKind::choice;
    table.categorical.push_back(choice);
    std::vector<double> active;
    std::vector<std::size_t> where;
    auto& raw = table.raw.emplace_back();
    for (std::size_t i = 0; i < data.points.size(); ++i) {
      raw.push_back(number_of(factor, data.points[i]->values[factors[c].slot]));
      if (std::isnan(raw.back())) continue;
      active.push_back(raw.back());
      where.push_back(i);
    }
    const std::vector<double> ranks = mean_ranks(active);
    for (std::size_t i = 0; i < where.size(); ++i) {
      const double cell = choice ? active[i] : ranks[i] / static_cast<double>(active.size());
      table.rows[where[i]][c] = static_cast<float>(cell);
    }
  }
  return table;
}

/// Out of sample: each fold is predicted by a model of the others. 1 - mean squared error / variance.
Result<double> q2_of(const Table& table, const std::vector<double>& y, Surrogate& surrogate) {
  SeededNumbers numbers(fold_seed);
  const std::vector<std::size_t> order = numbers.permutation(y.size());
  double error = 0;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    SurrogateRows known, asked;
    std::vector<double> known_y, asked_y;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool is_asked = i % folds == fold;
      (is_asked ? asked : known).push_back(table.rows[order[i]]);
      (is_asked ? asked_y : known_y).push_back(y[order[i]]);
    }
    if (auto fitted = surrogate.fit(table.categorical, known, known_y); !fitted) return fitted.error();
    const auto predicted = surrogate.predict(asked);
    if (!predicted) return predicted.error();
    for (std::size_t i = 0; i < asked_y.size(); ++i) error += std::pow((*predicted)[i] - asked_y[i], 2);
  }
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
  double variance = 0;
  for (const double value : y) variance += (value - mean) * (value - mean);
  return variance > 0 ? 1 - error / variance : 0;
}

/// A value of a factor in the grid: how the surrogate takes it, and rows of the design that have it (for choices).
struct GridValue {
  float cell = 0;
  std::string label;
  std::vector<std::size_t> donors;
};

std::vector<GridValue> grid_of(const Table& table, std::size_t column, const Factor& factor) {
  std::vector<GridValue> grid;
  if (table.categorical[column]) {
    for (std::size_t option = 0; option < factor.choices.size(); ++option) {
      GridValue value{static_cast<float>(option), factor.choices[option].name, {}};
      for (std::size_t i = 0; i < table.rows.size(); ++i) {
        if (table.rows[i][column] == value.cell) value.donors.push_back(i);
      }
      if (!value.donors.empty()) grid.push_back(std::move(value));
    }
    return grid;
  }
  std::vector<std::pair<float, std::size_t>> active;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i][column] != inactive) active.emplace_back(table.rows[i][column], i);
  }
  std::sort(active.begin(), active.end());
  for (std::size_t g = 0; g < grid_max; ++g) {
    // The middles of equal shares of the points.
    const auto [cell, row] = active[(2 * g + 1) * active.size() / (2 * grid_max)];
    if (!grid.empty() && grid.back().cell == cell) continue;
    grid.push_back({cell, to_text(FactorValue(std::round(table.raw[column][row] * 1000) / 1000)), {}});
  }
  return grid;
}

/// The columns of the stage that `column` belongs to.
std::vector<std::size_t> stage_columns(const std::vector<FactorSlot>& slots, const std::vector<FactorAnalysis>& factors,
                                       std::size_t column) {
  std::vector<std::size_t> same;
  for (std::size_t c = 0; c < factors.size(); ++c) {
    if (slots[factors[c].slot].stage == slots[factors[column].slot].stage) same.push_back(c);
  }
  return same;
}

class PairLook {
 public:
  PairLook(const std::vector<FactorSlot>& slots, const Table& table, const std::vector<FactorAnalysis>& factors)
      : slots_(slots), table_(table), factors_(factors) {
    for (std::size_t c = 0; c < factors.size(); ++c) {
      const bool shown = factors[c].shown;
      grids_.push_back(shown ? grid_of(table, c, *slots[factors[c].slot].factor) : std::vector<GridValue>{});
      stages_.push_back(stage_columns(slots, factors, c));
    }
  }

  /// nullopt when the pair cannot be looked at: a choice with what depends on it, or too few points where both count.
  Result<std::optional<Interaction>> look(std::size_t a, std::size_t b, Surrogate& surrogate, double variance) const {
    const bool same_stage = slots_[factors_[a].slot].stage == slots_[factors_[b].slot].stage;
    if (same_stage && (table_.categorical[a] || table_.categorical[b])) return std::optional<Interaction>{};
    if (grids_[a].size() < 2 || grids_[b].size() < 2) return std::optional<Interaction>{};
    const std::vector<std::size_t> background = background_of(a, b);
    if (background.empty()) return std::optional<Interaction>{};
    SurrogateRows rows;
    for (const GridValue& value_a : grids_[a]) {
      for (const GridValue& value_b : grids_[b]) {
        for (const std::size_t row : background) {
          rows.push_back(table_.rows[row]);
          put(rows.back(), a, value_a, row);
          put(rows.back(), b, value_b, row);
        }
      }
    }
    const auto predicted = surrogate.predict(rows);
    if (!predicted) return predicted.error();
    Interaction pair{.a = a, .b = b};
    for (const GridValue& value : grids_[a]) pair.a_labels.push_back(value.label);
    for (const GridValue& value : grids_[b]) pair.b_labels.push_back(value.label);
    auto next = predicted->begin();
    for (std::size_t i = 0; i < grids_[a].size(); ++i) {
      auto& line = pair.grid.emplace_back();
      for (std::size_t j = 0; j < grids_[b].size(); ++j) {
        const auto end = next + static_cast<std::ptrdiff_t>(background.size());
        line.push_back(std::accumulate(next, end, 0.0) / static_cast<double>(background.size()));
        next = end;
      }
    }
    pair.strength = joint_variance(pair.grid) / variance;
    return std::optional<Interaction>(std::move(pair));
  }

 private:
  [[nodiscard]] std::vector<std::size_t> background_of(std::size_t a, std::size_t b) const {
    std::vector<std::size_t> both;
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      if (table_.rows[i][a] != inactive && table_.rows[i][b] != inactive) both.push_back(i);
    }
    if (both.size() < active_points_min) return {};
    std::vector<std::size_t> chosen;
    const std::size_t count = std::min(background_max, both.size());
    for (std::size_t i = 0; i < count; ++i) chosen.push_back(both[i * both.size() / count]);
    return chosen;
  }

  /// Sets a factor; a choice brings the factors of its stage along, from a row of the design that has made it.
  void put(std::vector<float>& row, std::size_t column, const GridValue& value, std::size_t background) const {
    if (table_.categorical[column]) {
      const auto& donor = table_.rows[value.donors[background % value.donors.size()]];
      for (const std::size_t c : stages_[column]) row[c] = donor[c];
    }
    row[column] = value.cell;
  }

  /// Variance of what is left of the grid after its lines' and columns' means.
  static double joint_variance(const std::vector<std::vector<double>>& grid) {
    const auto lines = static_cast<double>(grid.size()), columns = static_cast<double>(grid.front().size());
    std::vector<double> line_means(grid.size(), 0), column_means(grid.front().size(), 0);
    double mean = 0;
    for (std::size_t i = 0; i < grid.size(); ++i) {
      for (std::size_t j = 0; j < grid[i].size(); ++j) {
        line_means[i] += grid[i][j] / columns;
        column_means[j] += grid[i][j] / lines;
        mean += grid[i][j] / (lines * columns);
      }
    }
    double variance = 0;
    for (std::size_t i = 0; i < grid.size(); ++i) {
      for (std::size_t j = 0; j < grid[i].size(); ++j) {
        variance += std::pow(grid[i][j] - line_means[i] - column_means[j] + mean, 2) / (lines * columns);
      }
    }
    return variance;
  }

  const std::vector<FactorSlot>& slots_;
  const Table& table_;
  const std::vector<FactorAnalysis>& factors_;
  std::vector<std::vector<GridValue>> grids_;
  std::vector<std::vector<std::size_t>> stages_;
};

/// Positions of the factors that are looked at in pairs, in their own order.
std::vector<std::size_t> worth_a_look(const std::vector<FactorAnalysis>& factors) {
  std::vector<std::pair<double, std::size_t>> by_effect;
  for (std::size_t f = 0; f < factors.size(); ++f) {
    if (!factors[f].shown || !factors[f].indices.pawn) continue;
    by_effect.emplace_back(factors[f].noise.pawn - factors[f].indices.pawn->value, f);
  }
  std::sort(by_effect.begin(), by_effect.end());
  std::vector<std::size_t> chosen;
  for (const auto& [effect, f] : by_effect) {
    if (chosen.size() < factors_max) chosen.push_back(f);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

Result<InteractionAnalysis> analyse_interactions(const PipelineSpec& pipeline, const SensitivityData& data,
                                                 const std::vector<FactorAnalysis>& factors, Surrogate* surrogate) {
  InteractionAnalysis analysis;
  if (surrogate == nullptr) {
    analysis.why_empty = "no surrogate was fitted";
    return analysis;
  }
  if (data.points.size() < points_min || factors.empty()) {
    analysis.why_empty = std::to_string(data.points.size()) + " points are too few for a surrogate; it takes " +
                         std::to_string(points_min);
    return analysis;
  }
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  const Table table = table_of(slots, data, factors);
  const auto q2 = q2_of(table, data.y, *surrogate);
  if (!q2) return q2.error();
  analysis.q2 = *q2;
  if (*q2 < q2_min) {
    analysis.why_empty = "the surrogate explains too little of points it has not seen (Q2 " +
                         shortest(std::round(*q2 * 100) / 100) + ", at least " + shortest(q2_min) + " is asked for)";
    return analysis;
  }
  if (auto fitted = surrogate->fit(table.categorical, table.rows, data.y); !fitted) return fitted.error();
  double variance = 0;
  const double mean = std::accumulate(data.y.begin(), data.y.end(), 0.0) / static_cast<double>(data.y.size());
  for (const double value : data.y) variance += (value - mean) * (value - mean) / static_cast<double>(data.y.size());
  const PairLook pairs(slots, table, factors);
  const std::vector<std::size_t> chosen = worth_a_look(factors);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    for (std::size_t j = i + 1; j < chosen.size(); ++j) {
      auto pair = pairs.look(chosen[i], chosen[j], *surrogate, variance);
      if (!pair) return pair.error();
      if (*pair) analysis.pairs.push_back(std::move(**pair));
    }
  }
  std::stable_sort(analysis.pairs.begin(), analysis.pairs.end(),
                   [](const Interaction& a, const Interaction& b) { return a.strength > b.strength; });
  if (analysis.pairs.size() > pairs_max) analysis.pairs.resize(pairs_max);
  if (analysis.pairs.empty()) analysis.why_empty = "no two factors count together at enough points";
  return analysis;
}

}  // namespace ocrs
