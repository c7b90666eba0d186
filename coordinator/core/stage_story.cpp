#include "coordinator/core/stage_story.hpp"

#include <cmath>
#include <optional>
#include <string_view>

#include "coordinator/core/gain_check.hpp"

namespace ocrs {
namespace {

constexpr std::string_view off = "off";

/// Positions in Ranking::points of the settings with an objective, and the stage's option at each.
struct Side {
  std::vector<std::size_t> rows;
  std::vector<double> objectives;
};

std::vector<std::string> options_seen(const std::vector<std::string>& options, const Factor& choice) {
  std::vector<std::string> seen;
  for (const ChoiceShare& share : choice.choices) {
    bool found = false;
    for (const std::string& option : options) found = found || option == share.name;
    if (found && share.name != off) seen.push_back(share.name);
  }
  return seen;
}

std::optional<double> page_mean(const ScoreTable& table, const Ranking& ranking, PageIndex page, const Side& side) {
  double sum = 0;
  for (const std::size_t row : side.rows) {
    const auto value = page_objective(ranking.objective, table.cell(page, ranking.points[row].point));
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(side.rows.size());
}

/// Welch: the settings of either side differ among themselves by all that the other factors do.
void judge(StageEffect& effect, const Side& on, const Side& away) {
  if (on.rows.size() < 2 || away.rows.size() < 2) return;
  effect.error = std::hypot(mean_with_error(on.objectives).error, mean_with_error(away.objectives).error);
  const bool believed = std::abs(effect.difference) > sure_errors * effect.error;
  effect.verdict = !believed               ? StageVerdict::within_noise
                   : effect.difference > 0 ? StageVerdict::helped
                                           : StageVerdict::hurt;
}

StageEffect compare(const ScoreTable& table, const Ranking& ranking, const Side& on, const Side& away) {
  StageEffect effect;
  effect.on_points = on.rows.size();
  effect.off_points = away.rows.size();
  if (on.rows.empty() || away.rows.empty()) return effect;
  effect.on = mean_with_error(on.objectives).mean;
  effect.off = mean_with_error(away.objectives).mean;
  // Every setting counted was read on every page, so that this is also the mean of the pages' differences.
  effect.difference = effect.on - effect.off;
  for (std::uint32_t page = 0; page < table.pages(); ++page) {
    const auto with = page_mean(table, ranking, PageIndex{page}, on);
    const auto without = page_mean(table, ranking, PageIndex{page}, away);
    if (!with || !without) continue;
    ++effect.pages;
    effect.pages_better += *with > *without;
  }
  judge(effect, on, away);
  return effect;
}

/// The option of a stage's choice at every point, "" for what does not count.
std::vector<std::string> options_of(const std::vector<FactorSlot>& slots, std::size_t stage,
                                    const std::vector<Point>& points) {
  std::vector<std::string> options(points.size());
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (slots[slot].stage != stage || slots[slot].when != nullptr) continue;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (slot < points[i].values.size()) options[i] = to_text(points[i].values[slot]);
    }
  }
  return options;
}

}  // namespace

std::vector<StageEffect> stage_effects(const PipelineSpec& pipeline, const std::vector<Point>& points,
                                       const ScoreTable& table, const Ranking& ranking) {
  std::vector<StageEffect> effects;
  const std::vector<FactorSlot> slots = factor_slots(pipeline);
  for (std::size_t stage = 0; stage < pipeline.stages.size(); ++stage) {
    if (!pipeline.stages[stage].choice) continue;
    const std::vector<std::string> options = options_of(slots, stage, points);
    const auto side = [&](auto belongs) {
      Side chosen;
      for (std::size_t i = 0; i < points.size() && i + 1 < ranking.points.size(); ++i) {
        const PointScores& row = ranking.points[i + 1];  // the baseline stands first
        if (!row.objective || options[i].empty() || !belongs(options[i])) continue;
        chosen.rows.push_back(i + 1);
        chosen.objectives.push_back(*row.objective);
      }
      return chosen;
    };
    const Side away = side([](const std::string& option) { return option == off; });
    const auto add = [&](const std::string& name, const Side& on) {
      StageEffect effect = compare(table, ranking, on, away);
      effect.stage = stage;
      effect.option = name;
      if (effect.on_points > 0 && effect.off_points > 0) effects.push_back(std::move(effect));
    };
    const std::vector<std::string> seen = options_seen(options, *pipeline.stages[stage].choice);
    if (seen.empty() || away.rows.empty()) continue;
    add("", side([](const std::string& option) { return option != off; }));
    if (seen.size() < 2) continue;
    for (const std::string& name : seen) {
      add(name, side([&name](const std::string& option) { return option == name; }));
    }
  }
  return effects;
}

}  // namespace ocrs
