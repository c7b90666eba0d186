#include "common/core/messages.hpp"

namespace ocrs {

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::components:
      return "components";
    case FailureKind::stage_error:
      return "stage-error";
    case FailureKind::crashed:
      return "crashed";
    case FailureKind::memory:
      return "memory";
    case FailureKind::deadline:
      return "deadline";
    case FailureKind::page_unreadable:
      return "page-unreadable";
    case FailureKind::engine:
      return "engine";
  }
  return "unknown";
}

std::string_view to_string(RejectCode code) {
  switch (code) {
    case RejectCode::protocol:
      return "protocol";
    case RejectCode::engine:
      return "engine";
    case RejectCode::canary:
      return "canary";
    case RejectCode::not_ready:
      return "not-ready";
    case RejectCode::shutting_down:
      return "shutting-down";
    case RejectCode::duplicate:
      return "duplicate";
    case RejectCode::key:
      return "key";
  }
  return "unknown";
}

}  // namespace ocrs
