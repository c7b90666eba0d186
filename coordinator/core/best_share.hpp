// What the best settings have in common: options of the stages that stand among the best tenth more often than chance
// would put them there. Beside the stage story, which looks at the means, this looks at the top: an option may hurt on
// average and yet be in every good setting. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/core/objective.hpp"

namespace ocrs {

struct SharedOption {
  std::size_t stage = 0;  // of the pipeline
  std::string option;     // "off" among them
  std::size_t among_best = 0, over_all = 0;
  /// Chance of as many among the best were the best drawn at random (hypergeometric upper tail), times the number of
  /// options still looked at (Holm, Scand. J. Stat. 6, 1979).
  double p = 1;
};

struct BestShare {
  std::size_t best = 0, settings = 0;  // looked at; best = the highest tenth, at least five, and their equals
  std::vector<SharedOption> options;   // with p below share_error, the least likely first
};

inline constexpr double share_error = 0.05;

/// Hypergeometric upper tail: chance of `hits` or more marked ones among `drawn` of `all`, `marked` of which are
/// marked.
[[nodiscard]] double chance_of(std::size_t hits, std::size_t drawn, std::size_t marked, std::size_t all);

/// `points` are the design's, position i being point i. Nothing is said when ties make the best half of all.
[[nodiscard]] BestShare best_share(const PipelineSpec& pipeline, const std::vector<Point>& points,
                                   const Ranking& ranking);

}  // namespace ocrs
