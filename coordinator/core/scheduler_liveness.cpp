// Liveness and hosts of Scheduler.
#include <algorithm>
#include <utility>

#include "coordinator/core/scheduler.hpp"

namespace ocrs {

namespace {
using namespace std::chrono_literals;
constexpr TimePoint rest_first = 10s;  // of a host that is set aside; doubles each time
constexpr TimePoint rest_max = 10min;

std::string seconds_text(TimePoint duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}
}  // namespace

// ---- liveness ----

void Scheduler::on(const ConnectionLost& event) {
  strangers_.erase(event.connection.routing);
  const auto index = workers_.find(event.connection);
  if (!index) return;
  if (workers_.apply(*index, WorkerEvent::connection_lost)) {
    workers_[*index].lost_since = now_;
    notice(NoticeLevel::info, "connection-lost", workers_[*index].label + " cannot be reached");
  }
}

void Scheduler::ask_for_hello(std::uint32_t index, const std::string& why) {
  Worker& worker = workers_[index];
  emit(SendToWorker{worker.connection, Reject{RejectCode::not_ready, why, hello_retry_s}});
  worker.awaiting_hello = true;
  worker.useful = worker.asked = now_;
  workers_.refresh(index);
}

void Scheduler::watch(std::uint32_t index) {
  Worker& worker = workers_[index];
  if (worker.state == WorkerState::gone) return;
  const TimePoint silence = now_ - worker.heard;
  const bool lost_for_good = worker.state == WorkerState::lost && now_ - worker.lost_since > suspect_;
  if (silence > lease_ || lost_for_good) {
    const std::size_t batches = worker.batches.size();
    notice(NoticeLevel::warning, "worker-lost",
           worker.label + ": nothing heard for " + seconds_text(silence) + ", its " + std::to_string(batches) +
               " batches are given to others");
    remove_worker(index, WorkerEvent::expired);
    return;
  }
  if (silence > suspect_ && workers_.apply(index, WorkerEvent::silent)) {
    notice(NoticeLevel::warning, "worker-suspect", worker.label + ": nothing heard for " + seconds_text(silence));
  }
  if (now_ - worker.beat >= heartbeat_) {
    worker.beat = now_;
    send(index, CoordinatorHeartbeat{++worker.beats});
  }
  // One that claims to work and gives nothing for longer than any evaluation may take loses its work to other hosts.
  const TimePoint stalled_after = lease_ + std::chrono::seconds(settings_.screening.limits.deadline_s);
  if (!worker.batches.empty() && now_ - worker.useful > stalled_after && other_hosts_than(worker.host)) {
    notice(NoticeLevel::warning, "worker-stalled",
           worker.label + ": no result for " + seconds_text(now_ - worker.useful) + ", its work is given to others");
    worker.useful = now_;
    free_all(index);
    return;
  }
  // A worker that says it does nothing, while we wait for its results or it waits for ours, has missed a message, or
  // we have: its HELLO puts both sides right.
  if (worker.lanes_busy > 0 || silence > suspect_ || now_ - worker.useful <= 3 * suspect_) return;
  const bool has_credit =
      std::any_of(worker.lanes.begin(), worker.lanes.end(), [](const WorkerLane& lane) { return lane.credit > 0; });
  const bool starves = !has_credit && !worker.lanes.empty() && worker.state == WorkerState::active && may_hand_out() &&
                       batcher_.available() + retries_.size() > 0;
  const bool unseen = worker.admission != Admission::admitted && worker.state == WorkerState::active;
  if (!worker.batches.empty() || starves || unseen) ask_for_hello(index, "say HELLO again: nothing moves");
}

void Scheduler::remove_worker(std::uint32_t index, WorkerEvent event) {
  workers_.disconnect(index);
  workers_.apply(index, event);
  workers_[index].awaiting_hello = false;
  free_all(index);
  for (std::uint32_t lane = 0; lane < workers_[index].lanes.size(); ++lane) batcher_.release({index, lane});
  workers_.set_lanes(index, 0);
}

// ---- hosts ----

void Scheduler::set_aside(std::uint32_t index, const std::string& why) {
  Host& host = workers_.host(index);
  host.contradicted = 0;
  host.deaths_in_row = 0;
  host.pages_in_row.clear();
  if (host.aside_until) return;
  host.rest = std::clamp(2 * host.rest, rest_first, rest_max);
  host.aside_until = now_ + host.rest;
  host.aside_why = why;
  workers_.refresh_host(index);
  notice(NoticeLevel::warning, "host-set-aside",
         (host.name.empty() ? host.id : host.name) + " gets nothing for " + seconds_text(host.rest) + ": " + why);
  for (std::uint32_t worker = 0; worker < workers_.size(); ++worker) {
    if (workers_[worker].host != index) continue;
    for (const std::uint64_t batch : workers_[worker].batches) retract(batch);
  }
}

void Scheduler::watch_hosts() {
  for (std::uint32_t index = 0; index < workers_.hosts(); ++index) {
    Host& host = workers_.host(index);
    if (!host.aside_until || now_ < *host.aside_until) continue;
    host.aside_until.reset();
    host.aside_why.clear();
    workers_.refresh_host(index);
    notice(NoticeLevel::info, "host-back", (host.name.empty() ? host.id : host.name) + " gets work again");
  }
}

}  // namespace ocrs
