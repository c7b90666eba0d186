// Failures and the workers' time of the report.
#include <algorithm>
#include <map>

#include "coordinator/io/report_model.hpp"

namespace ocrs {
namespace {

struct Reason {
  bool failed = false;
  std::uint64_t count = 0;
  EvaluationId first;
};

/// Groups of the same kind at the same stage: parameters in parentheses would make every one its own.
std::string group_of(const StoredEvaluation& stored) {
  const auto& failure = stored.result.failure;
  if (!failure) return std::string(to_string(stored.status));
  const std::string node = failure->node.substr(0, failure->node.find('('));
  return std::string(to_string(failure->kind)) + (node.empty() ? "" : " in " + node);
}

}  // namespace

ReportJson report_failures(const ScreeningResults& results) {
  constexpr std::size_t reasons_max = 200;
  std::map<std::string, Reason> reasons;
  for (const StoredEvaluation& stored : results.evaluations) {
    if (stored.status == EvaluationStatus::done) continue;
    Reason& reason = reasons[group_of(stored)];
    if (reason.count++ == 0) reason.first = stored.result.id;
    reason.failed = stored.status == EvaluationStatus::failed;
  }
  std::vector<std::pair<std::string, Reason>> sorted(reasons.begin(), reasons.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  if (sorted.size() > reasons_max) sorted.resize(reasons_max);
  ReportJson json = ReportJson::array();
  for (const auto& [text, reason] : sorted) {
    json.push_back({{"reason", text},
                    {"failed", reason.failed},
                    {"count", reason.count},
                    {"page", reason.first.page.value},
                    {"point", reason.first.point.value}});
  }
  return json;
}

ReportJson report_timeline(const ScreeningResults& results) {
  constexpr std::size_t pieces = 240, workers_max = 60;
  std::int64_t begin = 0, end = 0;
  for (const StoredEvaluation& stored : results.evaluations) {
    if (stored.time_ms <= 0) continue;
    begin = begin == 0 ? stored.time_ms : std::min(begin, stored.time_ms);
    end = std::max(end, stored.time_ms);
  }
  const std::int64_t piece_ms = std::max<std::int64_t>(1, (end - begin) / static_cast<std::int64_t>(pieces) + 1);
  struct Worker {
    std::uint64_t total = 0;
    std::vector<std::uint32_t> done = std::vector<std::uint32_t>(pieces, 0);
  };
  std::map<std::string, Worker> workers;
  for (const StoredEvaluation& stored : results.evaluations) {
    if (stored.time_ms <= 0) continue;
    Worker& worker = workers[stored.worker.empty() ? "coordinator" : stored.worker];
    ++worker.total;
    ++worker.done[static_cast<std::size_t>((stored.time_ms - begin) / piece_ms)];
  }
  std::vector<std::pair<std::string, Worker>> sorted(workers.begin(), workers.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.total > b.second.total; });
  // The slowest of many share a row.
  for (std::size_t i = workers_max; i < sorted.size(); ++i) {
    Worker& others = sorted[workers_max - 1].second;
    others.total += sorted[i].second.total;
    for (std::size_t t = 0; t < pieces; ++t) others.done[t] += sorted[i].second.done[t];
  }
  if (sorted.size() > workers_max) {
    sorted[workers_max - 1].first = "the other " + std::to_string(sorted.size() - workers_max + 1) + " workers";
    sorted.resize(workers_max);
  }
  ReportJson rows = ReportJson::array();
  for (const auto& [name, worker] : sorted) {
    rows.push_back({{"name", name}, {"total", worker.total}, {"done", worker.done}});
  }
  return {{"begin_ms", begin}, {"end_ms", end}, {"piece_ms", piece_ms}, {"workers", std::move(rows)}};
}

}  // namespace ocrs
