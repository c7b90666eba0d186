// The journal port: what a screening remembers. Every result is appended here before it is acknowledged.
// sqlite_journal is the real one; scenario tests use one in memory. One writer, on the thread that calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/ids.hpp"
#include "common/core/result.hpp"
#include "coordinator/core/stored_evaluation.hpp"

namespace ocrs {

/// The final record of an evaluation; the first one stands.
struct FinalRow {
  EvaluationStatus status = EvaluationStatus::done;
  EvaluationResult result;   // failure set unless done
  std::string reading;       // compressed; empty when that hash is journaled already or status is not done
  std::string worker;        // "host/uuid prefix", for people
  std::int64_t time_ms = 0;  // wall clock, ms since 1970
};

/// One try that did not end the evaluation: a crash, a lost worker, a returned lease.
struct AttemptRow {
  EvaluationId id;
  Attempt attempt;
  Failure failure;
  std::string worker, host;
  std::int64_t time_ms = 0;
};

/// Takes a quarantined or missing evaluation out of its final state (retry-failed).
struct ReopenRow {
  EvaluationId id;
};

/// A line of the screening's story: joins, losses, pauses.
struct EventRow {
  std::string kind, text;
  std::int64_t time_ms = 0;
};

using JournalRow = std::variant<FinalRow, AttemptRow, ReopenRow, EventRow>;

/// Settings that operators leave for the next start: paused or cancelled when not empty; the number of points a design
/// was extended to; filled when what a race dropped is to be run after all.
inline constexpr char paused_setting[] = "paused", cancelled_setting[] = "cancelled", extended_setting[] = "extended",
                      filled_setting[] = "filled";

class Journal {
 public:
  virtual ~Journal() = default;

  /// Appends all rows in one transaction that is on disk (synchronous=FULL) when this returns. A FinalRow for an
  /// evaluation that has one is ignored (first commit stands), but its reading's bytes are kept: later rows may name
  /// that hash without them. On error nothing of the rows is kept.
  [[nodiscard]] virtual Result<void> append(const std::vector<JournalRow>& rows) = 0;
  /// Every final record, ordered by page, then point.
  [[nodiscard]] virtual Result<std::vector<StoredEvaluation>> evaluations() = 0;
  [[nodiscard]] virtual Result<std::vector<AttemptRow>> attempts() = 0;
  [[nodiscard]] virtual Result<std::optional<Reading>> reading(const ContentHash& hash) = 0;
  /// Small settings that survive a restart ("paused", "bind", "points").
  [[nodiscard]] virtual Result<void> set(const std::string& key, const std::string& value) = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> get(const std::string& key) = 0;
};

}  // namespace ocrs
