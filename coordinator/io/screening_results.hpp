// Everything the files and verbs say about a screening, worked out once from its journal alone: points, scores, ranks,
// and the account of what was run and what is missing. Writes nothing. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/core/analysis.hpp"
#include "coordinator/core/objective.hpp"
#include "coordinator/core/score_table.hpp"
#include "coordinator/io/sqlite_journal.hpp"

namespace ocrs {

/// An evaluation without a result, with the sentence that says why.
struct MissingEvaluation {
  EvaluationId id;
  std::string reason;
};

/// Counts over all evaluations of all distinct pages: total = done + failed + missing + dropped + pending.
struct Account {
  std::uint64_t total = 0, done = 0, failed = 0;
  std::uint64_t missing = 0;  // with a final record that says so
  std::uint64_t dropped = 0;  // given up on purpose, by a race
  std::uint64_t pending = 0;  // without a final record
  std::uint64_t merged = 0;   // done without a recognition of their own: they share another evaluation's
  std::uint64_t recognitions = 0;
  std::vector<std::uint64_t> stage_runs;  // per stage of the pipeline
  std::vector<double> stage_ms;
  double recognise_ms = 0;
  std::map<std::string, std::uint64_t> backends, workers;  // final records of each
  std::vector<MissingEvaluation> missing_evaluations;      // by point, then page; without the pending ones
};

struct ScreeningResults {
  ScreeningRecord record;
  std::vector<Point> points;                  // 0, 1, …; the baseline is none of them
  std::vector<StoredEvaluation> evaluations;  // by page, then point
  ScoreTable table;
  Ranking ranking;
  Account account;
  std::map<std::string, std::string> notes;  // settings "manifest.NAME" by NAME: JSON that goes into the manifest

  std::string open_reason;  // of evaluations without a final record: not_evaluated or given_up

  [[nodiscard]] bool complete() const { return account.pending == 0; }
};

/// The state of this moment; a coordinator may go on writing.
[[nodiscard]] Result<ScreeningResults> read_results(SqliteJournal& journal);

/// What they say and how sure it is; seconds of work for a large screening. Without a surrogate there are no
/// interactions.
[[nodiscard]] Result<Analysis> analysis_of(const ScreeningResults& results, Surrogate* surrogate);

/// Why an evaluation failed or is missing, in words that are the same whenever the same happens again: no host, time or
/// signal's address. Empty for a done one.
[[nodiscard]] std::string reason_of(const StoredEvaluation& stored);

/// What stands for an evaluation without a final record in files that are written before the end.
inline constexpr char not_evaluated[] = "not evaluated: the screening was stopped before";
inline constexpr char given_up[] = "cancelled by the operator";

}  // namespace ocrs
