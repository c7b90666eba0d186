// What Scheduler shows to people.
#include "coordinator/core/scheduler_view.hpp"

#include <algorithm>
#include <chrono>

#include "coordinator/core/scheduler.hpp"

namespace ocrs {

SchedulerCounts Scheduler::counts() const {
  SchedulerCounts counts;
  counts.total = table_.size();
  counts.pending = table_.count(EvaluationState::pending);
  counts.leased = table_.count(EvaluationState::leased);
  counts.retry = table_.count(EvaluationState::retry);
  counts.done = table_.count(EvaluationStatus::done);
  counts.failed = table_.count(EvaluationStatus::failed);
  counts.missing = table_.count(EvaluationStatus::missing);
  counts.dropped = table_.count(EvaluationStatus::dropped);
  counts.cancelled = table_.count(EvaluationState::cancelled);
  counts.uncommitted = uncommitted_.size();
  counts.lanes = workers_.eligible_lanes();
  counts.hosts = workers_.eligible_hosts();
  counts.workers = 0;
  for (std::uint32_t host = 0; host < workers_.hosts(); ++host) counts.workers += workers_.host(host).eligible_workers;
  return counts;
}

std::vector<WorkerView> Scheduler::workers(TimePoint now) const {
  std::vector<WorkerView> rows;
  rows.reserve(workers_.size());
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    const Worker& worker = workers_[index];
    const Host& host = workers_.host(worker.host);
    WorkerView row;
    row.label = worker.label;
    row.uuid = to_hex(worker.uuid);
    row.host_id = host.id;
    row.host_name = host.name;
    row.build = worker.build;
    row.state = worker.state;
    row.hardware = worker.hardware;
    row.lanes = static_cast<std::uint32_t>(worker.lanes.size());
    row.lanes_busy = worker.lanes_busy;
    for (const std::uint64_t batch : worker.batches) row.leased += batches_.at(batch).open.size();
    row.done = worker.done;
    row.failed = worker.failed;
    row.duplicates = worker.duplicates;
    row.returned = worker.returned;
    row.deaths = worker.deaths;
    if (worker.results > 0) row.mean_ms = worker.busy_ms / static_cast<double>(worker.results);
    if (row.mean_ms > 0) row.per_second = 1000 * row.lanes / row.mean_ms;
    row.heard_s_ago = std::chrono::duration<double>(std::max(now, worker.heard) - worker.heard).count();
    row.load = worker.load;
    row.memory_available_bytes = worker.memory_available_bytes;
    row.admitted = worker.admission == Admission::admitted;
    row.other_numbers = worker.other_numbers;
    row.aside = host.aside_why;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<PageView> Scheduler::pages() const {
  std::vector<PageView> rows(table_.pages());
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    PageView& row = rows[page];
    row.page = PageIndex{page};
    row.suspended = batcher_.is_suspended(page);
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      const EvaluationState state = table_.state(place);
      row.pending += state == EvaluationState::pending;
      row.leased += state == EvaluationState::leased;
      row.retry += state == EvaluationState::retry;
      const auto status = table_.status(place);
      row.done += status == EvaluationStatus::done;
      row.failed += status == EvaluationStatus::failed;
      row.missing += status == EvaluationStatus::missing || state == EvaluationState::cancelled;
    }
  }
  return rows;
}

std::vector<UnscoredView> Scheduler::unscored() const {
  std::vector<UnscoredView> rows;
  for (const auto& [place, reason] : table_.reasons())
    rows.push_back({table_.id(place), *table_.status(place), reason});
  if (table_.count(EvaluationState::cancelled) > 0) {
    for (std::uint32_t page = 0; page < table_.pages(); ++page) {
      for (std::uint32_t position = 0; position < table_.positions(); ++position) {
        const Place place{page, position};
        if (table_.state(place) != EvaluationState::cancelled) continue;
        rows.push_back({table_.id(place), EvaluationStatus::missing, "cancelled"});
      }
    }
  }
  std::sort(rows.begin(), rows.end(), [](const UnscoredView& a, const UnscoredView& b) { return a.id < b.id; });
  return rows;
}

std::optional<EvaluationView> Scheduler::explain(const EvaluationId& id) const {
  const auto place = table_.find(id);
  if (!place) return std::nullopt;
  EvaluationView view;
  view.state = table_.state(*place);
  view.status = table_.status(*place);
  view.reason = view.state == EvaluationState::cancelled ? "cancelled" : table_.reason(*place);
  view.attempts = table_.attempt(*place).value;
  for (const Lease& lease : table_.leases(*place)) view.holders.push_back(workers_[lease.worker].label);
  for (const Death& death : table_.deaths(*place)) {
    view.deaths.push_back({death.attempt.value, death.worker, death.node, death.kind, death.alone});
  }
  return view;
}

ProgressForecast Scheduler::forecast() const {
  ProgressForecast forecast;
  if (!pace_.is_known()) return forecast;
  double lane_speeds = 0;  // lanes / their time relative to the fleet's mean
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    if (!workers_.is_eligible(index)) continue;
    lane_speeds += static_cast<double>(workers_[index].lanes.size()) / workers_[index].speed;
  }
  if (lane_speeds <= 0) return forecast;
  double remaining_ms = 0;
  std::uint64_t remaining = 0;
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    std::uint64_t open = batcher_.waiting_on(page);
    for (const std::uint64_t batch : batches_of_page_[page]) open += batches_.at(batch).open.size();
    remaining_ms += static_cast<double>(open) * pace_.expected_ms(page, 1);
    remaining += open;
  }
  forecast.remaining_s = remaining_ms / 1000 / lane_speeds;
  if (remaining > 0) forecast.per_second = static_cast<double>(remaining) / std::max(*forecast.remaining_s, 1e-6);
  return forecast;
}

}  // namespace ocrs
