// Scheduler decides which evaluation runs where, when it is retried, who is blamed, what is committed and what is told
// to whom (SCHEDULING.md). It owns no socket, file, thread, clock or log: the shell feeds it events with the time they
// happened and carries out the effects it returns, in order. Single-threaded. Files: scheduler.cpp (operator, journal,
// completion), scheduler_workers.cpp (handshake, canary), scheduler_liveness.cpp, scheduler_results.cpp (results,
// deaths, finals), scheduler_handout.cpp (batches, retries, tail), scheduler_view.cpp (what people are shown).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/core/batcher.hpp"
#include "coordinator/core/blame.hpp"
#include "coordinator/core/evaluation_table.hpp"
#include "coordinator/core/pace.hpp"
#include "coordinator/core/retry_queue.hpp"
#include "coordinator/core/scheduler_messages.hpp"
#include "coordinator/core/scheduler_view.hpp"
#include "coordinator/core/stored_evaluation.hpp"
#include "coordinator/core/worker_table.hpp"

namespace ocrs {

struct SchedulerSettings {
  ScreeningSpec screening;    // as sent to workers after WELCOME
  std::vector<Point> points;  // the baseline first, then the design in schedule order
  double heartbeat_s = 5, suspect_s = 30, lease_s = 900;
  double batch_target_s = 30;     // of the worker's own measured speed
  std::uint32_t batch_first = 3;  // evaluations, while nothing is measured
  std::uint32_t batch_max = 256;
  std::string blob_endpoint;
  std::string build;
  EngineVersions engine;  // a worker whose versions differ is refused; an empty entry accepts any
  /// The untouched page as the coordinator's own evaluator read it; none = every worker is admitted unseen.
  std::optional<EvaluationResult> canary;
  std::string canary_host;            // the coordinator's own host id: its workers are not asked
  std::vector<PageIndex> held_pages;  // of a race: nothing of them is handed out until OpenPages
  std::uint64_t first_batch = 1;      // no incarnation of the coordinator may number batches as an earlier one did
};

/// What a journal remembers of an earlier incarnation.
struct SchedulerMemory {
  struct KnownAttempt {
    EvaluationId id;
    Attempt attempt;
    Failure failure;
    std::string worker, host;  // as given in CommitAttempt
  };
  std::vector<StoredEvaluation> evaluations;  // final records
  std::vector<KnownAttempt> attempts;         // tries that ended none, oldest first
  bool paused = false;
};

/// Seconds after which a worker that is told to say HELLO should do so.
inline constexpr double hello_retry_s = 1;
/// The attempt of a canary, which is no evaluation's try.
inline constexpr Attempt canary_attempt{0};
/// Canaries whose mean word confidence differs by no more are admitted, as a numeric class of their own.
inline constexpr double canary_confidence_tolerance = 0.5;

/// What an undelivered final record waits for.
struct Uncommitted {
  CommitFinal commit;
  struct Reporter {
    std::uint32_t worker = 0;
    HeldEvaluation held;
  };
  std::vector<Reporter> reporters;  // to be acknowledged once it is on disk
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerSettings settings, const SchedulerMemory& memory = {});

  [[nodiscard]] std::vector<SchedulerEffect> handle(const SchedulerEvent& event, TimePoint now);

  // ---- what people are shown; cheap unless noted ----
  [[nodiscard]] SchedulerCounts counts() const;
  [[nodiscard]] SchedulerCounters counters() const { return counters_; }
  [[nodiscard]] std::vector<WorkerView> workers(TimePoint now) const;  // O(workers)
  [[nodiscard]] std::vector<PageView> pages() const;                   // O(evaluations)
  /// Every evaluation that ended without scores, by page, then point; cancelled ones included.
  [[nodiscard]] std::vector<UnscoredView> unscored() const;  // O(evaluations) after a cancel
  /// nullopt: no such evaluation.
  [[nodiscard]] std::optional<EvaluationView> explain(const EvaluationId& id) const;
  /// Evaluations per second the present lanes are expected to give, and seconds until nothing is open. O(pages +
  /// workers)
  [[nodiscard]] ProgressForecast forecast() const;
  [[nodiscard]] bool is_paused() const { return paused_; }
  [[nodiscard]] bool is_complete() const { return complete_; }
  [[nodiscard]] bool is_cancelled() const { return cancelled_; }
  /// Evaluations of pages that are not held back which have no final record on disk yet.
  [[nodiscard]] std::uint64_t unsettled() const { return table_.open() - batcher_.held_back() + uncommitted_.size(); }
  [[nodiscard]] bool journal_works() const { return journal_works_; }
  /// Nobody holds an evaluation and everything reported is on disk: the coordinator can end without loss of work.
  [[nodiscard]] bool is_quiet() const { return table_.all_leases().empty() && uncommitted_.empty(); }

