#include "coordinator/core/factor_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "coordinator/core/resampling.hpp"
#include "coordinator/core/sensitivity.hpp"

namespace ocrs {
namespace {

constexpr std::size_t draws_of_result = 200, draws_of_step = 60, dummies = 100;
constexpr std::size_t curve_pieces_max = 16, points_per_piece = 24;
constexpr std::uint64_t draw_seed = 0x0C5C'4EE2, dummy_seed = 0xD0'77'1E;
constexpr std::uint32_t convergence_points[] = {256, 512, 1024, 2048};

/// One factor over the points where it counts.
struct ActiveFactor {
  const Factor* factor = nullptr;
  std::vector<double> x, y;
  std::vector<std::size_t> points;  // positions in the data
  [[nodiscard]] bool is_choice() const { return factor->kind == FactorKind::choice; }
};

ActiveFactor active_part(const Factor& factor, const std::vector<double>& column, const std::vector<double>& y,
                         std::size_t count) {
  ActiveFactor active{.factor = &factor};
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(column[i])) continue;
    active.points.push_back(i);
    active.x.push_back(column[i]);
    active.y.push_back(y[i]);
  }
  return active;
}

bool varies(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [&](double value) { return value != values.front(); });
}

/// What is held in the partial correlation: every choice's options, and the ordered factors that count at all points
/// where this one does.
std::vector<std::vector<double>> partial_columns(const ActiveFactor& active, const std::vector<FactorSlot>& slots,
                                                 const std::vector<std::vector<double>>& columns) {
  std::vector<std::vector<double>> chosen{mean_ranks(active.x)};
  for (std::size_t s = 0; s < slots.size(); ++s) {
    const Factor& other = *slots[s].factor;
    if (&other == active.factor || other.kind == FactorKind::fixed) continue;
    std::vector<double> values;
    for (const std::size_t i : active.points) values.push_back(columns[s][i]);
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }) || !varies(values)) continue;
    if (other.kind != FactorKind::choice) {
      chosen.push_back(mean_ranks(values));
      continue;
    }
    for (std::size_t option = 1; option < other.choices.size(); ++option) {
      std::vector<double> is_option;
      for (const double value : values) is_option.push_back(value == static_cast<double>(option) ? 1.0 : 0.0);
      if (varies(is_option)) chosen.push_back(std::move(is_option));
    }
  }
  return chosen;
}

/// An index with its interval; `index` maps multiplicities to an optional number.
template <class Index>
std::optional<Estimate> with_interval(const Index& index, const std::vector<Multiplicities>& draws, double low) {
  const std::size_t points = draws.front().size();
  const std::optional<double> value = index(Multiplicities(points, 1));
  if (!value) return std::nullopt;
  std::vector<double> drawn;
  for (const Multiplicities& draw : draws) {
    if (const auto resampled = index(draw)) drawn.push_back(*resampled);
  }
  return centred_estimate(*value, drawn, low, 1);
}

struct Estimators {
  FirstOrder first_order;
  Pawn pawn;
  std::optional<PartialCorrelation> partial;
};

Estimators estimators_of(const ActiveFactor& active, const std::vector<FactorSlot>& slots,
                         const std::vector<std::vector<double>>& columns) {
  Estimators estimators{FirstOrder(active.x, active.is_choice()), Pawn(active.x, active.is_choice(), active.y), {}};
  if (!active.is_choice()) {
    estimators.partial.emplace(partial_columns(active, slots, columns), mean_ranks(active.y));
  }
  return estimators;
}

Indices indices_of(const Estimators& estimators, const std::vector<double>& y,
                   const std::vector<Multiplicities>& draws) {
  Indices indices;
  indices.first_order =
      with_interval([&](const Multiplicities& drawn) { return estimators.first_order.index(y, drawn); }, draws, 0);
  indices.pawn = with_interval([&](const Multiplicities& drawn) { return estimators.pawn.index(drawn); }, draws, 0);
  if (estimators.partial) {
    indices.rank_correlation =
        with_interval([&](const Multiplicities& drawn) { return estimators.partial->index(drawn); }, draws, -1);
  }
  return indices;
}

/// Dummy factors have this factor's values in another order: all that is left is chance.
NoiseFloor noise_of(const Estimators& estimators, const ActiveFactor& active) {
  SeededNumbers numbers(dummy_seed);
  const std::size_t points = active.y.size();
  const Multiplicities once(points, 1);
  std::vector<double> first_orders, pawns, correlations;
  std::vector<double> residual, ranks;
  if (estimators.partial) {
    residual = estimators.partial->residual_without_first();
    ranks = mean_ranks(active.x);
  }
  std::vector<double> exchanged(points);
  for (std::size_t d = 0; d < dummies; ++d) {
    const std::vector<std::size_t> order = numbers.permutation(points);
    for (std::size_t i = 0; i < points; ++i) exchanged[i] = active.y[order[i]];
    if (const auto index = estimators.first_order.index(exchanged, once)) first_orders.push_back(*index);
    if (const auto index = estimators.pawn.index_of_dummy(order)) pawns.push_back(*index);
    if (!estimators.partial) continue;
    for (std::size_t i = 0; i < points; ++i) exchanged[i] = residual[order[i]];
    correlations.push_back(std::abs(correlation(ranks, exchanged)));
  }
  const auto high = [](const std::vector<double>& values) {
    return values.empty() ? 0.0 : std::max(0.0, quantile(values, 0.95));
  };
  return {high(first_orders), high(pawns), high(correlations)};
}

