// Agent decides what a worker says, fetches, starts, kills and hands back. It owns no socket, file, process, clock or
// random source: the shell feeds it events with the time they happened and carries out the effects it returns, in
// order. Single-threaded. Files: agent.cpp (connection, leaving), agent_screening, agent_batches, agent_lanes. States:
// connection (connection.hpp), lanes (lane.hpp), blobs (blob_ledger.hpp), results (outbox.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "worker/core/agent_messages.hpp"
#include "worker/core/blob_ledger.hpp"
#include "worker/core/connection.hpp"
#include "worker/core/lane.hpp"
#include "worker/core/memory_need.hpp"
#include "worker/core/outbox.hpp"

namespace ocrs {

/// What memory bears for a screening's pages.
struct LanePlan {
  std::uint32_t lanes = 1;
  std::uint64_t recycle_bytes = 0;
  std::uint64_t slot_bytes = 0;  // what was reckoned with per evaluator
};

struct AgentOptions {
  std::string build;
  WorkerUuid uuid;
  std::string host_id, host_name;
  Hardware hardware;
  EngineVersions engine;
  std::uint32_t lanes = 1;
  std::uint32_t batches_per_lane = 2;   // the running one and one ahead
  bool leave_when_finished = false;     // a worker started for one screening ends with it; others wait for the next
  std::uint64_t seed = 1;               // jitter of reconnects
  std::uint64_t recycle_bytes = 0;      // an evaluator larger than this is restarted between batches; 0 = never
  std::uint64_t memory_low_bytes = 0;   // less available: lanes are parked one by one, the last is kept; 0 = never
  std::uint64_t memory_high_bytes = 0;  // more available: parked lanes come back one by one
  /// Known only with the screening's pages; empty function = all lanes, recycle_bytes.
  /// The second argument is what an evaluator was seen to need for the largest page; empty until that is known.
  std::function<LanePlan(const ScreeningSpec&, std::optional<std::uint64_t>)> plan;
  /// Encoded Reading to what goes on the wire (zstd in the shell); empty function = unchanged.
  std::function<std::string(std::string_view)> compress;
};

/// For status lines and tests.
struct AgentCounters {
  std::uint64_t evaluated = 0, failed = 0, returned = 0, acknowledged = 0, repeated = 0;
  std::uint64_t evaluator_deaths = 0, connections = 0;
  std::uint64_t unexpected = 0;  // messages and reports that did not fit the state, and were ignored
};

class Agent {
 public:
  explicit Agent(AgentOptions options);

  [[nodiscard]] std::vector<AgentEffect> handle(const AgentEvent& event, AgentTime now);

  [[nodiscard]] const AgentCounters& counters() const { return counters_; }
  /// Everything not acknowledged: queued, running, finished. Orders by page, point, attempt.
  [[nodiscard]] std::vector<HeldEvaluation> held() const;
  [[nodiscard]] bool exited() const { return exited_; }
  /// Empty, or the sentence that says which invariant is broken; for tests after every event.
  [[nodiscard]] std::string broken_invariant() const;

 private:
  void on(const SpoolLoaded& event);
  void on(const AgentStarted& event);
  void on(const ConnectionUp& event);
  void on(const ConnectionDown& event);
  void on(const CoordinatorSaid& event);
  void on(const AgentTick& event);
  void on(const SlotReady& event);
  void on(const SlotReport& event);
  void on(const SlotDied& event);
  void on(const PageBytesLost& event);
  void on(const BlobArrived& event);
  void on(const BlobFailed& event);
  void on(const ModelsStored& event);
  void on(const ModelsFailed& event);
  void on(const StopRequested& event);

  void heard(const Welcome& message);
  void heard(const Reject& message);
  void heard(const ScreeningSpec& message);
  void heard(const Batch& message);
  void heard(const Acknowledge& message);
  void heard(const CoordinatorHeartbeat& message);
  void heard(const Retract& message);
  void heard(const Drain& message);
  void heard(const ScreeningFinished& message);

  void report(Lane& lane, const Started& report);
  void report(Lane& lane, const Evaluated& report);
  void report(Lane& lane, const EvaluateDone& report);
  void report(Lane& lane, const Problem& report);

  // Connection.
  void say(WorkerMessage message);
  void open_connection();
  void reconnect_later(const std::string& why);
  void say_hello();
  void grant_credit(Lane& lane);

  // Work.
  void advance(Lane& lane);
  void advance_all();
  void start_batch(Lane& lane);
  void want_page(PageIndex page);
  [[nodiscard]] bool page_is_here(PageIndex page) const;
  void finish_result(QueuedBatch& batch, EvaluationResult result, std::string reading);
  void fail_evaluation(QueuedBatch& batch, std::size_t position, Failure failure);
  void give_back(QueuedBatch& batch, const std::string& why);
  void give_back_queue(Lane& lane, const std::string& why);
  void give_back_retracted(QueuedBatch& batch);
  void finish_front_if_done(Lane& lane);
  [[nodiscard]] Lane* find_lane(LaneIndex index);
  void kill(Lane& lane, KillReason reason);
  void blame(Lane& lane, const SlotDied& death, KillReason reason);
  void start_failed(Lane& lane, const SlotDied& death, bool was_starting);
  void store_models_when_here();
  void watch_deadlines();
  void page_failed(PageIndex page, const std::string& text);
  void watch_memory(std::uint64_t available_bytes);
  void plan_lanes();
  void learn_memory(Lane& lane, const EvaluateDone& done);
  void replan_lanes(std::uint64_t slot_bytes);
  void forget_screening();

  // Leaving.
  void leave(std::int32_t exit_code, const std::string& why);
  void leave_now(std::int32_t exit_code, const std::string& why);
  void leave_if_done();
  void end_if_leaving(Lane& lane);

  void notice(AgentNoticeLevel level, std::string text);
  template <class Effect>
  void emit(Effect effect) {
    effects_.emplace_back(std::move(effect));
  }

  struct Leaving {
    std::int32_t exit_code = 0;
    std::string why;
    std::optional<AgentTime> idle_since;  // nothing runs any more; only acknowledgements are awaited
  };

  AgentOptions options_;
  AgentTime now_{};
  std::vector<AgentEffect> effects_;
  Connection connection_;
  std::optional<ScreeningSpec> screening_;
  std::optional<std::string> tessdata_;
  bool models_asked_ = false;
  AgentTime models_retry_at_{};
  BlobLedger blobs_;
  Outbox outbox_;
  std::vector<Lane> lanes_;
  std::set<BatchId> seen_batches_;  // on this connection
  std::uint64_t last_evaluate_ = 0;
  std::optional<Leaving> leaving_;
  std::optional<AgentTime> memory_changed_;
  MemoryNeed memory_need_;
  std::optional<std::uint64_t> planned_bytes_;  // the measured need the lanes were planned with
  std::uint32_t start_failures_ = 0;            // in a row over all lanes, with none ever up
  bool any_slot_was_ready_ = false;
  AgentCounters counters_;
  bool was_welcomed_ = false;   // ever
  std::uint32_t doubtful_ = 0;  // ConnectionDown with a doubtful prospect, in a row
  bool exited_ = false;
};

}  // namespace ocrs
