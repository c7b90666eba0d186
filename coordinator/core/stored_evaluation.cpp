#include "coordinator/core/stored_evaluation.hpp"

namespace ocrs {

std::string_view to_string(EvaluationStatus status) {
  switch (status) {
    case EvaluationStatus::done:
      return "done";
    case EvaluationStatus::failed:
      return "failed";
    case EvaluationStatus::missing:
      return "missing";
    case EvaluationStatus::dropped:
      return "dropped";
  }
  return "unknown";
}

std::optional<EvaluationStatus> evaluation_status_from(std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(EvaluationStatus::dropped)) return std::nullopt;
  return static_cast<EvaluationStatus>(number);
}

}  // namespace ocrs