  /// The first sentence of what is wrong inside, or nothing (invariants.cpp). O(everything): for tests.
  [[nodiscard]] std::optional<std::string> broken_invariant() const;

 private:
  struct SentBatch {
    std::uint32_t worker = 0;
    std::optional<std::uint32_t> lane;  // none: adopted from an earlier incarnation or connection
    std::uint32_t page = 0;
    bool alone = false, retracted = false;
    std::map<std::uint32_t, Attempt> open;  // by position
    TimePoint progress{};                   // sent, or the last result
    std::optional<LaneKey> asked_back_for;  // an idle lane that would start on it at once
  };

  // scheduler.cpp
  void remember(const SchedulerMemory& memory);
  void on(const WorkerSaid& event);
  void on(const ConnectionLost& event);
  void on(const Tick& event);
  void on(const Committed& event);
  void on(const JournalFailed& event);
  void on(const JournalWorks& event);
  void on(const OperatorSaid& event);
  void on(const DrainWorker& event);
  void on(const ExtendTo& event);
  void on(const RetryFailed& event);
  void on(const OpenPages& event);
  void on(const DropPoints& event);
  void on(const FillDropped& event);
  void withdraw_record(const Place& place);
  void reopen_on_disk(CommitReopen reopened);
  void cancel();
  void begin_again();
  void complete_if_done();

  // scheduler_workers.cpp
  void hello(const ConnectionId& from, const Hello& message);
  [[nodiscard]] std::optional<Reject> refusal(const Hello& message) const;
  void welcome(std::uint32_t worker);
  void reconcile(std::uint32_t worker, const Hello& message);
  void adopt(std::uint32_t worker, const HeldEvaluation& held, std::map<std::uint32_t, std::uint64_t>& batches);
  void heard(std::uint32_t worker, const Hello& message);
  void heard(std::uint32_t worker, const Credit& message);
  void heard(std::uint32_t worker, const WorkerHeartbeat& message);
  void heard(std::uint32_t worker, const ResultMessage& message);
  void heard(std::uint32_t worker, const Returned& message);
  void heard(std::uint32_t worker, const BatchFinished& message);
  void heard(std::uint32_t worker, const Draining& message);
  void heard(std::uint32_t worker, const Goodbye& message);
  void speak_to_stranger(const ConnectionId& from);
  void ask_for_hello(std::uint32_t worker, const std::string& why);
  void drain(std::uint32_t worker, const std::string& why);
  void send_canary(std::uint32_t worker);
  void canary_came(std::uint32_t worker, const EvaluationResult& result);

  // scheduler_liveness.cpp
  void watch(std::uint32_t worker);
  void remove_worker(std::uint32_t worker, WorkerEvent event);
  void set_aside(std::uint32_t host, const std::string& why);
  void watch_hosts();

  // scheduler_results.cpp
  void scores_came(std::uint32_t worker, const Place& place, const ResultMessage& message);
  void failure_came(std::uint32_t worker, const Place& place, const EvaluationResult& result);
  void duplicate_came(std::uint32_t worker, const Place& place, const ResultMessage& message);
  void host_failed(std::uint32_t worker, const Place& place, const EvaluationResult& result);
  void died(std::uint32_t worker, const Place& place, const EvaluationResult& result);
  void measure(std::uint32_t worker, const EvaluationResult& result);
  void credit_pass(std::uint32_t worker, const Place& place);
  void quarantine(const Place& place, const EvaluationResult& last, const std::string& worker);
  void condemn_page(std::uint32_t page, const EvaluationResult& last, const std::string& worker);
  void condemn_prefix(std::uint32_t page, const EvaluationResult& last, const std::string& worker);
  void end_by_blame(const Place& place, EvaluationStatus status, EvaluationResult last, const std::string& worker);
  void commit_final(const Place& place, EvaluationStatus status, EvaluationResult result, std::string reading,
                    const std::string& worker);
  void acknowledge_when_committed(std::uint32_t worker, const Place& place, Attempt attempt);
  void acknowledge(std::uint32_t worker, const HeldEvaluation& held);
  void leave_open_states(const Place& place);
  void end_all_leases(const Place& place, bool retract);
  void review_suspension(std::uint32_t page);

