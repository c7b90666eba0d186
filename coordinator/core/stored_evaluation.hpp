// The final record of an evaluation as it is read back from a journal, and how an evaluation can end.
// Plain data between journal, objective and exports; where and how it is kept is the journal's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/evaluation.hpp"

namespace ocrs {

/// How an evaluation ended for good. `failed` counts as an empty reading, `missing` and `dropped` as nothing:
/// missing = it could not be run, dropped = it was given up on purpose.
enum class EvaluationStatus : std::uint8_t { done, failed, missing, dropped };
[[nodiscard]] std::string_view to_string(EvaluationStatus status);
[[nodiscard]] std::optional<EvaluationStatus> evaluation_status_from(std::uint64_t number);

/// A final record as it is read back, without its reading's bytes.
struct StoredEvaluation {
  EvaluationStatus status = EvaluationStatus::done;
  EvaluationResult result;   // failure set unless done
  std::string worker;        // "host/uuid prefix", for people
  std::int64_t time_ms = 0;  // wall clock, ms since 1970
  bool operator==(const StoredEvaluation&) const = default;
};

}  // namespace ocrs
