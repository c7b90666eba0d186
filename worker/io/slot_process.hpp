// SlotProcess is an evaluator child as its agent sees it: commands go in without blocking, reports come out of a poll
// loop, and its end is described for blame. Decides nothing about restarts (worker/core/agent). Belongs to one thread,
// which must live as long as the child.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"
#include "common/io/child_process.hpp"
#include "common/io/frame_stream.hpp"
#include "worker/core/agent_messages.hpp"

namespace ocrs {

struct SlotOptions {
  std::filesystem::path program;              // run with --evaluator 3
  std::vector<int> processing_units;          // it is bound to these; empty = not bound
  std::uint64_t address_space_bytes_max = 0;  // 0 = no limit
};

class SlotProcess {
 public:
  [[nodiscard]] static Result<SlotProcess> start(const SlotOptions& options);

  /// Queues the command with a copy of the descriptor (-1 = none) and writes what the socket takes.
  void send(const EvaluatorCommand& command, UniqueFd descriptor = {});
  void kill() { child_.signal_group(9); }

  /// What it reported since the last call; never blocks. A frame that cannot be decoded ends it.
  [[nodiscard]] std::vector<EvaluatorReport> reports();
  /// How it ended, once it has and everything it reported was taken.
  [[nodiscard]] std::optional<SlotDied> death(LaneIndex lane);

  [[nodiscard]] int socket() const { return child_.socket(); }
  [[nodiscard]] int error_output() const { return error_ended_ ? -1 : child_.error_output(); }
  [[nodiscard]] int pidfd() const { return child_.pidfd(); }
  [[nodiscard]] bool wants_write() const { return !writer_.empty() && !broken_; }
  [[nodiscard]] bool reads() const { return !ended_; }
  [[nodiscard]] pid_t pid() const { return child_.pid(); }

 private:
  explicit SlotProcess(ChildProcess child) : child_(std::move(child)) {}
  void break_off(const std::string& why);

  ChildProcess child_;
  FrameReader reader_;
  FrameWriter writer_;
  ErrorTail tail_;
  bool ended_ = false;        // nothing more comes from the socket
  bool error_ended_ = false;  // nor from stderr
  bool broken_ = false;       // the socket takes nothing more
};

}  // namespace ocrs
