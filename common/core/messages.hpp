// Every message between coordinator and worker, as plain structs; PROTOCOL.md is their specification and codec.hpp
// their encoding. No sockets here. A field that is added later gets a default, so that an older peer may leave it out.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/ids.hpp"
#include "common/core/screening_spec.hpp"

namespace ocrs {

inline constexpr std::uint32_t protocol_major = 1;
inline constexpr std::uint32_t protocol_minor = 0;

// ---- worker to coordinator, on the control socket ----

struct GpuInfo {
  std::string name, driver;
  std::uint32_t compute_units = 0;
  std::uint64_t memory_bytes = 0;
  bool operator==(const GpuInfo&) const = default;
};

struct Hardware {
  std::string cpu;
  std::uint32_t cores = 0, processing_units = 0;
  std::uint64_t memory_bytes = 0, memory_available_bytes = 0;
  std::vector<GpuInfo> gpus;
  bool operator==(const Hardware&) const = default;
};

struct EngineVersions {
  std::string tesseract, leptonica, opencv;
  bool operator==(const EngineVersions&) const = default;
};

/// An evaluation a worker holds: unfinished, or finished and not yet acknowledged.
struct HeldEvaluation {
  EvaluationId id;
  Attempt attempt;
  bool operator==(const HeldEvaluation&) const = default;
};

/// First message of every connection. Nothing else is heard before it.
struct Hello {
  std::uint32_t major = protocol_major;
  std::uint32_t minor = protocol_minor;
  std::string build;  // program version
  WorkerUuid worker;
  std::string host_id, host_name;
  Hardware hardware;
  EngineVersions engine;
  std::uint32_t lanes = 0;  // evaluator slots
  ContentHash held_run;     // the screening the held evaluations belong to; zero = none
  std::vector<HeldEvaluation> held;
  std::uint32_t spooled = 0;  // results not yet acknowledged; they follow after WELCOME
  bool operator==(const Hello&) const = default;
};

/// Lane `lane` can take `batches` more batches.
struct Credit {
  LaneIndex lane;
  std::uint32_t batches = 1;
  bool operator==(const Credit&) const = default;
};

struct WorkerHeartbeat {
  std::uint64_t sequence = 0;
  std::uint32_t lanes_busy = 0;
  double load = 0;  // 1-minute load average
  std::uint64_t memory_available_bytes = 0;
  bool operator==(const WorkerHeartbeat&) const = default;
};

/// One finished evaluation. Repeated until acknowledged.
struct ResultMessage {
  ContentHash run;
  BatchId batch;
  EvaluationResult result;
  std::string
      reading;  // encoded, zstd-compressed Reading; empty when the worker sent this hash before on this connection
  bool operator==(const ResultMessage&) const = default;
};

/// Evaluations given back unstarted (drain, retraction, lane lost): no blame.
struct Returned {
  BatchId batch;
  std::vector<HeldEvaluation> evaluations;
  std::string why;
  bool operator==(const Returned&) const = default;
};

/// Everything of the batch was reported or returned.
struct BatchFinished {
  BatchId batch;
  bool operator==(const BatchFinished&) const = default;
};

/// The worker takes nothing more; it will finish or return what it holds.
struct Draining {
  std::string why;
  bool operator==(const Draining&) const = default;
};

/// The worker leaves; it holds nothing more.
struct Goodbye {
  std::string why;
  bool operator==(const Goodbye&) const = default;
};

using WorkerMessage =
    std::variant<Hello, Credit, WorkerHeartbeat, ResultMessage, Returned, BatchFinished, Draining, Goodbye>;

// ---- coordinator to worker, on the control socket ----

struct Welcome {
  std::uint32_t minor = protocol_minor;  // the lower of the two
  std::string build;
  std::string blob_endpoint;  // "tcp://ADDR:PORT"; an ADDR of 0.0.0.0 means the host the worker connected to
  double heartbeat_s = 5, suspect_s = 30, lease_s = 900;
  bool operator==(const Welcome&) const = default;
};

enum class RejectCode : std::uint8_t { protocol, engine, canary, not_ready, shutting_down, duplicate, key };
[[nodiscard]] std::string_view to_string(RejectCode code);

struct Reject {
  RejectCode code = RejectCode::protocol;
  std::string text;
  double retry_after_s = 0;  // 0 = fatal: do not come back
  bool operator==(const Reject&) const = default;
};

struct Batch {
  ContentHash run;
  BatchId batch;
  LaneIndex lane;
  PageIndex page;
  bool alone = false;  // run in a fresh evaluator that has read nothing else
  std::vector<Point> points;
  std::vector<Attempt> attempts;  // one per point
  bool operator==(const Batch&) const = default;
};

/// These results are committed; the worker may forget them.
struct Acknowledge {
  ContentHash run;
  std::vector<HeldEvaluation> evaluations;
  bool operator==(const Acknowledge&) const = default;
};

struct CoordinatorHeartbeat {
  std::uint64_t sequence = 0;
  bool operator==(const CoordinatorHeartbeat&) const = default;
};

/// Give these back if they are not started.
struct Retract {
  BatchId batch;
  std::vector<EvaluationId> evaluations;
  bool operator==(const Retract&) const = default;
};

/// Finish what is started, return the rest, say Goodbye.
struct Drain {
  std::string why;
  bool operator==(const Drain&) const = default;
};

/// The screening is over: drop its pages. A worker started for this coordinator alone ends, another waits for more.
struct ScreeningFinished {
  ContentHash run;
  bool operator==(const ScreeningFinished&) const = default;
};

using CoordinatorMessage = std::variant<Welcome, Reject, ScreeningSpec, Batch, Acknowledge, CoordinatorHeartbeat,
                                        Retract, Drain, ScreeningFinished>;

// ---- blobs: pages, ground truth, models; a socket of their own ----

struct BlobRequest {
  ContentHash hash;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;  // <= blob_chunk_max
  bool operator==(const BlobRequest&) const = default;
};
inline constexpr std::uint32_t blob_chunk_max = 256 * 1024;

struct BlobChunk {
  ContentHash hash;
  std::uint64_t offset = 0, total = 0;
  std::string bytes;
  bool operator==(const BlobChunk&) const = default;
};

struct BlobMissing {
  ContentHash hash;
  std::string text;
  bool operator==(const BlobMissing&) const = default;
};

using BlobQuestion = std::variant<BlobRequest>;
using BlobAnswer = std::variant<BlobChunk, BlobMissing>;

}  // namespace ocrs