/// Means of the pieces with intervals over resampled points.
std::vector<Estimate> piece_estimates(const Pieces& pieces, const std::vector<double>& y,
                                      const std::vector<Multiplicities>& draws) {
  const auto means = piece_means(pieces, y, Multiplicities(y.size(), 1));
  std::vector<std::vector<double>> drawn(pieces.count);
  for (const Multiplicities& draw : draws) {
    const auto resampled = piece_means(pieces, y, draw);
    for (std::size_t p = 0; p < pieces.count; ++p) {
      if (resampled[p]) drawn[p].push_back(*resampled[p]);
    }
  }
  std::vector<Estimate> estimates;
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (std::size_t p = 0; p < pieces.count; ++p) {
    estimates.push_back(centred_estimate(means[p].value_or(0), drawn[p], -infinite, infinite));
  }
  return estimates;
}

std::vector<std::uint32_t> piece_sizes(const Pieces& pieces) {
  std::vector<std::uint32_t> sizes(pieces.count, 0);
  for (const std::size_t piece : pieces.of_point) ++sizes[piece];
  return sizes;
}

/// Does y still rise from the last but one quarter of the pieces to the outermost, with its whole interval, and is it
/// best out there?
bool rises_outwards(const Pieces& pieces, const std::vector<double>& y, const std::vector<CurvePiece>& curve,
                    const std::vector<Multiplicities>& draws, bool at_high_end) {
  const std::size_t quarter = std::max<std::size_t>(1, pieces.count / 4);
  if (pieces.count < 2 * quarter + 1) return false;
  const auto outward = [&](std::size_t piece) { return at_high_end ? pieces.count - 1 - piece : piece; };
  const auto best = static_cast<std::size_t>(
      std::max_element(curve.begin(), curve.end(),
                       [](const CurvePiece& a, const CurvePiece& b) { return a.mean.value < b.mean.value; }) -
      curve.begin());
  if (outward(best) >= quarter) return false;
  std::vector<double> rises;
  for (const Multiplicities& draw : draws) {
    const auto means = piece_means(pieces, y, draw);
    double outer = 0, inner = 0;
    std::size_t counted = 0;
    for (std::size_t p = 0; p < pieces.count; ++p) {
      if (outward(p) >= 2 * quarter || !means[p]) continue;
      (outward(p) < quarter ? outer : inner) += *means[p];
      ++counted;
    }
    if (counted == 2 * quarter) rises.push_back(outer - inner);
  }
  return !rises.empty() && quantile(rises, 0.025) > 0;
}

void add_curve(FactorAnalysis& analysis, const ActiveFactor& active, const std::vector<Multiplicities>& draws) {
  const std::size_t most = std::clamp<std::size_t>(active.y.size() / points_per_piece, 2, curve_pieces_max);
  const Pieces pieces = pieces_of(active.x, most);
  const auto estimates = piece_estimates(pieces, active.y, draws);
  const auto sizes = piece_sizes(pieces);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  for (std::size_t p = 0; p < pieces.count; ++p) {
    analysis.curve.push_back({infinite, -infinite, 0, sizes[p], estimates[p]});
  }
  for (std::size_t i = 0; i < active.x.size(); ++i) {
    CurvePiece& piece = analysis.curve[pieces.of_point[i]];
    piece.low = std::min(piece.low, active.x[i]);
    piece.high = std::max(piece.high, active.x[i]);
    piece.middle += active.x[i] / piece.points;
  }
  if (rises_outwards(pieces, active.y, analysis.curve, draws, true)) analysis.edge = 1;
  if (rises_outwards(pieces, active.y, analysis.curve, draws, false)) analysis.edge = -1;
}

void add_groups(FactorAnalysis& analysis, const ActiveFactor& active, const std::vector<Multiplicities>& draws) {
  Pieces pieces{.of_point = {}, .count = active.factor->choices.size()};
  for (const double x : active.x) pieces.of_point.push_back(static_cast<std::size_t>(x));
  const auto estimates = piece_estimates(pieces, active.y, draws);
  const auto sizes = piece_sizes(pieces);
  for (std::size_t p = 0; p < pieces.count; ++p) {
    if (sizes[p] > 0) analysis.groups.push_back({active.factor->choices[p].name, sizes[p], estimates[p]});
  }
}

bool above(const std::optional<Estimate>& index, double floor) { return index && index->interval.low > floor; }

