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

enum class GainVerdict {
  untouched_best,  // the baseline has the best objective
  beyond_noise,    // mean of the held-out gains > t × its standard error
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
