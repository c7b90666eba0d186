#include "coordinator/io/screening_results.hpp"

#include <algorithm>
#include <utility>

#include "coordinator/core/design.hpp"

namespace ocrs {
namespace {

constexpr std::string_view note_prefix = "manifest.";

std::vector<bool> pages_with_ground_truth(const Screening& screening) {
  std::vector<bool> has;
  for (const Page& page : screening.pages) has.push_back(page.spec.ground_truth.has_value());
  return has;
}

void count_cost(const Cost& cost, Account& account) {
  for (std::size_t i = 0; i < cost.stages_run.size(); ++i) {
    const std::size_t stage = cost.stages_run[i];
    if (stage >= account.stage_runs.size()) continue;
    ++account.stage_runs[stage];
    if (i < cost.stage_ms.size()) account.stage_ms[stage] += cost.stage_ms[i];
  }
  account.recognitions += cost.recognised;
  account.recognise_ms += cost.recognise_ms;
}

Account account_of(const ScreeningRecord& record, const std::vector<StoredEvaluation>& evaluations) {
  const Screening& screening = record.screening;
  Account account;
  account.total = screening.pages.size() * (std::uint64_t{screening.design.points} + 1);
  account.stage_runs.resize(screening.pipeline.stages.size());
  account.stage_ms.resize(screening.pipeline.stages.size());
  for (const StoredEvaluation& stored : evaluations) {
    switch (stored.status) {
      case EvaluationStatus::done:
        ++account.done;
        account.merged += !stored.result.cost.recognised;
        break;
      case EvaluationStatus::failed:
        ++account.failed;
        break;
      case EvaluationStatus::dropped:
        ++account.dropped;
        break;
      case EvaluationStatus::missing:
        ++account.missing;
        account.missing_evaluations.push_back({stored.result.id, reason_of(stored)});
        break;
    }
    count_cost(stored.result.cost, account);
    if (!stored.result.backend.empty()) ++account.backends[stored.result.backend];
    if (!stored.worker.empty()) ++account.workers[stored.worker];
  }
  account.pending = account.total - account.done - account.failed - account.missing - account.dropped;
  std::sort(account.missing_evaluations.begin(), account.missing_evaluations.end(),
            [](const MissingEvaluation& a, const MissingEvaluation& b) {
              return std::pair(a.id.point, a.id.page) < std::pair(b.id.point, b.id.page);
            });
  return account;
}

}  // namespace

std::string reason_of(const StoredEvaluation& stored) {
  if (stored.status == EvaluationStatus::done) return "";
  if (!stored.result.failure) return std::string(to_string(stored.status));
  const Failure& failure = *stored.result.failure;
  std::string reason(to_string(failure.kind));
  if (!failure.node.empty()) reason += " in " + failure.node;
  // A crash's text names signals, seconds and hosts: `explain` tells them, this file must not change with them.
  const bool tells_the_same = is_deterministic(failure.kind) || failure.kind == FailureKind::page_unreadable;
  if (!failure.text.empty() && (tells_the_same || stored.status != EvaluationStatus::failed)) {
    reason += ": " + failure.text;
  }
  return reason;
}

Result<ScreeningResults> read_results(SqliteJournal& journal) {
  Result<ScreeningRecord> record = journal.record();
  if (!record) return record.error();
  Result<std::vector<StoredEvaluation>> evaluations = journal.evaluations();
  if (!evaluations) return evaluations.error();
  const Result<std::map<std::string, std::string>> settings = journal.settings();
  if (!settings) return settings.error();

  const Screening& screening = record->screening;
  const std::uint32_t points = screening.design.points;
  // Rows of points that were added since the record was read belong to the next look.
  std::erase_if(*evaluations, [&](const StoredEvaluation& stored) {
    const EvaluationId id = stored.result.id;
    return id.page.value >= screening.pages.size() || id.point < baseline_point ||
           id.point.value >= std::int64_t{points};
  });
  const std::vector<bool> ground_truth = pages_with_ground_truth(screening);
  Result<RankingObjective> objective = ranking_objective(screening.objective, ground_truth);
  if (!objective) return objective.error();

  ScoreTable table(ground_truth, points, *evaluations);
  Ranking ranking = rank_points(table, std::move(*objective));
  Account account = account_of(*record, *evaluations);
  ScreeningResults results{.record = {},
                           .points = design_points(screening.pipeline, screening.design, 0, points),
                           .evaluations = std::move(*evaluations),
                           .table = std::move(table),
                           .ranking = std::move(ranking),
                           .account = std::move(account),
                           .notes = {},
                           .open_reason = not_evaluated};
  if (const auto cancelled = settings->find(cancelled_setting);
      cancelled != settings->end() && !cancelled->second.empty()) {
    results.open_reason = given_up;
  }
  results.record = std::move(*record);
  for (const auto& [key, value] : *settings) {
    if (key.starts_with(note_prefix)) results.notes[key.substr(note_prefix.size())] = value;
  }
  return results;
}

Result<Analysis> analysis_of(const ScreeningResults& results, Surrogate* surrogate) {
  return analyse({.pipeline = results.record.screening.pipeline,
                  .points = results.points,
                  .table = results.table,
                  .ranking = results.ranking,
                  .surrogate = surrogate});
}

}  // namespace ocrs
