#include "worker/io/slot_process.hpp"

#include <csignal>

#include "common/core/codec.hpp"

namespace ocrs {
namespace {

constexpr int socket_number = 3;
constexpr int oom_score = 500;  // before the agent and everything else of the user

/// What the libraries print when an allocation fails under the limit of the address space.
bool speaks_of_memory(const std::string& tail) {
  for (const char* sign : {"std::bad_alloc", "Insufficient memory", "Failed to allocate", "Cannot allocate memory"}) {
    if (tail.find(sign) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Result<SlotProcess> SlotProcess::start(const SlotOptions& options) {
  ChildOptions child;
  child.executable = options.program;
  child.arguments = {"--evaluator", std::to_string(socket_number)};
  // Before exec: Tesseract's OpenMP runtime reads it before main.
  child.environment = {{"OMP_THREAD_LIMIT", "1"}};
  child.socket_number = socket_number;
  child.address_space_bytes_max = options.address_space_bytes_max;
  child.processors = options.processing_units;
  child.oom_score_adj = oom_score;
  Result<ChildProcess> spawned = ChildProcess::spawn(child);
  if (!spawned) return spawned.error();
  return SlotProcess(std::move(spawned).value());
}

void SlotProcess::break_off(const std::string& why) {
  tail_.take("\n" + why);
  ended_ = broken_ = true;
  kill();
}

void SlotProcess::send(const EvaluatorCommand& command, UniqueFd descriptor) {
  writer_.queue(encode(command), std::move(descriptor));
  // A socket that takes nothing belongs to a child that is ending; its death tells the rest.
  if (!broken_ && !writer_.write_to(child_.socket())) broken_ = true;
}

std::vector<EvaluatorReport> SlotProcess::reports() {
  if (wants_write() && !writer_.write_to(child_.socket())) broken_ = true;
  if (!error_ended_ && !tail_.read_from(child_.error_output())) error_ended_ = true;
  std::vector<EvaluatorReport> reports;
  if (ended_) return reports;
  const Result<FrameReader::State> state = reader_.read_from(child_.socket());
  while (std::optional<Frame> frame = reader_.next()) {
    Result<EvaluatorReport> report = decode_evaluator_report(frame->bytes);
    if (!report) {
      break_off("its reports cannot be understood: " + report.error().text);
      return reports;
    }
    reports.push_back(std::move(report).value());
  }
  // A child that was killed amid a report leaves half a frame: that is its end, not an error of its own.
  if (!state || *state == FrameReader::State::ended) ended_ = true;
  return reports;
}

std::optional<SlotDied> SlotProcess::death(LaneIndex lane) {
  const std::optional<ChildExit> exit = child_.try_reap();
  if (!exit) {
    if (ended_) kill();  // It closed its socket and goes on: nobody can hear it any more.
    return std::nullopt;
  }
  // Everything it wrote before it died is in the socket and the pipe still.
  if (!ended_) return std::nullopt;
  if (!error_ended_) error_ended_ = !tail_.read_from(child_.error_output());
  SlotDied died;
  died.lane = lane;
  (exit->signalled ? died.signal : died.exit_code) = exit->code;
  died.stderr_tail = tail_.text();
  died.memory_limit = (exit->signalled ? exit->code == SIGABRT : exit->code != 0) && speaks_of_memory(died.stderr_tail);
  return died;
}

}  // namespace ocrs
