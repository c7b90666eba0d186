// A whole screening in memory: the real Scheduler and real Agents over a wire that drops, duplicates, delays and
// reorders frames, with a clock of its own. Evaluators are scripts; processes are killed and come back with what was on
// disk. Everything random comes from one seed, so a seed replays a run. Every frame goes through the codec; invariants
// of all parties are checked after every event they handle. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/scheduler.hpp"
#include "tests/support/memory_journal.hpp"
#include "worker/core/agent.hpp"

namespace ocrs::test {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t pages = 3, points = 23;  // and the baseline
  std::uint32_t workers = 3, hosts = 2, lanes = 1;
  double evaluation_s = 1, batch_target_s = 5;

  // Per frame.
  double drop = 0, duplicate = 0, reorder = 0;
  // Mean seconds between two such events; 0 = never. They end at faults_until_s.
  double kill_worker_s = 0, stop_worker_s = 0, kill_evaluator_s = 0, kill_coordinator_s = 0, journal_failure_s = 0,
         pause_s = 0;
  double faults_until_s = 60;
  double give_up_s = 4000;  // a screening that takes longer has got stuck

  bool canary = false;                   // workers of other hosts than host0 are asked to read a page first
  std::set<EvaluationId> deadly;         // kill the evaluator in recognition
  std::set<std::uint32_t> deadly_pages;  // kill it at decode
};

/// What happened to a world; a scenario that never meets its fault tests nothing.
struct WorldFaults {
  std::uint64_t frames_dropped = 0, workers_killed = 0, workers_stopped = 0, evaluators_killed = 0,
                coordinators_killed = 0, rows_lost = 0;
  void add(const WorldFaults& other) {
    frames_dropped += other.frames_dropped;
    workers_killed += other.workers_killed;
    workers_stopped += other.workers_stopped;
    evaluators_killed += other.evaluators_killed;
    coordinators_killed += other.coordinators_killed;
    rows_lost += other.rows_lost;
  }
};

class ScenarioWorld {
 public:
  explicit ScenarioWorld(WorldOptions options);

  /// Runs until the screening is complete and every result acknowledged, or something is wrong.
  void run();
  /// An operator's wish, heard by the coordinator that runs at that time.
  void at(double seconds, const SchedulerEvent& event);
  /// From now on nothing kills evaluators.
  void cure() {
    options_.deadly.clear();
    options_.deadly_pages.clear();
  }

  /// What went wrong, with the time; empty = nothing.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] MemoryJournal& journal() { return journal_; }
  [[nodiscard]] const Scheduler& scheduler() const { return *scheduler_; }
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(now_).count(); }
  [[nodiscard]] std::uint64_t events() const { return handled_; }
  /// How often the first stage was computed, by worker, lane and page.
  [[nodiscard]] const std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, int>& stage_runs() const {
    return stage_runs_;
  }
  /// Deaths of evaluators while they had this evaluation.
  [[nodiscard]] int deaths_of(const EvaluationId& id) const {
    const auto known = deaths_.find(id);
    return known == deaths_.end() ? 0 : known->second;
  }
  [[nodiscard]] std::uint64_t runs() const { return runs_; }
  [[nodiscard]] const WorldFaults& faults() const { return faults_; }
  [[nodiscard]] SchedulerSettings settings(std::uint32_t points) const;

 private:
  using Time = TimePoint;
  struct Slot {
    std::uint64_t life = 0;  // of its process; what an earlier life does is not heard
    bool alive = false;
    std::optional<std::uint32_t> page;  // whose path is kept
    std::optional<EvaluationId> evaluating;
  };
  struct Process {  // a worker's
    std::unique_ptr<Agent> agent;
    std::uint64_t life = 0;
    std::string connection;  // empty = none
    bool connection_up = false;
    std::vector<Slot> slots;
    std::map<std::pair<EvaluationId, Attempt>, ResultMessage> spool;  // on disk
    bool ended = false;                                               // by itself, for good
    double speed = 1;
  };

  void schedule(double seconds, std::function<void()> action);
  void fault(double mean_s, std::function<void()> action);
  [[nodiscard]] double uniform() { return std::generate_canonical<double, 53>(random_); }
  [[nodiscard]] bool chance(double probability) { return probability > 0 && uniform() < probability; }
  void wrong(const std::string& what);
  [[nodiscard]] bool is_over() const;

  void start_coordinator();
  void tick_coordinator(std::uint64_t incarnation);
  void kill_coordinator();
  void feed_coordinator(const SchedulerEvent& event);
  void carry_out(SchedulerEffect effect);
  void check_sent(std::uint32_t worker, const CoordinatorMessage& message);
  void commit();

  void start_worker(std::uint32_t index);
  void tick_worker(std::uint32_t index, std::uint64_t life);
  void kill_worker(std::uint32_t index);
  void feed_agent(std::uint32_t index, const AgentEvent& event);
  void feed_agent_later(std::uint32_t index, double seconds, AgentEvent event);
  void carry_out(std::uint32_t index, AgentEffect effect);
  void slot_command(std::uint32_t index, const SlotCommand& command);
  void evaluate(std::uint32_t index, std::uint32_t lane, std::uint64_t life, const Evaluate& command, std::size_t next);
  void slot_dies(std::uint32_t index, std::uint32_t lane, std::int32_t signal);

  void to_coordinator(std::uint32_t index, const WorkerMessage& message);
  void to_worker(const std::string& connection, const CoordinatorMessage& message);
  void on_wire(std::function<void()> deliver);

  WorldOptions options_;
  std::mt19937_64 random_;
  Time now_{};
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>> queue_;
  std::uint64_t scheduled_ = 0, handled_ = 0, runs_ = 0;
  std::string trouble_;
  WorldFaults faults_;

  MemoryJournal journal_;
  std::unique_ptr<Scheduler> scheduler_;
  std::uint64_t incarnation_ = 0, connections_ = 0;
  bool paused_ = false;
  std::vector<JournalRow> rows_;
  std::vector<std::uint64_t> tickets_;
  bool commit_due_ = false, journal_failing_ = false, complete_ = false;
  std::uint32_t points_ = 0;

  std::vector<Process> workers_;
  std::map<std::string, std::uint32_t> worker_of_connection_;
  std::set<EvaluationId> final_acknowledged_;
  std::map<EvaluationId, int> deaths_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, int> stage_runs_;
};

}  // namespace ocrs::test