  // scheduler_handout.cpp
  [[nodiscard]] bool may_hand_out() const;
  void hand_out();
  [[nodiscard]] bool hand_out_retry();
  [[nodiscard]] std::optional<LaneKey> lane_for_retry(std::uint32_t host, TimePoint since) const;
  [[nodiscard]] std::uint32_t batch_size(LaneKey lane, std::uint32_t page) const;
  void send_batch(LaneKey lane, std::uint32_t page, const std::vector<std::uint32_t>& positions, bool alone);
  /// Ends the worker's lease; the evaluation waits again if nobody else has it. false = there was no such lease.
  bool free_lease(std::uint32_t worker, const Place& place, Attempt attempt);
  void wait_again(const Place& place);
  void note_progress(const Lease& lease, const Place& place);
  void free_all(std::uint32_t worker);
  void retract(std::uint64_t batch);
  void tend_tail();
  [[nodiscard]] std::vector<LaneKey> idle_lanes() const;
  void ask_back(const std::vector<LaneKey>& idle);
  void give_to(LaneKey lane, std::uint32_t page, const std::vector<std::uint32_t>& positions);
  void copy_slowest(const std::vector<LaneKey>& idle);

  void send(std::uint32_t worker, CoordinatorMessage message);
  void notice(NoticeLevel level, std::string kind, std::string text);
  template <class Effect>
  void emit(Effect effect) {
    effects_.emplace_back(std::move(effect));
  }
  [[nodiscard]] std::string name_of(const Place& place) const;
  [[nodiscard]] bool other_hosts_than(std::uint32_t host) const;

  SchedulerSettings settings_;
  TimePoint heartbeat_, suspect_, lease_;
  TimePoint now_{};
  std::vector<SchedulerEffect> effects_;

  EvaluationTable table_;
  WorkerTable workers_;
  Batcher batcher_;
  RetryQueue retries_;
  Blame blame_;
  Pace pace_;
  std::map<std::uint32_t, EvaluationResult> page_stories_;  // of condemned pages: what their evaluations end with

  std::unordered_map<std::uint64_t, SentBatch> batches_;
  std::vector<std::set<std::uint64_t>> batches_of_page_;
  std::uint64_t next_batch_;
  std::map<std::uint64_t, Uncommitted> uncommitted_;  // by ticket
  std::unordered_map<Place, std::uint64_t, PlaceHash> ticket_of_;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint32_t, std::vector<HeldEvaluation>> acknowledgements_;  // by worker, sent when the event is done
  std::vector<CommitAttempt> held_attempts_;                               // while the journal fails
  std::set<EvaluationId> reopened_;                                        // not yet known to be on disk
  std::uint64_t reopened_before_ticket_ = 0;
  std::unordered_map<Place, Attempt, PlaceHash> forgotten_up_to_;  // deaths up to this attempt count no more

  std::unordered_map<std::string, TimePoint> strangers_;  // connections told to say HELLO, and when
  std::unordered_map<std::string, TimePoint> replaced_;   // connections whose worker came back on another one
  TimePoint tail_tended_{}, strangers_swept_{};
  bool paused_ = false, cancelled_ = false, draining_ = false, complete_ = false, journal_works_ = true;
  SchedulerCounters counters_;
};

/// The first thing wrong with a result's numbers, or nothing; scores alone, of a result that is no failure.
[[nodiscard]] std::optional<std::string> implausible(const EvaluationResult& result);
[[nodiscard]] std::optional<std::string> implausible_scores(const EvaluationResult& result);

}  // namespace ocrs
