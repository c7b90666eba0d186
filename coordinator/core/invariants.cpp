// What is always true of Scheduler between two events. Read from its tables, never relied upon by them.
#include <algorithm>
#include <array>

#include "coordinator/core/scheduler.hpp"

namespace ocrs {

std::optional<std::string> Scheduler::broken_invariant() const {
  if (auto wrong = batcher_.inconsistency()) return "batcher: " + *wrong;
  if (auto wrong = workers_.inconsistency()) return "workers: " + *wrong;

  // Every evaluation is in exactly one state, and the structures that work on that state know it.
  std::array<std::uint64_t, evaluation_states> states{};
  std::array<std::uint64_t, 4> statuses{};
  std::size_t leases = 0, retries = 0, reasons = 0;
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      const EvaluationState state = table_.state(place);
      ++states[static_cast<std::size_t>(state)];
      const std::string name = name_of(place) + " (" + std::string(to_string(state)) + "): ";
      if (batcher_.contains(place) != (state == EvaluationState::pending)) return name + "waits wrongly";
      if (retries_.contains(place) != (state == EvaluationState::retry)) return name + "waits for a retry wrongly";
      retries += state == EvaluationState::retry;
      const std::vector<Lease>& held = table_.leases(place);
      leases += held.size();
      if (held.empty() == (state == EvaluationState::leased)) return name + "is held wrongly";
      if (held.size() > 2) return name + "is held more than twice";
      for (const Lease& lease : held) {
        const auto batch = batches_.find(lease.batch.value);
        if (batch == batches_.end()) return name + "is held in no batch";
        const auto open = batch->second.open.find(position);
        if (batch->second.page != page || open == batch->second.open.end() || open->second != lease.attempt ||
            batch->second.worker != lease.worker) {
          return name + "is not in the batch it is held in";
        }
        if (lease.attempt > table_.attempt(place)) return name + "is held under an attempt that is not counted";
      }
      const auto status = table_.status(place);
      const bool has_status = is_final(state) && state != EvaluationState::cancelled;
      if (status.has_value() != has_status) return name + "has a status wrongly";
      if (status) ++statuses[static_cast<std::size_t>(*status)];
      reasons += status && *status != EvaluationStatus::done;
      if (state == EvaluationState::retry && table_.deaths(place).empty()) return name + "is retried without a death";
      if (is_final(state) && !table_.deaths(place).empty()) return name + "keeps its deaths";
      if (ticket_of_.contains(place) && !has_status) return name + "has a record under way that is not its own";
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i] != table_.count(static_cast<EvaluationState>(i))) return "states are miscounted";
  }
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i] != table_.count(static_cast<EvaluationStatus>(i))) return "statuses are miscounted";
  }
  if (retries != retries_.size()) return "a retry is nobody's";
  if (reasons != table_.reasons().size()) return "a reason is nobody's";

  // Batches, their workers and their lanes.
  std::size_t open = 0, of_workers = 0, of_pages = 0;
  std::map<LaneKey, std::uint32_t> outstanding;
  for (const auto& [id, batch] : batches_) {
    if (batch.open.empty()) return "a batch is kept that is finished";
    open += batch.open.size();
    if (!workers_[batch.worker].batches.contains(id)) return "a batch is not its worker's";
    if (!batches_of_page_[batch.page].contains(id)) return "a batch is not its page's";
    if (workers_[batch.worker].state == WorkerState::gone) return "a worker that is gone holds a batch";
    if (batch.lane) ++outstanding[{batch.worker, *batch.lane}];
  }
  if (open != leases) return "leases and batches do not agree";
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    const Worker& worker = workers_[index];
    of_workers += worker.batches.size();
    if (worker.connected != (worker.state != WorkerState::gone))
      return worker.label + " is gone and connected, or neither";
    for (std::uint32_t lane = 0; lane < worker.lanes.size(); ++lane) {
      const auto known = outstanding.find({index, lane});
      const std::uint32_t expected = known == outstanding.end() ? 0 : known->second;
      if (worker.lanes[lane].outstanding != expected) return worker.label + " has a lane that miscounts its batches";
    }
  }
  for (const auto& page : batches_of_page_) of_pages += page.size();
  if (of_workers != batches_.size() || of_pages != batches_.size()) return "a finished batch is still listed";

  // Records on their way to the disk.
  for (const auto& [place, ticket] : ticket_of_) {
    const auto waiting = uncommitted_.find(ticket);
    if (waiting == uncommitted_.end()) return name_of(place) + " waits for a record that is not under way";
    if (waiting->second.commit.result.id != table_.id(place)) return name_of(place) + " waits for another's record";
  }
  if (complete_ && table_.open() > 0) return "complete with open evaluations";
  return std::nullopt;
}

}  // namespace ocrs