/// Positions in `data` of the points below each number of convergence_points, and all of them last.
std::vector<std::pair<std::uint32_t, std::size_t>> convergence_steps(const SensitivityData& data) {
  std::vector<std::pair<std::uint32_t, std::size_t>> steps;
  if (data.points.empty()) return steps;
  const auto all = static_cast<std::uint32_t>(data.points.back()->index.value + 1);
  for (const std::uint32_t points : convergence_points) {
    if (points >= all) break;
    const auto end = std::find_if(data.points.begin(), data.points.end(),
                                  [&](const Point* point) { return point->index.value >= std::int64_t{points}; });
    steps.emplace_back(points, static_cast<std::size_t>(end - data.points.begin()));
  }
  steps.emplace_back(all, data.points.size());
  return steps;
}

}  // namespace

double number_of(const Factor& factor, const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* name = std::get_if<std::string>(&value)) {
    for (std::size_t i = 0; i < factor.choices.size(); ++i) {
      if (factor.choices[i].name == *name) return static_cast<double>(i);
    }
    for (std::size_t i = 0; i < factor.levels.size(); ++i) {
      if (factor.levels[i] == value) return static_cast<double>(i);
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

SensitivityData sensitivity_data(const AnalysisInput& input) {
  const std::size_t pages = input.table.pages(), count = input.points.size();
  std::vector<double> sums(count, 0), present(count, 0);
  double page_means = 0;
  std::size_t pages_read = 0;
  std::vector<std::optional<double>> objectives(count);
  for (std::uint32_t page = 0; page < pages; ++page) {
    double sum = 0, read = 0;
    for (std::size_t i = 0; i < count; ++i) {
      objectives[i] = page_objective(input.ranking.objective, input.table.cell(PageIndex{page}, input.points[i].index));
      if (objectives[i]) sum += *objectives[i], ++read;
    }
    if (read == 0) continue;
    ++pages_read;
    page_means += sum / read;
    for (std::size_t i = 0; i < count; ++i) {
      if (objectives[i]) sums[i] += *objectives[i] - sum / read, ++present[i];
    }
  }
  SensitivityData data;
  for (std::size_t i = 0; i < count; ++i) {
    if (present[i] == 0 || 2 * present[i] < static_cast<double>(pages_read)) continue;
    data.points.push_back(&input.points[i]);
    data.y.push_back(sums[i] / present[i] + page_means / static_cast<double>(pages_read));
  }
  return data;
}

FactorAnalyses analyse_factors(const PipelineSpec& pipeline, const SensitivityData& data) {
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  std::vector<std::vector<double>> columns(slots.size());
  for (std::size_t s = 0; s < slots.size(); ++s) {
    for (const Point* point : data.points) columns[s].push_back(number_of(*slots[s].factor, point->values[s]));
  }
  const auto steps = convergence_steps(data);
  FactorAnalyses result;
  for (std::size_t s = 0; s < slots.size(); ++s) {
    const Factor& factor = *slots[s].factor;
    if (factor.kind == FactorKind::fixed) continue;
    FactorAnalysis analysis{.slot = s, .name = factor.name, .stage = pipeline.stages[slots[s].stage].name};
    analysis.kind = factor.kind;
    analysis.unit = factor.unit;
    const ActiveFactor active = active_part(factor, columns[s], data.y, data.y.size());
    analysis.active = static_cast<std::uint32_t>(active.points.size());
    analysis.conditional = active.points.size() < data.points.size();
    analysis.shown = analysis.active >= active_points_min;
    if (analysis.shown) {
      const auto draws = bootstrap_draws(active.y.size(), draws_of_result, draw_seed);
      const Estimators estimators = estimators_of(active, slots, columns);
      analysis.indices = indices_of(estimators, active.y, draws);
      analysis.noise = noise_of(estimators, active);
      analysis.matters = above(analysis.indices.first_order, analysis.noise.first_order) ||
                         above(analysis.indices.pawn, analysis.noise.pawn);
      if (active.is_choice()) {
        add_groups(analysis, active, draws);
      } else {
        add_curve(analysis, active, draws);
      }
      for (const auto& [points, count] : steps) {
        const ActiveFactor part = active_part(factor, columns[s], data.y, count);
        if (part.points.size() < active_points_min) continue;
        Convergence step{.points = points, .active = static_cast<std::uint32_t>(part.points.size())};
        step.indices = count == data.points.size()
                           ? analysis.indices
                           : indices_of(estimators_of(part, slots, columns), part.y,
                                        bootstrap_draws(part.y.size(), draws_of_step, draw_seed));
        analysis.convergence.push_back(std::move(step));
      }
    }
    result.factors.push_back(std::move(analysis));
  }
  if (data.points.size() >= active_points_min) {
    Factor dummy{.name = "dummy", .kind = FactorKind::real};
    ActiveFactor active{.factor = &dummy, .x = {}, .y = data.y, .points = {}};
    active.points.resize(data.y.size());
    std::iota(active.points.begin(), active.points.end(), std::size_t{0});
    SeededNumbers numbers(dummy_seed + 1);
    for (const std::size_t rank : numbers.permutation(data.y.size())) active.x.push_back(static_cast<double>(rank));
    result.dummy = indices_of(estimators_of(active, slots, columns), active.y,
                              bootstrap_draws(active.y.size(), draws_of_result, draw_seed));
  }
  return result;
}

}  // namespace ocrs
