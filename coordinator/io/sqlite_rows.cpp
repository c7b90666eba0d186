#include "coordinator/io/sqlite_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "common/core/factor.hpp"

namespace ocrs {
namespace {

using SQLite::Statement;

constexpr auto last_failure_kind = static_cast<int>(FailureKind::engine);

std::string stage_costs_text(const Cost& cost) {
  std::string text;
  for (std::size_t i = 0; i < cost.stages_run.size(); ++i) {
    if (i > 0) text += ' ';
    text += std::to_string(cost.stages_run[i]) + ':' + shortest(i < cost.stage_ms.size() ? cost.stage_ms[i] : 0);
  }
  return text;
}

void read_stage_costs(const std::string& text, Cost& cost) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::uint32_t stage = 0;
    double ms = 0;
    const auto [after_stage, no_stage] = std::from_chars(at, end, stage);
    if (no_stage != std::errc() || after_stage == end || *after_stage != ':') return;
    const auto [after_ms, no_ms] = std::from_chars(after_stage + 1, end, ms);
    if (no_ms != std::errc()) return;
    cost.stages_run.push_back(stage);
    cost.stage_ms.push_back(ms);
    at = after_ms == end ? end : after_ms + 1;
  }
}

FailureKind failure_kind_from(std::int64_t number) {
  return number < 0 || number > last_failure_kind ? FailureKind::crashed : static_cast<FailureKind>(number);
}

void bind_scores(Binder& bind, const Scores& scores) {
  bind.real(scores.confidence).whole(scores.words).whole(scores.characters).real(scores.lexicon);
  bind.real(scores.sharpness).real(scores.contrast).real(scores.cnr);
  bind.real(scores.cer).real(scores.wer).real(scores.word_recall);
}

Scores read_scores(Columns& columns) {
  Scores scores;
  scores.confidence = columns.real();
  scores.words = columns.small();
  scores.characters = columns.small();
  scores.lexicon = columns.real();
  scores.sharpness = columns.real();
  scores.contrast = columns.real();
  scores.cnr = columns.maybe_real();
  scores.cer = columns.maybe_real();
  scores.wer = columns.maybe_real();
  scores.word_recall = columns.maybe_real();
  return scores;
}

}  // namespace

Binder& Binder::real(double value) {
  if (!std::isfinite(value)) return null();
  return statement_.bind(++at_, value), *this;
}

std::optional<double> Columns::maybe_real() {
  const SQLite::Column column = next();
  if (column.isNull()) return std::nullopt;
  return column.getDouble();
}

std::optional<std::int64_t> Columns::maybe_whole() {
  const SQLite::Column column = next();
  if (column.isNull()) return std::nullopt;
  return column.getInt64();
}

std::optional<ContentHash> Columns::hash() {
  const SQLite::Column column = next();
  ContentHash hash;
  if (column.getBytes() != static_cast<int>(hash.bytes.size())) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(column.getBlob());
  std::copy(bytes, bytes + hash.bytes.size(), hash.bytes.begin());
  return hash;
}

void run(Statement& statement) {
  struct Reset {
    Statement& used;
    ~Reset() { used.tryReset(); }
  } const reset{statement};
  statement.exec();
}

void append_final(Statement& statement, const FinalRow& row) {
  const EvaluationResult& result = row.result;
  const std::string costs = stage_costs_text(result.cost);
  Binder bind(statement);
  bind.whole(result.id.page.value).whole(result.id.point.value).whole(static_cast<int>(row.status));
  bind.whole(result.attempt.value).whole(row.time_ms).text(row.worker).text(result.backend);
  if (const auto& failure = result.failure) {
    bind.whole(static_cast<int>(failure->kind)).text(failure->node).text(failure->text).text(failure->stderr_tail);
  } else {
    bind.null().null().null().null();
  }
  bind_scores(bind, result.scores);
  bind.text(costs).whole(result.cost.recognised).real(result.cost.recognise_ms).real(result.cost.elapsed_ms);
  result.reading == ContentHash{} ? bind.null() : bind.hash(result.reading);
  run(statement);
}

void append_attempt(Statement& statement, const AttemptRow& row) {
  Binder bind(statement);
  bind.whole(row.id.page.value).whole(row.id.point.value).whole(row.attempt.value);
  bind.whole(static_cast<int>(row.failure.kind)).text(row.failure.node).text(row.failure.text);
  bind.text(row.failure.stderr_tail).text(row.worker).text(row.host).whole(row.time_ms);
  run(statement);
}

void rescore(Statement& statement, const StoredEvaluation& rescored) {
  Binder bind(statement);
  bind_scores(bind, rescored.result.scores);
  bind.whole(rescored.result.id.page.value).whole(rescored.result.id.point.value);
  run(statement);
}

StoredEvaluation read_evaluation(const Statement& statement) {
  Columns columns(statement);
  StoredEvaluation stored;
  EvaluationResult& result = stored.result;
  result.id.page.value = columns.small();
  result.id.point.value = columns.whole();
  stored.status =
      evaluation_status_from(static_cast<std::uint64_t>(columns.whole())).value_or(EvaluationStatus::missing);
  result.attempt.value = columns.small();
  stored.time_ms = columns.whole();
  stored.worker = columns.text();
  result.backend = columns.text();
  const std::optional<std::int64_t> failure = columns.maybe_whole();
  Failure told;
  told.node = columns.text();
  told.text = columns.text();
  told.stderr_tail = columns.text();
  if (failure) {
    told.kind = failure_kind_from(*failure);
    result.failure = std::move(told);
  }
  result.scores = read_scores(columns);
  read_stage_costs(columns.text(), result.cost);
  result.cost.recognised = columns.whole() != 0;
  result.cost.recognise_ms = columns.real();
  result.cost.elapsed_ms = columns.real();
  result.reading = columns.hash().value_or(ContentHash{});
  return stored;
}

AttemptRow read_attempt(const Statement& statement) {
  Columns columns(statement);
  AttemptRow row;
  row.id.page.value = columns.small();
  row.id.point.value = columns.whole();
  row.attempt.value = columns.small();
  row.failure.kind = failure_kind_from(columns.whole());
  row.failure.node = columns.text();
  row.failure.text = columns.text();
  row.failure.stderr_tail = columns.text();
  row.worker = columns.text();
  row.host = columns.text();
  row.time_ms = columns.whole();
  return row;
}

}  // namespace ocrs
