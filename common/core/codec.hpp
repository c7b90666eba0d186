// Messages to bytes and back. The only user of msgpack; PROTOCOL.md is the specification, golden frames included.
// Decoding trusts nothing: sizes, depths, element counts, enum values and text encodings are checked, a frame that
// asks for more than it carries is refused, and unknown fields are skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/core/evaluator_messages.hpp"
#include "common/core/messages.hpp"
#include "common/core/result.hpp"

namespace ocrs {

/// Largest frame either side accepts (ZMQ MAXMSGSIZE and socketpair frames).
inline constexpr std::size_t frame_bytes_max = 64 * 1024 * 1024;

[[nodiscard]] std::string encode(const WorkerMessage& message);
[[nodiscard]] std::string encode(const CoordinatorMessage& message);
[[nodiscard]] std::string encode(const BlobQuestion& message);
[[nodiscard]] std::string encode(const BlobAnswer& message);
[[nodiscard]] std::string encode(const EvaluatorCommand& message);
[[nodiscard]] std::string encode(const EvaluatorReport& message);
/// Uncompressed msgpack of a Reading; its BLAKE2b-256 is the reading's hash.
[[nodiscard]] std::string encode(const Reading& reading);

[[nodiscard]] Result<WorkerMessage> decode_worker_message(std::string_view frame);
[[nodiscard]] Result<CoordinatorMessage> decode_coordinator_message(std::string_view frame);
[[nodiscard]] Result<BlobQuestion> decode_blob_question(std::string_view frame);
[[nodiscard]] Result<BlobAnswer> decode_blob_answer(std::string_view frame);
[[nodiscard]] Result<EvaluatorCommand> decode_evaluator_command(std::string_view frame);
[[nodiscard]] Result<EvaluatorReport> decode_evaluator_report(std::string_view frame);
[[nodiscard]] Result<Reading> decode_reading(std::string_view bytes);

/// The name on the wire ("HELLO", "BATCH", …) for logs and counters.
[[nodiscard]] std::string_view name_of(const WorkerMessage& message);
[[nodiscard]] std::string_view name_of(const CoordinatorMessage& message);

}  // namespace ocrs
