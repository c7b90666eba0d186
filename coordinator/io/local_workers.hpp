// LocalWorkers keeps the worker processes that `run` starts on its own machine: starts them, carries their log lines
// over, restarts one that died, ends them. Decides nothing about evaluations: a dead worker's leases are the
// scheduler's. Belongs to one thread, which must live as long as the workers (they die with it).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.hpp"
#include "common/io/child_process.hpp"
#include "coordinator/core/scheduler_messages.hpp"

namespace ocrs {

struct LocalWorkersPlan {
  std::filesystem::path program;
  std::string endpoint;        // to connect to
  std::filesystem::path join;  // or this file
  std::uint32_t agents = 1;    // 0 = none
  bool fill_machine = true;    // one agent that sizes its own pool; else each agent has one slot
};

class LocalWorkers {
 public:
  explicit LocalWorkers(LocalWorkersPlan plan);

  /// Starts those that are due and reaps those that ended. An Error when one refuses to start for good (exit 2, three
  /// times in a row without having lived a minute): the text is its last words.
  [[nodiscard]] Result<void> tend(TimePoint now);
  /// Those that an operator drained stay away until this.
  void start_drained();
  /// Log lines since the last call, without newline.
  [[nodiscard]] std::vector<std::string> lines();
  /// Asks them to finish what they read and hand back (SIGTERM); none is restarted from now on.
  void stop();
  /// SIGKILL to those left.
  void kill();
  [[nodiscard]] bool any() const;

 private:
  struct Agent {
    std::optional<ChildProcess> process;
    TimePoint started{}, start_at{};
    std::string partial;  // of a log line
    ErrorTail tail;
    std::uint32_t short_lives = 0;  // in a row
    bool drained = false;
  };
  void read_log(Agent& agent);

  LocalWorkersPlan plan_;
  std::vector<Agent> agents_;
  std::vector<std::string> lines_;
  bool stopping_ = false;
};

}  // namespace ocrs
