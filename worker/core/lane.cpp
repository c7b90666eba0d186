#include "worker/core/lane.hpp"

#include <algorithm>
#include <utility>

#include "common/core/check.hpp"

namespace ocrs {

std::optional<std::size_t> QueuedBatch::find_unfinished(const EvaluationId& id) const {
  if (id.page != batch.page) return std::nullopt;
  for (std::size_t i = 0; i < batch.points.size(); ++i) {
    if (!done[i] && batch.points[i].index == id.point) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> QueuedBatch::first_unfinished() const {
  const auto position = std::find(done.begin(), done.end(), false);
  if (position == done.end()) return std::nullopt;
  return static_cast<std::size_t>(position - done.begin());
}

void QueuedBatch::mark_done(std::size_t position) {
  OCRS_CHECK(!done[position], "an evaluation of a batch is finished once");
  done[position] = true;
  --unfinished;
}

void Lane::process_is_gone() {
  state = SlotState::stopped;
  kill_reason = KillReason::none;
  prepared = false;
  used = false;
  evaluating = false;
  evaluate_id = BatchId{};
  loaded_page.reset();
  started.reset();
  problem.clear();
  peak_bytes = 0;
}

void Lane::back_off(AgentTime now) {
  const int seconds = std::min(60, 1 << std::min<std::uint32_t>(start_failures, 6));
  ++start_failures;
  start_at = now + std::chrono::seconds(seconds);
}

std::string signal_text(std::int32_t signal) {
  static constexpr std::pair<std::int32_t, const char*> names[] = {
      {1, "SIGHUP"}, {2, "SIGINT"},  {3, "SIGQUIT"},  {4, "SIGILL"},   {5, "SIGTRAP"},  {6, "SIGABRT"},  {7, "SIGBUS"},
      {8, "SIGFPE"}, {9, "SIGKILL"}, {11, "SIGSEGV"}, {13, "SIGPIPE"}, {15, "SIGTERM"}, {24, "SIGXCPU"}, {31, "SIGSYS"},
  };
  for (const auto& [number, name] : names) {
    if (number == signal) return std::string(name) + " (signal " + std::to_string(signal) + ")";
  }
  return "signal " + std::to_string(signal);
}

Failure failure_of_death(const SlotDied& death, KillReason reason, const std::string& node, const std::string& problem,
                         std::uint32_t deadline_s) {
  constexpr std::int32_t sigkill = 9;
  Failure failure;
  failure.node = node;
  failure.stderr_tail = death.stderr_tail;
  if (reason == KillReason::deadline) {
    failure.kind = FailureKind::deadline;
    failure.text = node + " took longer than the limit of " + std::to_string(deadline_s) + " s";
  } else if (!problem.empty()) {
    failure.kind = FailureKind::engine;
    failure.text = problem;
  } else if (death.memory_limit) {
    failure.kind = FailureKind::memory;
    failure.text = "the evaluator ran into its memory limit in " + node;
  } else if (death.signal == sigkill) {
    // Not our own kill: on Linux that is nearly always the kernel, short of memory.
    failure.kind = FailureKind::memory;
    failure.text = "the evaluator was killed from outside in " + node + ", most likely for want of memory";
  } else if (death.signal != 0) {
    failure.kind = FailureKind::crashed;
    failure.text = "the evaluator died of " + signal_text(death.signal) + " in " + node;
  } else {
    failure.kind = FailureKind::crashed;
    failure.text = "the evaluator ended itself with exit code " + std::to_string(death.exit_code) + " in " + node;
  }
  return failure;
}

}  // namespace ocrs
