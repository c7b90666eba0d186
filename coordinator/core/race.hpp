// A race through the pages by successive halving (Jamieson and Talwalkar 2016, with pages as the resource): all points
// are read on a few pages, the better half of them on half as many pages again, and so on, so that only a few are read
// on every page. Decides which pages are read next and who drops out; runs nothing, and drops nothing that is read
// already. Depends on the results alone: a race taken up again from a journal goes on as it would have gone. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/objective.hpp"
#include "coordinator/core/page_sample.hpp"
#include "coordinator/core/stored_evaluation.hpp"

namespace ocrs {

/// Never fewer are left, so that a portfolio has something to choose from.
inline constexpr std::uint32_t race_survivors_min = 8;

class Race {
 public:
  /// `pages` in the screening's order, none of them twice; `points` without the baseline, which always stays.
  Race(const RaceSettings& settings, const std::vector<PageTraits>& pages, std::uint32_t points, std::uint64_t seed);

  /// Takes over what a journal holds: pages up to the last one read are open, points dropped on one of them are out.
  void restore(const std::vector<StoredEvaluation>& evaluations);

  /// All pages are open.
  [[nodiscard]] bool is_over() const { return open_ == order_.size(); }
  [[nodiscard]] std::vector<PageIndex> open_pages() const;
  [[nodiscard]] std::vector<PageIndex> held_pages() const;
  [[nodiscard]] const std::vector<bool>& racing() const { return racing_; }

  struct Step {
    std::vector<PointIndex> dropped;  // ascending
    std::vector<PageIndex> opened;
    std::string story;
  };
  /// The next step, for when all that race have a final result on all open pages; not after the end. Points are
  /// compared by their objective on the open pages, above the page's mean where one is missing; the smaller of equals
  /// stays.
  [[nodiscard]] Step advance(const ScoreTable& table, const RankingObjective& objective);

  /// Points that a later `extend` added race from here on.
  void extend(std::uint32_t points) { racing_.resize(points, true); }

 private:
  RaceSettings settings_;
  std::vector<PageIndex> order_;
  std::size_t open_;
  std::vector<bool> racing_;  // by point
};

/// How many pages are open after `open` of `pages` were read: half as many again, at least one more.
[[nodiscard]] std::size_t next_race_pages(std::size_t open, std::size_t pages);

/// Share of the evaluations that a race runs when nothing is missing: for plans.
[[nodiscard]] double race_share(const RaceSettings& settings, std::size_t pages, std::uint32_t points);

}  // namespace ocrs
