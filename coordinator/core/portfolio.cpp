#include "coordinator/core/portfolio.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "coordinator/core/reading_choice.hpp"
#include "coordinator/core/resampling.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t portfolio_seed = 0x90F7;
constexpr double no_gain = 1e-12;  // a setting must raise the mean by more than rounding

/// Readings of the candidates on the pages, page by page.
struct Readings {
  std::vector<PointIndex> candidates;  // the untouched page first when it is one
  std::vector<PageIndex> pages;
  struct One {
    double objective = 0, confidence = 0, characters = 0;
    std::optional<double> cer;
  };
  std::vector<One> all;  // [page][candidate]
  [[nodiscard]] const One& of(std::size_t page, std::size_t candidate) const {
    return all[page * candidates.size() + candidate];
  }
};

using Setting = std::uint32_t;  // position in Readings::candidates

/// Pages that any point was read on, and the points read on all of them.
Readings readings_of(const ScoreTable& table, const RankingObjective& objective) {
  Readings readings;
  const auto has = [&](PageIndex page, PointIndex point) {
    const ScoreCell& cell = table.cell(page, point);
    return page_objective(objective, cell) && cell.scores[index_of(Score::confidence)];
  };
  for (PageIndex page; page.value < table.pages(); ++page.value) {
    for (PointIndex point = baseline_point; point.value < std::int64_t{table.points()}; ++point.value) {
      if (!has(page, point)) continue;
      readings.pages.push_back(page);
      break;
    }
  }
  for (PointIndex point = baseline_point; point.value < std::int64_t{table.points()}; ++point.value) {
    const bool everywhere =
        std::all_of(readings.pages.begin(), readings.pages.end(), [&](PageIndex page) { return has(page, point); });
    if (everywhere && !readings.pages.empty()) readings.candidates.push_back(point);
  }
  for (const PageIndex page : readings.pages) {
    for (const PointIndex point : readings.candidates) {
      const ScoreCell& cell = table.cell(page, point);
      readings.all.push_back({*page_objective(objective, cell), *cell.scores[index_of(Score::confidence)],
                              cell.scores[index_of(Score::characters)].value_or(0), cell.scores[index_of(Score::cer)]});
    }
  }
  return readings;
}

/// Which of the settings' readings of a page is kept, as choose_reading does it; the first of equals.
std::size_t kept(const Readings& readings, std::size_t page, const Setting* settings, std::size_t count) {
  if (count == 1) return 0;
  std::array<double, portfolio_max> characters{};
  std::size_t read = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // Kept in order as they come: five at most.
    double value = readings.of(page, settings[i]).characters;
    for (std::size_t j = 0; j < read; ++j) {
      if (characters[j] > value) std::swap(characters[j], value);
    }
    characters[read++] = value;
  }
  const double middle =
      count % 2 == 1 ? characters[count / 2] : (characters[count / 2 - 1] + characters[count / 2]) / 2;
  std::size_t best = 0;
  double best_yield = -1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& reading = readings.of(page, settings[i]);
    const double yield = kept_yield(default_keep, reading.confidence, reading.characters, middle);
    if (yield > best_yield) {
      best_yield = yield;
      best = i;
    }
  }
  return best;
}

/// Settings in the order in which they are taken; stops when none helps any more. `left` = a page not looked at.
std::vector<Setting> greedy(const Readings& readings, std::optional<std::size_t> left) {
  std::vector<Setting> taken;
  double value = 0;
  while (taken.size() < portfolio_max) {
    std::array<Setting, portfolio_max> settings{};
    std::copy(taken.begin(), taken.end(), settings.begin());
    std::optional<Setting> best;
    double best_value = 0;
    for (Setting candidate = 0; candidate < readings.candidates.size(); ++candidate) {
      settings[taken.size()] = candidate;
      double sum = 0;
      for (std::size_t page = 0; page < readings.pages.size(); ++page) {
        if (page == left) continue;
        const std::size_t choice = kept(readings, page, settings.data(), taken.size() + 1);
        sum += readings.of(page, settings[choice]).objective;
      }
      if (!best || sum > best_value + no_gain) {
        best = candidate;
        best_value = sum;
      }
    }
    if (!best || (!taken.empty() && best_value <= value + no_gain)) break;
    taken.push_back(*best);
    value = best_value;
  }
  return taken;
}

/// Do both settings read every page alike?
bool read_alike(const Readings& readings, Setting a, Setting b) {
  for (std::size_t page = 0; page < readings.pages.size(); ++page) {
    const auto& one = readings.of(page, a);
    const auto& other = readings.of(page, b);
    if (one.objective != other.objective || one.confidence != other.confidence || one.characters != other.characters)
      return false;
  }
  return true;
}

