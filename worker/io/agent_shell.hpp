// AgentShell is the worker's poll loop: it feeds the agent (worker/core) with what happens on the control socket, the
// evaluators, the blob thread, the signals and the clock, and carries out what the agent decides. Decides nothing
// itself. One thread, on which the evaluators are spawned too: they die with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/signals.hpp"
#include "common/io/socket.hpp"
#include "worker/core/agent.hpp"
#include "worker/core/placement.hpp"
#include "worker/io/blob_fetcher.hpp"
#include "worker/io/client.hpp"
#include "worker/io/page_store.hpp"
#include "worker/io/slot_process.hpp"
#include "worker/io/spool.hpp"
#include "worker/io/state_folder.hpp"

namespace ocrs {

struct ShellOptions {
  std::vector<std::string> endpoints;  // "tcp://HOST:PORT" of the coordinator, at least one
  SocketOptions socket;
  std::filesystem::path cache;
  std::uint64_t cache_bytes_max = std::uint64_t{20} << 30;  // of pages
  bool keep_cache = false;
  std::filesystem::path program;  // run with --evaluator FD
  Topology topology;
  Placement placement;
  AgentOptions agent;  // uuid, lanes, plan, memory marks and compression are filled in here
};

class AgentShell {
 public:
  /// Takes a state folder, reads the spool, starts the blob thread. Signals must be blocked. Throws StartupError.
  explicit AgentShell(ShellOptions options);
  /// Until the agent exits; returns its exit code.
  [[nodiscard]] int run();

 private:
  struct Slot {
    std::optional<SlotProcess> process;
    bool is_ready = false;  // has said Ready
    bool deaf = false;      // its page bytes were lost: what follows is not delivered until the agent knows
  };

  void feed(AgentEvent event);
  void carry_out(const OpenConnection& effect);
  void carry_out(const CloseConnection& effect);
  void carry_out(const SendToCoordinator& effect);
  void carry_out(const UseBlobEndpoint& effect);
  void carry_out(const FetchBlob& effect);
  void carry_out(const StoreModels& effect);
  void carry_out(const StartSlot& effect);
  void carry_out(const KillSlot& effect);
  void carry_out(const SlotCommand& effect);
  void carry_out(const SpoolWrite& effect);
  void carry_out(const SpoolErase& effect);
  void carry_out(const DropPages& effect);
  void carry_out(const AgentExit& effect);
  void carry_out(const AgentNotice& effect);

  void wait();
  void take_signals();
  void take_reports(LaneIndex lane);
  void tick();
  void keep_spool();
  [[nodiscard]] AgentTime now() const;

  ShellOptions options_;
  StateFolder state_;
  PageStore store_;
  Spool spool_;
  SignalFd signals_;
  WireContext context_;
  CoordinatorLink link_;
  BlobFetcher fetcher_;
  std::vector<Slot> slots_;
  Agent agent_;
  std::deque<AgentEvent> events_;
  bool feeding_ = false;
  AgentTime ticked_{}, measured_{};
  std::uint64_t memory_free_ = 0;
  bool spool_complained_ = false;
  std::optional<int> exit_code_;
};

}  // namespace ocrs
