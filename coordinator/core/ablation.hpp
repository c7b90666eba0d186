// What a setting owes to each of its stages: the same setting with one stage off, page against page. The story of the
// stages (stage_story) averages over a whole design; this asks about one setting. Evaluates nothing itself. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/gain_check.hpp"

namespace ocrs {

struct WithoutStage {
  std::size_t stage = 0;  // of the pipeline
  std::string option;     // its choice in the setting
  Point point;            // numbered 0, 1, … in stage order
};

/// `setting` once without each stage that is on in it and may be off.
[[nodiscard]] std::vector<WithoutStage> without_each_stage(const PipelineSpec& pipeline, const Point& setting);

enum class StageDebt {
  needed,       // the setting is better with the stage, by more than luck
  harmful,      // it is better without, by more than luck
  not_certain,  // no difference, or one that luck may make; also with fewer than two pages
};

struct Ablation {
  std::size_t pages = 0;  // with an objective both with and without
  double with_mean = 0, without_mean = 0;
  MeanWithError owed;                             // with - without
  std::size_t pages_better = 0, pages_worse = 0;  // with the stage
  StageDebt debt = StageDebt::not_certain;
};

/// Objectives page by page, empty where there is none; both of the same length. Since the setting was chosen as the
/// best of many on these pages, what it owes is estimated a little high.
[[nodiscard]] Ablation compare_without(const std::vector<std::optional<double>>& with,
                                       const std::vector<std::optional<double>>& without);

/// The stage to leave out next, as a position in `ablations` (all against the same setting): the one whose absence
/// costs least, the last of equals, if it costs at most one standard error (the rule of Breiman, Friedman, Olshen and
/// Stone, Classification and Regression Trees, 1984, §3.4.3: the simplest model within one error of the best) and at
/// most `cost_max`, an objective. Nothing else.
[[nodiscard]] std::optional<std::size_t> most_dispensable(const std::vector<Ablation>& ablations, double cost_max);

/// Of what the setting gains over the untouched pages, this much may go for a leaner one.
inline constexpr double gain_for_leanness = 0.1;

}  // namespace ocrs