/// The settings with the highest mean objective, without those that read like one of them; the smaller of equals first.
std::vector<Setting> highest(const Readings& readings, std::optional<std::size_t> left) {
  std::vector<std::pair<double, Setting>> order;
  for (Setting candidate = 0; candidate < readings.candidates.size(); ++candidate) {
    double sum = 0;
    for (std::size_t page = 0; page < readings.pages.size(); ++page) {
      if (page != left) sum += readings.of(page, candidate).objective;
    }
    order.emplace_back(sum, candidate);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Setting> taken;
  for (const auto& [sum, candidate] : order) {
    if (taken.size() == portfolio_max) break;
    const bool known =
        std::any_of(taken.begin(), taken.end(), [&](Setting other) { return read_alike(readings, other, candidate); });
    if (!known) taken.push_back(candidate);
  }
  return taken;
}

double mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Mean over pages of what `value` gives, empty when any page gives nothing.
template <class Value>
std::optional<double> mean_cer(const Readings& readings, const Value& value) {
  double sum = 0;
  for (std::size_t page = 0; page < readings.pages.size(); ++page) {
    const std::optional<double> cer = value(page);
    if (!cer) return std::nullopt;
    sum += std::min(*cer, 1.0);
  }
  return sum / static_cast<double>(readings.pages.size());
}

void add_limits(PortfolioAnalysis& analysis, const Readings& readings) {
  std::vector<double> untouched, optimum;
  for (std::size_t page = 0; page < readings.pages.size(); ++page) {
    untouched.push_back(readings.of(page, 0).objective);
    double best = untouched.back();
    for (std::size_t c = 0; c < readings.candidates.size(); ++c) best = std::max(best, readings.of(page, c).objective);
    optimum.push_back(best);
  }
  analysis.untouched = mean(untouched);
  analysis.optimum = mean(optimum);
  analysis.untouched_cer = mean_cer(readings, [&](std::size_t page) { return readings.of(page, 0).cer; });
  analysis.optimum_cer = mean_cer(readings, [&](std::size_t page) {
    std::optional<double> best;
    for (std::size_t c = 0; c < readings.candidates.size(); ++c) {
      const auto& cer = readings.of(page, c).cer;
      if (cer && (!best || *cer < *best)) best = cer;
    }
    return best;
  });
}

/// The reading kept on a page by the first `size` settings of `order`, or by all of a shorter one.
Setting kept_setting(const Readings& readings, std::size_t page, const std::vector<Setting>& order, std::size_t size) {
  return order[kept(readings, page, order.data(), std::min(size, order.size()))];
}

PortfolioStep step_of(const Readings& readings, const std::vector<Setting>& order,
                      const std::vector<std::vector<Setting>>& orders_without, std::size_t size,
                      const PortfolioAnalysis& limits) {
  PortfolioStep step{.added = readings.candidates[order[size - 1]]};
  step.pages_read.resize(size, 0);
  std::vector<double> values, left_out, over_untouched;
  for (std::size_t page = 0; page < readings.pages.size(); ++page) {
    const std::size_t choice = kept(readings, page, order.data(), size);
    ++step.pages_read[choice];
    values.push_back(readings.of(page, order[choice]).objective);
    if (orders_without.empty()) continue;
    left_out.push_back(readings.of(page, kept_setting(readings, page, orders_without[page], size)).objective);
    over_untouched.push_back(left_out.back() - readings.of(page, 0).objective);
  }
  step.value = mean(values);
  step.cer = mean_cer(
      readings, [&](std::size_t page) { return readings.of(page, kept_setting(readings, page, order, size)).cer; });
  if (orders_without.empty()) return step;
  step.left_out = mean(left_out);
  step.left_out_interval = mean_estimate(over_untouched, portfolio_seed).interval;
  const double way = limits.optimum - limits.untouched;
  if (way > no_gain) step.closed = (step.left_out - limits.untouched) / way;
  step.left_out_cer = mean_cer(readings, [&](std::size_t page) {
    return readings.of(page, kept_setting(readings, page, orders_without[page], size)).cer;
  });
  return step;
}

/// Steps and recommended size of the portfolios that `choose` makes.
template <class Choose>
void take_steps(const Readings& readings, const Choose& choose, PortfolioAnalysis& analysis) {
  const std::vector<Setting> order = choose(readings, std::nullopt);
  std::vector<std::vector<Setting>> orders_without;
  for (std::size_t page = 0; page < readings.pages.size(); ++page) orders_without.push_back(choose(readings, page));
  analysis.steps.clear();
  analysis.recommended = 0;
  double best = analysis.untouched;
  for (std::size_t size = 1; size <= order.size(); ++size) {
    analysis.steps.push_back(step_of(readings, order, orders_without, size, analysis));
    // Of equals the larger: it has read more pages better in sample, and the portfolios without a page need fewer.
    const double left_out = analysis.steps.back().left_out;
    if (left_out > analysis.untouched + no_gain && left_out >= best - no_gain) {
      best = left_out;
      analysis.recommended = size;
    }
  }
}

double best_left_out(const PortfolioAnalysis& analysis) {
  return analysis.recommended == 0 ? analysis.untouched : analysis.steps[analysis.recommended - 1].left_out;
}

}  // namespace

PortfolioAnalysis analyse_portfolio(const ScoreTable& table, const Ranking& ranking) {
  PortfolioAnalysis analysis;
  const Readings readings = readings_of(table, ranking.objective);
  // Without the untouched pages there is nothing to compare with, with one page nothing to leave out.
  if (readings.pages.size() < 2 || readings.candidates.empty() || readings.candidates.front() != baseline_point) {
    return analysis;
  }
  analysis.pages = static_cast<std::uint32_t>(readings.pages.size());
  analysis.candidates = static_cast<std::uint32_t>(readings.candidates.size());
  add_limits(analysis, readings);
  take_steps(readings, greedy, analysis);
  PortfolioAnalysis other = analysis;
  other.method = PortfolioMethod::highest;
  take_steps(readings, highest, other);
  // Of equals the greedy one: it needs fewer settings.
  return best_left_out(other) > best_left_out(analysis) + no_gain ? other : analysis;
}

}  // namespace ocrs
