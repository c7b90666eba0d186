// What the live page's addresses answer, as text: JSON for the page and for scripts, the Prometheus exposition. Pure
// functions of the moment handed over and of results read from the journal. Any thread.
#pragma once

#include <string>

#include "coordinator/io/live_state.hpp"
#include "coordinator/io/screening_results.hpp"

namespace ocrs {

/// Progress: counts, rate, time left, history.
[[nodiscard]] std::string live_status_json(const LiveTitle& title, const LiveMoment& moment);
[[nodiscard]] std::string live_workers_json(const LiveMoment& moment);
/// From the journal as far as it goes: leading settings against the untouched page on the pages both have, failures by
/// reason, and the mean gain by factor value.
[[nodiscard]] std::string live_results_json(const ScreeningResults& results);
/// Prometheus text exposition, version 0.0.4.
[[nodiscard]] std::string live_metrics(const LiveMoment& moment);

}  // namespace ocrs
