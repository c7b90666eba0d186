#include "coordinator/core/analysis.hpp"

#include "common/core/check.hpp"
#include "coordinator/core/advice.hpp"
#include "coordinator/core/factor_analysis.hpp"
#include "coordinator/core/gain.hpp"
#include "coordinator/core/interactions.hpp"
#include "coordinator/core/portfolio.hpp"
#include "coordinator/core/resampling.hpp"
#include "coordinator/core/score_agreement.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t doubling_seed = 0xD0B1;

Coverage coverage_of(const AnalysisInput& input, std::size_t used) {
  Coverage coverage;
  coverage.pages = static_cast<std::uint32_t>(input.table.pages());
  coverage.points = input.table.points();
  coverage.used = static_cast<std::uint32_t>(used);
  coverage.missing_of_page.resize(coverage.pages, 0);
  for (PageIndex page; page.value < coverage.pages; ++page.value) {
    for (PointIndex point = baseline_point; point.value < std::int64_t{coverage.points}; ++point.value) {
      switch (input.table.cell(page, point).status) {
        case CellStatus::done:
          ++coverage.done;
          break;
        case CellStatus::failed:
          ++coverage.failed;
          break;
        case CellStatus::dropped:
          ++coverage.dropped;
          break;
        case CellStatus::pending:
        case CellStatus::missing:
          ++coverage.missing;
          ++coverage.missing_of_page[page.value];
          break;
      }
    }
  }
  for (const PointScores& row : input.ranking.points) {
    coverage.ranked += row.rank && row.point != baseline_point;
  }
  if (coverage.missing + coverage.dropped > 0) {
    const std::uint64_t all = coverage.done + coverage.failed + coverage.missing + coverage.dropped;
    if (coverage.missing > 0) coverage.note = std::to_string(coverage.missing) + " of ";
    if (coverage.missing == 0) coverage.note = std::to_string(coverage.dropped) + " of ";
    coverage.note += std::to_string(all) +
                     (coverage.missing > 0 ? " evaluations are missing" : " evaluations were dropped by the race");
    if (coverage.missing > 0 && coverage.dropped > 0) {
      coverage.note += ", " + std::to_string(coverage.dropped) + " dropped by the race";
    }
    coverage.note += ": " + std::to_string(coverage.ranked) + " of " + std::to_string(coverage.points) +
                     " points have every page and a rank, " + std::to_string(coverage.used) +
                     " have half of the pages and take part in the sensitivity";
  }
  return coverage;
}

double variance_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  double mean = 0, variance = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) variance += (value - mean) * (value - mean) / static_cast<double>(values.size());
  return variance;
}

/// What the second half of the points added to the gain on pages left out.
std::optional<Estimate> last_doubling(const AnalysisInput& input, const GainAnalysis& gain) {
  const std::int64_t half = std::int64_t{input.table.points()} / 2;
  const auto before = left_out_choices(input.table, input.ranking, half);
  if (half < 16 || before.size() != gain.left_out.size() || before.empty()) return std::nullopt;
  std::vector<double> added;
  for (std::size_t page = 0; page < before.size(); ++page)
    added.push_back(gain.left_out[page].gain - before[page].gain);
  return mean_estimate(added, doubling_seed);
}

}  // namespace

Result<Analysis> analyse(const AnalysisInput& input) {
  OCRS_CHECK(input.points.size() == input.table.points() && input.ranking.points.size() == input.points.size() + 1,
             "points, table and ranking of an analysis are of one screening");
  Analysis analysis;
  const SensitivityData data = sensitivity_data(input);
  analysis.coverage = coverage_of(input, data.points.size());
  analysis.objective = input.ranking.objective.name;
  for (const std::size_t row : input.ranking.order) analysis.ranking.push_back(input.ranking.points[row].point);
  analysis.gain = analyse_gain(input.table, input.ranking);
  analysis.objective_variance = variance_of(data.y);
  FactorAnalyses factors = analyse_factors(input.pipeline, data);
  analysis.factors = std::move(factors.factors);
  analysis.dummy = factors.dummy;
  auto interactions = analyse_interactions(input.pipeline, data, analysis.factors, input.surrogate);
  if (!interactions) return interactions.error();
  analysis.interactions = std::move(*interactions);
  analysis.portfolio = analyse_portfolio(input.table, input.ranking);
  analysis.agreement = score_agreement(input.table, input.ranking);
  analysis.advice = advice_of(analysis, input.pipeline, last_doubling(input, analysis.gain));
  return analysis;
}

}  // namespace ocrs
