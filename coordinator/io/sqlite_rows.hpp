// One row of a table to one struct and back: parameters and columns taken one after the other. Inner part of
// sqlite_journal; owns no file. One thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/io/journal.hpp"

namespace ocrs {

/// Text and blobs must live until the statement has run.
class Binder {
 public:
  explicit Binder(SQLite::Statement& statement) : statement_(statement) {}

  Binder& whole(std::int64_t value) { return statement_.bind(++at_, value), *this; }
  /// SQLite has no NaN, and no score may be infinite: both read back as "none" (or 0 where there must be a number).
  Binder& real(double value);
  Binder& real(const std::optional<double>& value) { return value ? real(*value) : null(); }
  Binder& text(const std::string& value) { return statement_.bindNoCopy(++at_, value), *this; }
  Binder& blob(const void* bytes, std::size_t count) {
    return statement_.bindNoCopy(++at_, bytes, static_cast<int>(count)), *this;
  }
  Binder& hash(const ContentHash& hash) { return blob(hash.bytes.data(), hash.bytes.size()); }
  Binder& null() { return statement_.bind(++at_), *this; }

 private:
  SQLite::Statement& statement_;
  int at_ = 0;
};

class Columns {
 public:
  explicit Columns(const SQLite::Statement& statement) : statement_(statement) {}

  std::int64_t whole() { return next().getInt64(); }
  std::uint32_t small() { return static_cast<std::uint32_t>(whole()); }
  double real() { return next().getDouble(); }
  std::string text() { return next().getString(); }
  std::optional<double> maybe_real();
  std::optional<std::int64_t> maybe_whole();
  std::optional<ContentHash> hash();

 private:
  SQLite::Column next() { return statement_.getColumn(at_++); }
  const SQLite::Statement& statement_;
  int at_ = 0;
};

/// Runs a statement that gives no rows and leaves it ready for its next use, whatever happened.
void run(SQLite::Statement& statement);

inline constexpr char append_final_sql[] = R"sql(
INSERT INTO evaluations (page, point, status, attempt, time_ms, worker, backend,
  failure, node, failure_text, stderr_tail,
  confidence, words, characters, lexicon, sharpness, contrast, cnr, cer, wer, word_recall,
  stage_costs, recognised, recognise_ms, elapsed_ms, reading)
VALUES (?,?,?,?,?,?,?, ?,?,?,?, ?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?)
ON CONFLICT (page, point) DO NOTHING)sql";
inline constexpr char all_evaluations_sql[] = R"sql(
SELECT page, point, status, attempt, time_ms, worker, backend, failure, node, failure_text, stderr_tail,
  confidence, words, characters, lexicon, sharpness, contrast, cnr, cer, wer, word_recall,
  stage_costs, recognised, recognise_ms, elapsed_ms, reading
FROM evaluations ORDER BY page, point)sql";
inline constexpr char rescore_sql[] = R"sql(
UPDATE evaluations SET confidence = ?, words = ?, characters = ?, lexicon = ?, sharpness = ?, contrast = ?, cnr = ?,
  cer = ?, wer = ?, word_recall = ? WHERE page = ? AND point = ?)sql";
inline constexpr char append_attempt_sql[] = R"sql(
INSERT INTO attempts (page, point, attempt, failure, node, failure_text, stderr_tail, worker, host, time_ms)
VALUES (?,?,?,?,?,?,?,?,?,?))sql";
inline constexpr char all_attempts_sql[] = R"sql(
SELECT page, point, attempt, failure, node, failure_text, stderr_tail, worker, host, time_ms
FROM attempts ORDER BY id)sql";

/// Each runs the statement of its name.
void append_final(SQLite::Statement& statement, const FinalRow& row);
void append_attempt(SQLite::Statement& statement, const AttemptRow& row);
void rescore(SQLite::Statement& statement, const StoredEvaluation& rescored);
[[nodiscard]] StoredEvaluation read_evaluation(const SQLite::Statement& statement);
[[nodiscard]] AttemptRow read_attempt(const SQLite::Statement& statement);

}  // namespace ocrs
