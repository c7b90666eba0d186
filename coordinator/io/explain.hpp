// The story of an evaluation: every try that is known of it, where and how it failed, and how it ended, from the
// journal; who holds it now is added by whoever asks the coordinator. Changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/io/sqlite_journal.hpp"

namespace ocrs {

struct EvaluationStory {
  EvaluationId id;
  std::string page, setting;
  std::optional<StoredEvaluation> end;  // none = no final record
  std::vector<AttemptRow> deaths;       // tries that failed and did not end it, oldest first
  // Of a coordinator at work; empty without one.
  std::string state;
  std::uint32_t attempts = 0;
  std::vector<std::string> holders;
};

/// Of the point (-1 = the untouched page) on that page, by any of its names or by its number; without one on every
/// page. Error when there is no such point or page, with the names that are close.
[[nodiscard]] Result<std::vector<EvaluationStory>> stories_of(SqliteJournal& journal, std::int64_t point,
                                                              const std::optional<std::string>& page);
[[nodiscard]] std::string stories_text(const std::vector<EvaluationStory>& stories);
[[nodiscard]] std::string stories_json(const std::vector<EvaluationStory>& stories);

}  // namespace ocrs
