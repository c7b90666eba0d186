// What an agent is told and what it asks for: its whole interface to the world. Plain values, no I/O.
// The shell (worker/io/agent_shell) and the scenario tests carry out effects in order and feed back events.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/core/evaluator_messages.hpp"
#include "common/core/ids.hpp"
#include "common/core/messages.hpp"

namespace ocrs {

/// Monotonic time since an arbitrary start; the shell and the tests own the clock.
using AgentTime = std::chrono::duration<std::int64_t, std::micro>;

// ---- events ----

/// Results of an earlier life that were never acknowledged; at most once, before AgentStarted.
struct SpoolLoaded {
  std::vector<ResultMessage> results;
};

/// Go: the agent opens its first connection.
struct AgentStarted {};

/// The transport can carry messages (after an OpenConnection). The agent says HELLO.
struct ConnectionUp {};

/// What trying again promises after a ConnectionDown.
enum class Prospect {
  open,      // a peer that is not there, or is lost: it may come back
  doubtful,  // hung up during the handshake: other keys than expected, or a tunnel without its coordinator
  unfit,     // the peer speaks otherwise (keys or none): hopeless, unless it was the right one before
  refused,   // this worker's key is not let in
};

/// The transport lost the peer or could not reach it; why is for people.
struct ConnectionDown {
  std::string why;
  Prospect prospect = Prospect::open;
};

struct CoordinatorSaid {
  CoordinatorMessage message;
};

/// Time passes; at least once a second. The figures go into heartbeats; 0 memory = not known.
struct AgentTick {
  double load = 0;                           // 1-minute load average
  std::uint64_t memory_available_bytes = 0;  // of this worker's share of the machine
};

/// The evaluator of a lane is up: its first report (Ready).
struct SlotReady {
  LaneIndex lane;
  EngineVersions engine;
};

/// Any later report of a lane's evaluator.
struct SlotReport {
  LaneIndex lane;
  EvaluatorReport report;
};

/// The evaluator of a lane has ended, asked for (KillSlot) or not. Exactly one per StartSlot, after its last report;
/// also when it could not be started at all (signal 0, exit code 127).
struct SlotDied {
  LaneIndex lane;
  std::int32_t signal = 0;     // 0 = it exited
  std::int32_t exit_code = 0;  // when signal is 0
  bool memory_limit = false;   // it ran into its own memory limit
  std::string stderr_tail;     // at most 2 KiB
};

/// A SlotCommand's page bytes could not be read back: neither that LoadPage nor what followed it was delivered.
struct PageBytesLost {
  LaneIndex lane;
  ContentHash hash;
  std::string text;
};

/// The blob is in the store, its hash verified. `bytes` is filled when FetchBlob asked for it.
struct BlobArrived {
  ContentHash hash;
  std::string bytes;
};

/// The blob did not come. missing = the coordinator says it has no such bytes; else the transport or the disk failed.
struct BlobFailed {
  ContentHash hash;
  std::string text;
  bool missing = false;
};

/// Answer to StoreModels: the folder that now holds LANG.traineddata files.
struct ModelsStored {
  std::string tessdata;
};
struct ModelsFailed {
  std::string text;
};

/// First: finish what is started, give back the rest, leave. A second one, or `now`: leave at once.
struct StopRequested {
  bool now = false;
  std::int32_t exit_code = 0;
  std::string why = "stopped";
};

using AgentEvent = std::variant<SpoolLoaded, AgentStarted, ConnectionUp, ConnectionDown, CoordinatorSaid, AgentTick,
                                SlotReady, SlotReport, SlotDied, PageBytesLost, BlobArrived, BlobFailed, ModelsStored,
                                ModelsFailed, StopRequested>;

// ---- effects, to be carried out in order ----

/// Open a new socket with a new routing id; answered by ConnectionUp or ConnectionDown.
struct OpenConnection {};
/// Close the socket, bounded linger; no ConnectionDown follows and nothing of it is heard any more.
struct CloseConnection {};

struct SendToCoordinator {
  WorkerMessage message;
};

/// Fetch blobs from here from now on (as in WELCOME; ADDR 0.0.0.0 = the host the control socket is connected to).
struct UseBlobEndpoint {
  std::string endpoint;
};

/// Get these bytes into the store, from disk if they are there; answered by BlobArrived or BlobFailed.
struct FetchBlob {
  ContentHash hash;
  bool with_bytes = false;  // the agent wants the bytes themselves (ground truth)
};

/// Put the models' blobs, all of them arrived, as LANG.traineddata into a private folder.
struct StoreModels {
  std::vector<ModelRef> models;
};

/// Start the evaluator process of a lane; answered by SlotReady or SlotDied.
struct StartSlot {
  LaneIndex lane;
};
/// End it with SIGKILL; answered by SlotDied.
struct KillSlot {
  LaneIndex lane;
};
struct SlotCommand {
  LaneIndex lane;
  EvaluatorCommand command;
  std::optional<ContentHash> page_bytes;  // this blob goes along as a read-only descriptor
};

/// Keep this result on disk until SpoolErase; a repeated (run, evaluation, attempt) replaces.
struct SpoolWrite {
  ResultMessage result;
};
struct SpoolErase {
  ContentHash run;
  std::vector<HeldEvaluation> evaluations;
};

/// The screening's pages and ground truths are needed no more (the shell may keep them under --keep-cache).
struct DropPages {};

/// The last effect there is: end the process.
struct AgentExit {
  std::int32_t code = 0;
  std::string text;  // one sentence; empty = nothing to say
};

enum class AgentNoticeLevel { info, warning, error };
struct AgentNotice {
  AgentNoticeLevel level = AgentNoticeLevel::info;
  std::string text;
};

using AgentEffect =
    std::variant<OpenConnection, CloseConnection, SendToCoordinator, UseBlobEndpoint, FetchBlob, StoreModels, StartSlot,
                 KillSlot, SlotCommand, SpoolWrite, SpoolErase, DropPages, AgentExit, AgentNotice>;

}  // namespace ocrs
