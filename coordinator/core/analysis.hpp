// What a finished screening says and how sure it is (ANALYSIS.md): gain of the best setting, sensitivity to each
// factor, interactions, portfolio, how well the scores rank, advice. Plain data and one function; no text reading, no
// files. Pure and seeded by constants: equal evaluations give equal bits, whatever order they came in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/core/result.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/gain_check.hpp"
#include "coordinator/core/objective.hpp"
#include "coordinator/core/score_table.hpp"
#include "coordinator/core/surrogate.hpp"

namespace ocrs {

/// All intervals are central 95 % bootstrap intervals.
struct Interval {
  double low = 0, high = 0;
  [[nodiscard]] bool covers_zero() const { return low <= 0 && high >= 0; }
  bool operator==(const Interval&) const = default;
};

struct Estimate {
  double value = 0;
  Interval interval;
  bool operator==(const Estimate&) const = default;
};

// ---- gain -----------------------------------------------------------------------------------------------------------

/// The setting that would have been chosen without a page, judged on that page.
struct LeftOutChoice {
  PageIndex page;
  PointIndex winner;  // baseline_point = leave pages untouched
  double gain = 0;    // objective on the page left out, minus the untouched page's
  bool operator==(const LeftOutChoice&) const = default;
};

/// Of the best ranked point over the untouched pages, in units of the objective; more is better.
struct GainAnalysis {
  PointIndex best;          // baseline_point: doing nothing wins, and gain is 0
  std::uint32_t pages = 0;  // with an objective for both the point and the untouched page
  Estimate gain;            // mean of the paired differences; resampled over pages. Of the winner, so a little too good
  double pages_better = 0, pages_worse = 0;    // shares of `pages`; the rest is equal
  std::vector<LeftOutChoice> left_out;         // one per page; empty with fewer than two pages
  std::optional<Estimate> left_out_gain;       // mean of those: what choosing like this gives on a page not seen
  double same_winner = 0;                      // share of `left_out` whose winner is `best`
  GainVerdict verdict = GainVerdict::unknown;  // of check_gain
  /// The verdict, the interval and the left-out mean all say so: the setting is recommended.
  [[nodiscard]] bool sure() const {
    return verdict == GainVerdict::beyond_noise && gain.interval.low > 0 && left_out_gain && left_out_gain->value > 0;
  }
  bool operator==(const GainAnalysis&) const = default;
};

// ---- sensitivity ----------------------------------------------------------------------------------------------------

/// One piece of a main-effect curve: the points whose value lies in [low, high] (equal numbers of points per piece, or
/// one piece per value when there are few).
struct CurvePiece {
  double low = 0, high = 0, middle = 0;  // values of the factor; middle = mean over the points
  std::uint32_t points = 0;
  Estimate mean;  // of the objective
  bool operator==(const CurvePiece&) const = default;
};

struct ChoiceGroup {
  std::string option;
  std::uint32_t points = 0;
  Estimate mean;  // of the objective
  bool operator==(const ChoiceGroup&) const = default;
};

/// Indices of one factor over a set of points; each empty where it makes no sense (no variance, choices have no rank).
struct Indices {
  std::optional<Estimate> first_order;  // share of the objective's variance, 0-1; for choices the between-group share
  std::optional<Estimate> pawn;         // median Kolmogorov-Smirnov distance of the conditional distributions, 0-1
  std::optional<Estimate> rank_correlation;  // partial (other factors held), -1 to 1; ordered factors only
  bool operator==(const Indices&) const = default;
};

/// What indices chance alone gives: the 95 % quantile over dummy factors on the same points.
struct NoiseFloor {
  double first_order = 0, pawn = 0, rank_correlation = 0;  // the last of |correlation|
  bool operator==(const NoiseFloor&) const = default;
};

struct Convergence {
  std::uint32_t points = 0;  // the first so many of the design
  std::uint32_t active = 0;  // of them used for this factor
  Indices indices;
  bool operator==(const Convergence&) const = default;
};

struct FactorAnalysis {
  std::size_t slot = 0;  // position in factor_slots(pipeline) and Point::values
  std::string name, stage;
  FactorKind kind = FactorKind::fixed;
  FactorUnit unit = FactorUnit::none;
  bool conditional = false;  // counts at some points only; everything here is then about those
  std::uint32_t active = 0;  // points used
  /// False with fewer than active_points_min of them: what follows is then empty.
  bool shown = false;
  std::vector<CurvePiece> curve;    // ordered factors, by value
  std::vector<ChoiceGroup> groups;  // choices, in the order of the factor
  Indices indices;
  NoiseFloor noise;
  bool matters = false;  // first order or PAWN is above its noise floor with the whole interval
  /// -1, 1: the objective is best at the low or high end of the range and still rises towards it beyond its interval.
  int edge = 0;
  std::vector<Convergence> convergence;  // at 256, 512, 1024, 2048 as far as there are points; the last is all of them
  bool operator==(const FactorAnalysis&) const = default;
};
inline constexpr std::uint32_t active_points_min = 64;

/// Two factors under the surrogate, the other factors averaged over points of the design.
struct Interaction {
  std::size_t a = 0, b = 0;  // positions in Analysis::factors, a < b
  double strength = 0;       // share of the objective's variance that the two explain only together (of the surrogate)
  std::vector<std::string> a_labels, b_labels;  // values of the grid as text
  std::vector<std::vector<double>> grid;        // [a][b], the surrogate's objective
  bool operator==(const Interaction&) const = default;
};

struct InteractionAnalysis {
  std::optional<double> q2;        // out of sample, five folds; empty without a surrogate or with too few points
  std::vector<Interaction> pairs;  // strongest first; empty when q2 is below q2_min
  std::string why_empty;           // a sentence when there are no pairs
  bool operator==(const InteractionAnalysis&) const = default;
};
inline constexpr double q2_min = 0.3;

// ---- portfolio ------------------------------------------------------------------------------------------------------

/// The first k settings taken, k = position + 1.
struct PortfolioStep {
  PointIndex added;
  double value = 0;            // mean objective over pages, each read by the portfolio's reading of highest yield
  double left_out = 0;         // the same, each page judged by a portfolio of this size made without it
  Interval left_out_interval;  // of left_out - untouched, over pages
  std::optional<double> closed;  // left_out's share of the way from untouched to the optimum; empty when there is none
  std::vector<std::uint32_t> pages_read;  // per setting so far: pages whose reading it gives
  /// Mean cer of the readings chosen, in sample and left out; empty without ground truth on every page used.
  std::optional<double> cer, left_out_cer;
  bool operator==(const PortfolioStep&) const = default;
};

enum class PortfolioMethod : std::uint8_t {
  greedy,  // each setting the one that raises the mean most beside those before
  highest  // the settings with the highest mean, each by itself
};

struct PortfolioAnalysis {
  PortfolioMethod method = PortfolioMethod::greedy;
  std::uint32_t pages = 0, candidates = 0;  // used: candidates have a result on each of the pages, untouched among them
  std::vector<PortfolioStep> steps;         // up to five; fewer when no further setting helps
  double untouched = 0;                     // mean objective
  double optimum = 0;                       // mean over pages of the best objective any candidate has there
  std::optional<double> untouched_cer, optimum_cer;
  std::size_t recommended = 0;  // number of settings to use: where left_out is best; 0 = no portfolio
  bool operator==(const PortfolioAnalysis&) const = default;
};
inline constexpr std::size_t portfolio_max = 5;

// ---- scores ---------------------------------------------------------------------------------------------------------

/// How well one score ranks settings by another (cer, word_recall; without ground truth: by the objective's own
/// scores).
struct ScoreAgreement {
  Score score = Score::confidence, by = Score::cer;
  std::optional<double>
      within_page;                 // Kendall's tau-b over the points of a page, mean over pages; more better = positive
  std::optional<double> over_set;  // tau-b of the points' page-means
  std::optional<double> chosen;    // page-mean of `by` at the point that `score` would choose
  std::optional<double> best;      // page-mean of `by` at the best point
  std::optional<double> chosen_per_page, best_per_page;  // the same, chosen for each page by itself
  bool operator==(const ScoreAgreement&) const = default;
};

// ---- advice and coverage --------------------------------------------------------------------------------------------

enum class AdviceKind : std::uint8_t {
  setting,
  portfolio,
  matters,
  fix,
  move_range,
  interaction,
  more_points,
  more_pages
};
[[nodiscard]] std::string_view to_string(AdviceKind kind);

struct Advice {
  AdviceKind kind = AdviceKind::setting;
  std::optional<std::size_t> factor;  // position in Analysis::factors
  std::string text;                   // one sentence with its number
  bool operator==(const Advice&) const = default;
};

struct Coverage {
  std::uint32_t pages = 0, points = 0;              // distinct pages; points without the baseline
  std::uint64_t done = 0, failed = 0, missing = 0, dropped = 0;  // evaluations, the baseline's among them
  std::uint32_t ranked = 0;                         // points with a result on every page
  std::uint32_t used = 0;  // points in the sensitivity: result on at least half the pages, page levels evened out
  std::vector<std::uint32_t> missing_of_page;  // per page
  std::string note;                            // a sentence when something is missing, else empty
  bool operator==(const Coverage&) const = default;
};

struct Analysis {
  Coverage coverage;
  std::string objective;                // its name
  GainAnalysis gain;                    // pages = 0 when there is no ranked point or no untouched page
  std::vector<PointIndex> ranking;      // best first; only points with a rank
  double objective_variance = 0;        // over the points used
  std::vector<FactorAnalysis> factors;  // in slot order, fixed ones left out
  Indices dummy;                        // one dummy factor over all points used, as a row to compare with
  InteractionAnalysis interactions;
  PortfolioAnalysis portfolio;
  std::vector<ScoreAgreement> agreement;  // by `by`, then score
  std::vector<Advice> advice;
  bool operator==(const Analysis&) const = default;
};

/// References are used during the call only. `points` = 0, 1, …, with one value per factor slot of `pipeline`.
struct AnalysisInput {
  const PipelineSpec& pipeline;
  const std::vector<Point>& points;
  const ScoreTable& table;
  const Ranking& ranking;
  Surrogate* surrogate = nullptr;  // without one there are no interactions
};

/// The error is a surrogate's; points and table that do not belong together are a bug.
[[nodiscard]] Result<Analysis> analyse(const AnalysisInput& input);

}  // namespace ocrs
