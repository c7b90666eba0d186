// Is the best setting better than the untouched pages, or lucky? A winner of many settings on few pages always seems to
// gain something. So the setting that is best on every second page (the baseline competes) is judged on the others, and
// the other way round. Those gains have chosen nothing, and their spread over the pages says how sure their mean is.
// Decides no ranking. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "coordinator/core/objective.hpp"

namespace ocrs {

struct MeanWithError {
  double mean = 0;
  double error = 0;  // standard error; 0 with fewer than two values
};
[[nodiscard]] MeanWithError mean_with_error(const std::vector<double>& values);

/// Student's t that a mean of `values` normal numbers exceeds by chance once in twenty; infinite below two values.
[[nodiscard]] double t_one_in_twenty(std::size_t values);

/// Fisher's randomisation test (The Design of Experiments, 1935, §21): of all ways to give these values signs, the
/// share whose sum is at least theirs. It asks nothing of how much the values differ. Counted exactly for at most
/// `most_flipped` values; 1 for more, and for none.
inline constexpr std::size_t most_flipped = 12;
[[nodiscard]] double flipped_signs_chance(const std::vector<double>& values);

/// What four pages that all gain reach, and three cannot.
inline constexpr double rare_flip = 1.0 / 16;

/// Is the mean of gains, one per page, above nothing by more than luck: over t × its standard error, or a rare flip?
[[nodiscard]] bool more_than_luck(const std::vector<double>& gains);

enum class GainVerdict {
  untouched_best,  // the baseline has the best objective
  beyond_noise,    // the held-out gains are more than luck
  within_noise,
  one_page,  // fewer than two pages: none is left to judge by
  unknown,   // there is no best point, or the baseline has no objective
};

struct GainCheck {
  GainVerdict verdict = GainVerdict::unknown;
  std::size_t pages = 0;         // with an objective of their own at every ranked point
  std::size_t pages_better = 0;  // where the winner beats the untouched page
  std::size_t pages_worse = 0;
  MeanWithError gain;      // of the winner over these pages: chosen on them, so too high
  MeanWithError held_out;  // of the setting that the other half of the pages chose: what to expect of such pages
};

[[nodiscard]] GainCheck check_gain(const ScoreTable& table, const Ranking& ranking);

}  // namespace ocrs
