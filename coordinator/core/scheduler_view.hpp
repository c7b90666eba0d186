// What the scheduler shows of itself: plain data for the progress line, `status`, `workers`, `explain` and the live
// page. A copy of one moment; nothing here decides anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/messages.hpp"
#include "coordinator/core/stored_evaluation.hpp"
#include "coordinator/core/transitions.hpp"

namespace ocrs {

struct SchedulerCounts {
  std::uint64_t total = 0;
  std::uint64_t pending = 0, leased = 0, retry = 0;                             // open
  std::uint64_t done = 0, failed = 0, missing = 0, dropped = 0, cancelled = 0;  // final; cancelled are not in missing
  std::uint64_t uncommitted = 0;                                                // of the final ones: not yet on disk
  std::uint32_t workers = 0, lanes = 0;                                         // that may be given work
  std::uint32_t hosts = 0;
};

/// Things that happened and are not wrong by themselves; never reset.
struct SchedulerCounters {
  std::uint64_t results = 0;     // first ones of an evaluation, scores or final failure
  std::uint64_t late = 0;        // of these: the lease had ended
  std::uint64_t duplicates = 0;  // repeated or copied results
  std::uint64_t different = 0;   // of these: other numbers than the first
  std::uint64_t deaths = 0;      // evaluators that died, as reported
  std::uint64_t requeued = 0;    // leases that ended without blame and without a result
  std::uint64_t batches = 0, retracted = 0, copies = 0;
  std::uint64_t unexpected = 0;  // messages that did not fit, counted and ignored
  std::uint64_t rejected = 0;    // handshakes and workers refused
};

struct WorkerView {
  std::string label, uuid, host_id, host_name, build;
  WorkerState state = WorkerState::gone;
  Hardware hardware;
  std::uint32_t lanes = 0, lanes_busy = 0;  // busy as the worker says
  std::uint64_t leased = 0;
  std::uint64_t done = 0, failed = 0, duplicates = 0, returned = 0, deaths = 0;
  double mean_ms = 0;     // per evaluation on one lane, 0 = not measured
  double per_second = 0;  // all lanes, 0 = not measured
  double heard_s_ago = 0;
  double load = 0;
  std::uint64_t memory_available_bytes = 0;
  bool admitted = true;        // its canary was compared, or none is asked for
  bool other_numbers = false;  // its canary was close to the coordinator's, not equal
  std::string aside;           // why its host gets no work now; empty = it may
};

struct PageView {
  PageIndex page;
  std::uint64_t pending = 0, leased = 0, retry = 0, done = 0, failed = 0, missing = 0;
  bool suspended = false;
};

struct UnscoredView {
  EvaluationId id;
  EvaluationStatus status = EvaluationStatus::missing;
  std::string reason;
};

struct EvaluationView {
  EvaluationState state = EvaluationState::pending;
  std::optional<EvaluationStatus> status;
  std::string reason;
  std::uint32_t attempts = 0;
  std::vector<std::string> holders;  // worker labels
  struct Died {
    std::uint32_t attempt = 0;
    std::string worker, node;
    FailureKind kind = FailureKind::crashed;
    bool alone = false;
  };
  std::vector<Died> deaths;
};

struct ProgressForecast {
  double per_second = 0;              // 0 = nothing measured or nobody works
  std::optional<double> remaining_s;  // nullopt = not known
};

}  // namespace ocrs
