#include "coordinator/core/best_so_far.hpp"

#include <algorithm>
#include <vector>

namespace ocrs {

std::optional<BestSoFar> best_so_far(const ScoreTable& table, const RankingObjective& objective) {
  std::vector<BestSoFar> candidates;
  std::uint32_t widest = 0;
  for (std::uint32_t p = 0; p < table.points(); ++p) {
    BestSoFar candidate{.point = PointIndex{p}};
    for (std::uint32_t page = 0; page < table.pages(); ++page) {
      const auto untouched = page_objective(objective, table.cell(PageIndex{page}, baseline_point));
      const auto here = page_objective(objective, table.cell(PageIndex{page}, PointIndex{p}));
      if (!untouched || !here) continue;
      candidate.gain += *here - *untouched;
      ++candidate.pages;
    }
    if (candidate.pages == 0) continue;
    candidate.gain /= candidate.pages;
    widest = std::max(widest, candidate.pages);
    candidates.push_back(candidate);
  }
  std::optional<BestSoFar> best;
  for (const BestSoFar& candidate : candidates) {
    if (2 * candidate.pages < widest) continue;
    if (!best || candidate.gain > best->gain) best = candidate;
  }
  if (best && best->gain <= 0) best = BestSoFar{.point = baseline_point, .pages = best->pages, .gain = 0};
  return best;
}

}  // namespace ocrs
