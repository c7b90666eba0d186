// What is said over DIR/control.sock: one line of JSON asks, one line answers, then the connection ends. Reading is
// bounded and strict: an unknown verb or key, or a number that cannot be, is an error sentence. Decides nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"

namespace ocrs {

enum class ControlVerb { status, workers, explain, pause, resume, cancel, retry_failed, drain, extend, fill };
[[nodiscard]] std::string_view to_string(ControlVerb verb);
/// Changes nothing.
[[nodiscard]] constexpr bool is_read_only(ControlVerb verb) { return verb <= ControlVerb::explain; }

inline constexpr std::size_t control_request_bytes_max = 4096;
inline constexpr std::size_t control_reply_bytes_max = 16u << 20;

struct ControlRequest {
  ControlVerb verb = ControlVerb::status;
  std::string worker;         // drain
  std::uint32_t points = 0;   // extend
  EvaluationId evaluation{};  // explain
};

struct ControlReply {
  bool ok = true;
  std::string text;         // a sentence for people
  std::string data = "{}";  // a JSON object
};

/// Without the newline.
[[nodiscard]] std::string to_line(const ControlRequest& request);
[[nodiscard]] std::string to_line(const ControlReply& reply);
[[nodiscard]] Result<ControlRequest> control_request_from(std::string_view line);
[[nodiscard]] Result<ControlReply> control_reply_from(std::string_view line);

}  // namespace ocrs
