#include "coordinator/core/race.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/core/check.hpp"
#include "coordinator/core/resampling.hpp"

namespace ocrs {
namespace {

/// How many of `racing` points go on.
std::size_t survivors(const RaceSettings& settings, std::size_t racing) {
  const auto kept = static_cast<std::size_t>(std::ceil(settings.keep * static_cast<double>(racing)));
  return std::min<std::size_t>(racing, std::max<std::size_t>(kept, race_survivors_min));
}

struct Standing {
  PointIndex point;
  double value = 0;
};

/// Mean over the pages of the objective above the page's own mean, so that a page that is missing favours nobody.
std::vector<Standing> standings(const ScoreTable& table, const RankingObjective& objective,
                                const std::vector<PageIndex>& pages, const std::vector<bool>& racing) {
  std::vector<Standing> all;
  std::vector<std::size_t> counted;
  for (std::size_t point = 0; point < racing.size(); ++point) {
    if (racing[point]) all.push_back({PointIndex{static_cast<std::int64_t>(point)}, 0});
  }
  counted.resize(all.size());
  for (const PageIndex page : pages) {
    std::vector<std::optional<double>> values;
    double sum = 0;
    std::size_t known = 0;
    for (const Standing& one : all) {
      values.push_back(page_objective(objective, table.cell(page, one.point)));
      if (!values.back()) continue;
      sum += *values.back();
      ++known;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!values[i]) continue;
      all[i].value += *values[i] - sum / static_cast<double>(known);
      ++counted[i];
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].value = counted[i] > 0 ? all[i].value / static_cast<double>(counted[i]) : -1;
  }
  return all;
}

}  // namespace

std::size_t next_race_pages(std::size_t open, std::size_t pages) {
  return std::min(pages, std::max(open + 1, open + open / 2));
}

double race_share(const RaceSettings& settings, std::size_t pages, std::uint32_t points) {
  std::size_t open = std::min<std::size_t>(settings.first_pages, pages), racing = points;
  double run = static_cast<double>(open) * static_cast<double>(racing);
  while (open < pages) {
    const std::size_t next = next_race_pages(open, pages);
    racing = survivors(settings, racing);
    run += static_cast<double>(next - open) * static_cast<double>(racing);
    open = next;
  }
  return pages == 0 || points == 0 ? 1 : run / (static_cast<double>(pages) * points);
}

Race::Race(const RaceSettings& settings, const std::vector<PageTraits>& pages, std::uint32_t points, std::uint64_t seed)
    : settings_(settings), open_(std::min<std::size_t>(settings.first_pages, pages.size())), racing_(points, true) {
  OCRS_CHECK(settings.first_pages > 0 && settings.keep > 0 && settings.keep < 1, "a race has pages and losers");
  if (pages.empty()) return;
  // The first pages stand for all of them; the others come as the seed has it.
  std::vector<bool> taken(pages.size(), false);
  for (const std::size_t page : stratified_sample(pages, open_, seed)) {
    order_.push_back(PageIndex{static_cast<std::uint32_t>(page)});
    taken[page] = true;
  }
  SeededNumbers numbers(seed);
  for (const std::size_t page : numbers.permutation(pages.size())) {
    if (!taken[page]) order_.push_back(PageIndex{static_cast<std::uint32_t>(page)});
  }
}

void Race::restore(const std::vector<StoredEvaluation>& evaluations) {
  std::vector<bool> read(order_.size(), false);
  for (const StoredEvaluation& stored : evaluations) {
    const std::uint32_t page = stored.result.id.page.value;
    if (page < read.size() && stored.status != EvaluationStatus::dropped) read[page] = true;
  }
  // Pages are opened in blocks: a block with one page read is open.
  std::size_t end = open_;
  while (true) {
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(open_);
    if (std::any_of(begin, order_.end(), [&](PageIndex page) { return read[page.value]; })) {
      end = next_race_pages(open_, order_.size());
    }
    if (end == open_) break;
    open_ = end;
  }
  // Who was dropped after the last open page is found again by the step that found it.
  std::vector<bool> is_open(order_.size(), false);
  for (const PageIndex page : open_pages()) is_open[page.value] = true;
  for (const StoredEvaluation& stored : evaluations) {
    const EvaluationId id = stored.result.id;
    if (stored.status != EvaluationStatus::dropped || id.page.value >= is_open.size() || !is_open[id.page.value])
      continue;
    if (id.point.value >= 0 && id.point.value < std::ssize(racing_)) {
      racing_[static_cast<std::size_t>(id.point.value)] = false;
    }
  }
}

std::vector<PageIndex> Race::open_pages() const {
  return {order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(open_)};
}

std::vector<PageIndex> Race::held_pages() const {
  return {order_.begin() + static_cast<std::ptrdiff_t>(open_), order_.end()};
}

Race::Step Race::advance(const ScoreTable& table, const RankingObjective& objective) {
  OCRS_CHECK(!is_over(), "a race ends with the last page");
  std::vector<Standing> all = standings(table, objective, open_pages(), racing_);
  const std::size_t kept = survivors(settings_, all.size());
  std::stable_sort(all.begin(), all.end(), [](const Standing& a, const Standing& b) { return a.value > b.value; });
  Step step;
  for (std::size_t i = kept; i < all.size(); ++i) {
    step.dropped.push_back(all[i].point);
    racing_[static_cast<std::size_t>(all[i].point.value)] = false;
  }
  std::sort(step.dropped.begin(), step.dropped.end());
  const std::size_t read = open_;
  open_ = next_race_pages(open_, order_.size());
  for (std::size_t i = read; i < open_; ++i) step.opened.push_back(order_[i]);
  step.story = "after " + std::to_string(read) + " pages " + std::to_string(step.dropped.size()) + " of " +
               std::to_string(all.size()) + " settings drop out, the others go on to " + std::to_string(open_) +
               " of " + std::to_string(order_.size()) + " pages";
  return step;
}

}  // namespace ocrs
