// What each stage did over the whole design: the settings that have it on against those that have it off, for each of
// its options, with how sure that is. A Sobol design spreads all other factors evenly over both sides, so the
// difference is the stage's own; what the other stages do to a setting is its noise. Says nothing about which setting
// is best (objective) or about interactions. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/core/objective.hpp"

namespace ocrs {

enum class StageVerdict { helped, hurt, within_noise, too_few };

struct StageEffect {
  std::size_t stage = 0;  // of the pipeline
  std::string option;     // empty = any option but "off"
  std::size_t on_points = 0, off_points = 0;
  /// Mean objectives of the settings on either side.
  double on = 0, off = 0;
  /// Mean over the pages of (on - off) of the page.
  double difference = 0;
  double error = 0;  // standard error of the difference, over the settings
  std::size_t pages_better = 0, pages = 0;
  /// helped or hurt: the difference is more than `sure_errors` standard errors; too_few: under two settings on a side.
  StageVerdict verdict = StageVerdict::too_few;
};

/// How many standard errors make a difference believed: some ten of them are looked at at once, and one of these must
/// not be more than a rare accident.
inline constexpr double sure_errors = 2.6;

/// For every stage with a choice that was both off and on: any option, then, if there are several, each of them.
/// `points` are the design's, position i being point i; only those with an objective count, the baseline is none.
[[nodiscard]] std::vector<StageEffect> stage_effects(const PipelineSpec& pipeline, const std::vector<Point>& points,
                                                     const ScoreTable& table, const Ranking& ranking);

}  // namespace ocrs
