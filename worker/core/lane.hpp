// A lane: its queue of batches, the state of the evaluator that works them off, and who is to blame when that dies.
// Plain data with small rules; Agent drives it.
//   stopped     no process; may be started from start_at on        left by StartSlot
//   starting    started, not Ready yet                             left by SlotReady, SlotDied, a start deadline
//   ready       up and idle                                        left by Evaluate, KillSlot, SlotDied
//   evaluating  works on queue.front()                             left by EvaluateDone, KillSlot, SlotDied
//   ending      KillSlot asked for; results may still come in      left by SlotDied only
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "worker/core/agent_messages.hpp"

namespace ocrs {

enum class SlotState { stopped, starting, ready, evaluating, ending };

/// Why the agent itself ended an evaluator. Only `deadline` blames an evaluation.
enum class KillReason { none, deadline, start_deadline, recycle, fresh, screening, parked, leaving };

struct QueuedBatch {
  explicit QueuedBatch(Batch from)
      : batch(std::move(from)), done(batch.points.size()), unfinished(batch.points.size()) {}

  Batch batch;
  std::vector<bool> done;       // reported or given back
  std::vector<bool> retracted;  // to be given back as soon as no evaluator has it; empty = none
  std::size_t unfinished;
  std::map<std::string, std::uint32_t> deaths;  // by node
  std::uint32_t unblamed_deaths = 0;

  [[nodiscard]] EvaluationId id_at(std::size_t position) const { return {batch.page, batch.points[position].index}; }
  /// Position of an evaluation that is not done; nullopt = not in this batch, or done.
  [[nodiscard]] std::optional<std::size_t> find_unfinished(const EvaluationId& id) const;
  [[nodiscard]] std::optional<std::size_t> first_unfinished() const;
  void mark_done(std::size_t position);
};

struct Lane {
  LaneIndex index;
  SlotState state = SlotState::stopped;
  KillReason kill_reason = KillReason::none;
  std::deque<QueuedBatch> queue;

  // Of the process.
  bool prepared = false;
  bool used = false;        // has been given points
  bool evaluating = false;  // has points of queue.front(), also while ending
  BatchId evaluate_id;      // names the Evaluate under way, unique in this agent: late reports of others are told apart
  std::optional<PageIndex> loaded_page;
  std::optional<Started> started;  // the node under way
  std::string problem;             // what it said before it ended itself
  AgentTime progress_at{};         // the last sign of work, or of being started
  std::uint64_t peak_bytes = 0;    // the most memory it has had, as it said last

  // Of the lane.
  AgentTime start_at{};
  std::uint32_t start_failures = 0;  // in a row, until a batch is done
  std::uint32_t credit = 0;          // granted on this connection and not used by a batch yet
  bool parked = false;               // no memory for it now
  bool fits = true;                  // memory bears this many evaluators for the screening's pages

  [[nodiscard]] bool rests() const { return parked || !fits; }

  void process_is_gone();
  /// The next start waits 1 s, 2 s, … 60 s, as failures go on.
  void back_off(AgentTime now);
};

/// "SIGSEGV (signal 11)" for the signals that end programs, else "signal N".
[[nodiscard]] std::string signal_text(std::int32_t signal);

/// What a dead evaluator's evaluation is told to have failed of.
[[nodiscard]] Failure failure_of_death(const SlotDied& death, KillReason reason, const std::string& node,
                                       const std::string& problem, std::uint32_t deadline_s);

}  // namespace ocrs
