// What the scheduler is told and what it asks for: its whole interface to the world.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/ids.hpp"
#include "common/core/messages.hpp"
#include "coordinator/core/stored_evaluation.hpp"

namespace ocrs {

/// Monotonic time since an arbitrary start; the shell and the tests own the clock.
using TimePoint = std::chrono::duration<std::int64_t, std::micro>;

/// The ROUTER's routing id of a connection.
struct ConnectionId {
  std::string routing;
  auto operator<=>(const ConnectionId&) const = default;
};

// ---- events ----

struct WorkerSaid {
  ConnectionId from;
  WorkerMessage message;
};

/// The transport could not deliver to this connection (EHOSTUNREACH): it is gone.
struct ConnectionLost {
  ConnectionId connection;
};

/// Time passes: heartbeats, leases, tail.
struct Tick {};

/// The rows of these Commit effects are on disk.
struct Committed {
  std::vector<std::uint64_t> tickets;
};

/// The journal cannot write (disk full, I/O error): nothing new is handed out until JournalWorks.
struct JournalFailed {
  std::string why;
};
struct JournalWorks {};

enum class OperatorVerb { pause, resume, cancel, drain_all };
struct OperatorSaid {
  OperatorVerb verb = OperatorVerb::pause;
};
struct DrainWorker {
  std::string worker;  // host name or uuid prefix as shown by `workers`
};
struct ExtendTo {
  std::vector<Point> points;  // those to add, in any order
};
struct RetryFailed {};
/// These pages may be handed out now (see SchedulerSettings::held_pages).
struct OpenPages {
  std::vector<PageIndex> pages;
};
/// What is not final of these points is given up on purpose.
struct DropPoints {
  std::vector<PointIndex> points;
  std::string reason;
};
/// What was dropped is evaluated after all, on all pages.
struct FillDropped {};

using SchedulerEvent =
    std::variant<WorkerSaid, ConnectionLost, Tick, Committed, JournalFailed, JournalWorks, OperatorSaid, DrainWorker,
                 ExtendTo, RetryFailed, OpenPages, DropPoints, FillDropped>;

// ---- effects ----

struct SendToWorker {
  ConnectionId to;
  CoordinatorMessage message;
};

/// Journal this final record; answer with Committed{ticket} once it is on disk.
struct CommitFinal {
  std::uint64_t ticket = 0;
  EvaluationStatus status = EvaluationStatus::done;
  EvaluationResult result;  // failure set when failed or missing
  std::string reading;      // as received
  std::string worker;       // for people
};

/// Journal a try that did not end the evaluation (no answer needed).
struct CommitAttempt {
  EvaluationId id;
  Attempt attempt;
  Failure failure;
  std::string worker, host;
};

/// Take these out of their final state in the journal.
struct CommitReopen {
  std::vector<EvaluationId> evaluations;
};

enum class NoticeLevel { info, warning, error };
/// Something a person wants to know; logged, journaled as an event and shown.
struct Notice {
  NoticeLevel level = NoticeLevel::info;
  std::string kind;  // "worker-joined", "worker-lost", "quarantined", …
  std::string text;
};

/// Every evaluation has its final state on disk, or is known to be missing: the shell writes the files.
struct ScreeningComplete {};

using SchedulerEffect = std::variant<SendToWorker, CommitFinal, CommitAttempt, CommitReopen, Notice, ScreeningComplete>;

}  // namespace ocrs
