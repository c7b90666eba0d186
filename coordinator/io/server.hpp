// Server is the coordinator's loop: it feeds the scheduler with what workers say and with time, and carries out its
// effects — sends, commits in groups, notices — and has what operators ask answered. It decides nothing about
// evaluations. One thread, which owns the ROUTER socket, the control socket, the journal and the local workers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/io/signals.hpp"
#include "common/io/socket.hpp"
#include "coordinator/core/objective.hpp"
#include "coordinator/core/race.hpp"
#include "coordinator/core/scheduler.hpp"
#include "coordinator/io/control_server.hpp"
#include "coordinator/io/journal.hpp"
#include "coordinator/io/key_gate.hpp"
#include "coordinator/io/live_state.hpp"
#include "coordinator/io/local_workers.hpp"
#include "coordinator/io/operator_desk.hpp"
#include "coordinator/io/progress.hpp"

namespace ocrs {

enum class RunEnd { complete, cancelled, interrupted };

struct ServerParts {
  RouterSocket& router;
  SignalFd& signals;
  Scheduler& scheduler;
  Journal& journal;
  LocalWorkers& local_workers;
  ProgressLine& progress;
  ControlServer& control;
  OperatorDesk& desk;
  LiveState* live = nullptr;     // of the live page, if there is one
  AllowList* allowed = nullptr;  // nullptr = no keys
};

/// What the progress line needs to name the best point so far.
struct RankingBasis {
  RankingObjective objective;
  std::vector<bool> ground_truth;  // per page
  std::uint32_t points = 0;
  std::vector<StoredEvaluation> evaluations;  // those that were in the journal before
};

class Server {
 public:
  /// With a race, the scheduler was made with its held pages.
  Server(ServerParts parts, RankingBasis basis, std::optional<Race> race = {});

  /// An operator's wish from the command line, before run().
  void tell(const SchedulerEvent& event);
  /// Until every evaluation has its final record, a cancel, or SIGINT/SIGTERM: then local workers finish what they read
  /// (a second signal ends them at once) and what came in is committed. Throws StartupError when no local worker can
  /// start.
  RunEnd run();

 private:
  void receive(TimePoint now);
  void attend_operators(TimePoint now);
  void handshake_failed(const SocketEvent& event);
  void cut(const KeyGate::Cut& cut, TimePoint now);
  void feed(const SchedulerEvent& event, TimePoint now);
  void carry_out(SchedulerEffect& effect, TimePoint now);
  void commit(TimePoint now, bool even_if_early);
  void tend_local_workers(TimePoint now);
  void tend_race(TimePoint now);
  void wind_down(TimePoint now);
  void show(TimePoint now, bool force);
  void notice(const Notice& notice);
  void publish(const ProgressNumbers& numbers, TimePoint now);
  [[nodiscard]] std::string best_text() const;

  ServerParts parts_;
  RankingBasis basis_;
  std::optional<Race> race_;
  KeyGate gate_;
  std::uint64_t handshakes_failed_ = 0;
  std::deque<SchedulerEvent> follow_ups_;
  // Not yet on disk, with the tickets that wait for them.
  std::vector<JournalRow> rows_;
  std::vector<std::uint64_t> tickets_;
  TimePoint oldest_row_{}, retry_commit_at_{};
  bool journal_failing_ = false;
  std::string journal_trouble_;

  RateMeter rate_;
  std::string best_;
  TimePoint best_due_{};
  LiveHistory history_;
  TimePoint live_due_{};
  std::uint64_t bad_frames_ = 0;
  std::vector<std::string>* overheard_ = nullptr;  // gets the notices of an operator's wish
  bool winding_down_ = false;
  TimePoint wind_down_until_{};
};

}  // namespace ocrs
