// The handshake, the canary and the ordinary messages of workers, of Scheduler.
#include <algorithm>
#include <cmath>
#include <utility>

#include "common/core/factor.hpp"

#include "coordinator/core/scheduler.hpp"

namespace ocrs {

namespace {
using namespace std::chrono_literals;
constexpr TimePoint stranger_quiet = 1s;   // between two answers to the same unknown connection
constexpr std::uint32_t lanes_max = 4096;  // of one worker
constexpr std::uint32_t credit_max = 8;    // batches per lane, whatever frames are repeated
}  // namespace

// ---- handshake ----

std::optional<Reject> Scheduler::refusal(const Hello& message) const {
  if (message.major != protocol_major) {
    return Reject{RejectCode::protocol,
                  "this coordinator speaks protocol " + std::to_string(protocol_major) + ", the worker " +
                      std::to_string(message.major) + "; install the same ocrscreen on both (coordinator " +
                      settings_.build + ", worker " + message.build + ")",
                  0};
  }
  const auto differs = [](const std::string& ours, const std::string& theirs) {
    return !ours.empty() && ours != theirs;
  };
  const std::pair<const char*, std::pair<const std::string*, const std::string*>> libraries[] = {
      {"Tesseract", {&settings_.engine.tesseract, &message.engine.tesseract}},
      {"Leptonica", {&settings_.engine.leptonica, &message.engine.leptonica}},
      {"OpenCV", {&settings_.engine.opencv, &message.engine.opencv}}};
  for (const auto& [name, versions] : libraries) {
    if (!differs(*versions.first, *versions.second)) continue;
    return Reject{RejectCode::engine,
                  std::string("the worker has ") + name + " " + *versions.second + ", this screening is read with " +
                      *versions.first + "; scores of different versions cannot be compared",
                  0};
  }
  if (message.lanes > lanes_max) {
    return Reject{RejectCode::protocol, "a worker has at most " + std::to_string(lanes_max) + " lanes", 0};
  }
  // A draining coordinator still takes in what was finished before.
  if (draining_ && message.held.empty() && message.spooled == 0) {
    return Reject{RejectCode::shutting_down, "the coordinator is about to end", 30};
  }
  return std::nullopt;
}

void Scheduler::hello(const ConnectionId& from, const Hello& message) {
  if (replaced_.contains(from.routing)) {
    ++counters_.rejected;
    emit(SendToWorker{from, Reject{RejectCode::duplicate,
                                   "another connection of this worker has replaced this one; two processes may share "
                                   "one state folder",
                                   settings_.suspect_s}});
    return;
  }
  if (const std::optional<Reject> reject = refusal(message)) {
    ++counters_.rejected;
    emit(SendToWorker{from, *reject});
    notice(NoticeLevel::warning, "worker-rejected", message.host_name + ": " + reject->text);
    return;
  }
  const auto on_connection = workers_.find(from);
  const auto known = workers_.find(message.worker);
  if (on_connection && on_connection == known && !workers_[*known].awaiting_hello &&
      workers_[*known].state != WorkerState::lost && workers_[*known].state != WorkerState::gone) {
    // HELLO is said once per connection: this is a second copy of the frame, and its list of what is held is old.
    workers_[*known].heard = now_;
    workers_.apply(*known, WorkerEvent::heard);
    ++counters_.unexpected;
    return;
  }
  if (on_connection && on_connection != known) remove_worker(*on_connection, WorkerEvent::leave);
  const bool returns = known && workers_[*known].state != WorkerState::gone;
  if (known) {
    const Worker& old = workers_[*known];
    if (old.connected && old.connection != from) replaced_[old.connection.routing] = now_;
    workers_.disconnect(*known);
  }
  const std::uint32_t index = workers_.intern_worker(message.worker, message.host_id, message.host_name);
  Worker& worker = workers_[index];
  worker.build = message.build;
  worker.hardware = message.hardware;
  worker.heard = worker.useful = worker.beat = now_;
  worker.lanes_busy = 0;
  worker.awaiting_hello = false;
  worker.foreign_run_told = false;
  const bool known_good = returns && worker.admission == Admission::admitted;
  const bool asks = settings_.canary && message.host_id != settings_.canary_host && !known_good;
  worker.admission = asks ? Admission::wanted : Admission::admitted;
  if (!known_good) {
    worker.other_numbers = false;
    worker.canary_failures = 0;
  }
  if (!returns) worker.joined = now_;
  for (auto lane = message.lanes; lane < worker.lanes.size(); ++lane) batcher_.release({index, lane});
  for (const std::uint64_t batch : worker.batches) {
    SentBatch& sent = batches_.at(batch);
    if (sent.lane && *sent.lane >= message.lanes) sent.lane.reset();
  }
  workers_.set_lanes(index, message.lanes);
  strangers_.erase(from.routing);
  workers_.connect(index, from);
  workers_.apply(index, WorkerEvent::hello);
  workers_.refresh(index);
  reconcile(index, message);
  welcome(index);
  notice(NoticeLevel::info, returns ? "worker-back" : "worker-joined",
         worker.label + " with " + std::to_string(message.lanes) + " lanes, holds " +
             std::to_string(message.held.size()) + " evaluations");
}

void Scheduler::welcome(std::uint32_t index) {
  Welcome answer;
  answer.build = settings_.build;
  answer.blob_endpoint = settings_.blob_endpoint;
  answer.heartbeat_s = settings_.heartbeat_s;
  answer.suspect_s = settings_.suspect_s;
  answer.lease_s = settings_.lease_s;
  send(index, std::move(answer));
  send(index, settings_.screening);
  if (complete_) send(index, ScreeningFinished{settings_.screening.run});
  if (draining_) drain(index, "the coordinator drains");
}

void Scheduler::reconcile(std::uint32_t index, const Hello& message) {
  std::set<std::pair<EvaluationId, Attempt>> held;
  if (message.held_run == settings_.screening.run) {
    for (const HeldEvaluation& evaluation : message.held) held.emplace(evaluation.id, evaluation.attempt);
  }
  for (const std::uint64_t batch : std::set<std::uint64_t>(workers_[index].batches)) {
    const SentBatch sent = batches_.at(batch);
    for (const auto& [position, attempt] : sent.open) {
      const Place place{sent.page, position};
      if (held.erase({table_.id(place), attempt}) > 0) continue;
      if (free_lease(index, place, attempt)) ++counters_.requeued;
    }
  }
  std::map<std::uint32_t, std::uint64_t> adopted;
  for (const auto& [id, attempt] : held) adopt(index, {id, attempt}, adopted);
}

// What a worker holds and nobody here knows of: leases of an earlier incarnation, or leases that were given up.
void Scheduler::adopt(std::uint32_t index, const HeldEvaluation& held,
                      std::map<std::uint32_t, std::uint64_t>& batches) {
  const auto place = table_.find(held.id);
  if (!place || held.attempt == canary_attempt) return;
  table_.saw_attempt(*place, held.attempt);
  if (is_final(table_.state(*place)) || table_.leases(*place).size() >= 2) return;
  for (const Lease& lease : table_.leases(*place)) {
    if (lease.worker == index) return;
  }
  leave_open_states(*place);
  table_.apply(*place, EvaluationEvent::adopted);
  const auto [known, is_new] = batches.try_emplace(place->page, next_batch_);
  if (is_new) {
    SentBatch& batch = batches_[next_batch_];
    batch.worker = index;
    batch.page = place->page;
    batch.progress = now_;
    workers_[index].batches.insert(next_batch_);
    batches_of_page_[place->page].insert(next_batch_);
    ++next_batch_;
  }
  batches_.at(known->second).open.emplace(place->position, held.attempt);
  table_.add_lease(*place, Lease{BatchId{known->second}, index, held.attempt});
}

void Scheduler::speak_to_stranger(const ConnectionId& from) {
  ++counters_.unexpected;
  if (replaced_.contains(from.routing)) return;  // What it says again it says on its new connection.
  const auto [known, is_new] = strangers_.try_emplace(from.routing, now_);
  if (!is_new && now_ - known->second < stranger_quiet) return;
  known->second = now_;
  emit(SendToWorker{from, Reject{RejectCode::not_ready, "say HELLO first", hello_retry_s}});
}

// ---- ordinary messages ----

void Scheduler::heard(std::uint32_t, const Hello&) {}  // Goes to hello(): it may come from nobody known.

void Scheduler::heard(std::uint32_t index, const Credit& message) {
  const LaneKey lane{index, message.lane.value};
  if (!workers_.has_lane(lane) || workers_[index].awaiting_hello) {
    ++counters_.unexpected;
    return;
  }
  const std::uint32_t has = workers_[index].lanes[lane.lane].credit;
  const std::uint32_t more = std::min(message.batches, credit_max - std::min(has, credit_max));
  workers_.change_lane(lane, static_cast<std::int32_t>(more), 0);
  send_canary(index);
}

// ---- the canary ----

void Scheduler::send_canary(std::uint32_t index) {
  Worker& worker = workers_[index];
  if (worker.admission != Admission::wanted || worker.state != WorkerState::active) return;
  for (std::uint32_t lane = 0; lane < worker.lanes.size(); ++lane) {
    if (worker.lanes[lane].credit == 0) continue;
    const EvaluationId id = settings_.canary->id;
    workers_.change_lane({index, lane}, -1, 0);
    worker.admission = Admission::asked;
    worker.useful = now_;
    send(index, Batch{settings_.screening.run,
                      BatchId{next_batch_++},
                      LaneIndex{lane},
                      id.page,
                      false,
                      {Point{id.point, {}}},
                      {canary_attempt}});
    return;
  }
}

void Scheduler::canary_came(std::uint32_t index, const EvaluationResult& result) {
  Worker& worker = workers_[index];
  acknowledge(index, {result.id, result.attempt});
  if (!settings_.canary || worker.admission == Admission::admitted || result.id != settings_.canary->id) return;
  const EvaluationResult& expected = *settings_.canary;
  std::string refusal;
  double retry_after_s = 0;
  if (result.failure) {
    worker.admission = Admission::wanted;
    if (++worker.canary_failures < 2) return send_canary(index);
    refusal = "the canary page fails on this worker: " + result.failure->text;
    retry_after_s = settings_.lease_s;
  } else if (const auto fault = implausible_scores(result)) {
    refusal = "the canary page's result has " + *fault;
  } else if (const double off = std::abs(result.scores.confidence - expected.scores.confidence);
             off > canary_confidence_tolerance) {
    refusal = "the worker reads the canary page with confidence " + shortest(result.scores.confidence) +
              ", the coordinator with " + shortest(expected.scores.confidence);
  }
  if (!refusal.empty()) {
    ++counters_.rejected;
    notice(NoticeLevel::warning, "worker-rejected", worker.label + ": " + refusal);
    send(index, Reject{RejectCode::canary, refusal, retry_after_s});
    remove_worker(index, WorkerEvent::leave);
    return;
  }
  worker.admission = Admission::admitted;
  worker.other_numbers = numbers_of(result) != numbers_of(expected);
  workers_.refresh(index);
  if (worker.other_numbers) {
    notice(
        NoticeLevel::warning, "other-numbers",
        worker.label + " reads the canary page a little differently; its results are counted as a class of their own");
  }
}

void Scheduler::heard(std::uint32_t index, const WorkerHeartbeat& message) {
  Worker& worker = workers_[index];
  worker.lanes_busy = message.lanes_busy;
  worker.load = message.load;
  worker.memory_available_bytes = message.memory_available_bytes;
}

void Scheduler::heard(std::uint32_t index, const Returned& message) {
  const auto batch = batches_.find(message.batch.value);
  const std::optional<LaneKey> for_lane =
      batch != batches_.end() && batch->second.worker == index ? batch->second.asked_back_for : std::nullopt;
  std::map<std::uint32_t, std::vector<std::uint32_t>> pending;
  for (const HeldEvaluation& held : message.evaluations) {
    if (held.attempt == canary_attempt && workers_[index].admission == Admission::asked) {
      workers_[index].admission = Admission::wanted;
      send_canary(index);
      continue;
    }
    const auto place = table_.find(held.id);
    if (place && free_lease(index, *place, held.attempt)) {
      ++counters_.requeued;
      ++workers_[index].returned;
      if (table_.state(*place) == EvaluationState::pending) pending[place->page].push_back(place->position);
    } else {
      ++counters_.unexpected;  // A second copy, or a lease that had ended meanwhile.
    }
  }
  if (!for_lane) return;
  for (const auto& [page, positions] : pending) give_to(*for_lane, page, positions);
}

// Nothing to do: a batch ends here with its last evaluation, and results on the way may be overtaken by this.
void Scheduler::heard(std::uint32_t, const BatchFinished&) {}

void Scheduler::heard(std::uint32_t index, const Draining& message) {
  if (workers_.apply(index, WorkerEvent::drain)) {
    notice(NoticeLevel::info, "worker-drains", workers_[index].label + ": " + message.why);
  }
}

void Scheduler::heard(std::uint32_t index, const Goodbye& message) {
  notice(NoticeLevel::info, "worker-left", workers_[index].label + ": " + message.why);
  remove_worker(index, WorkerEvent::leave);
}

void Scheduler::drain(std::uint32_t index, const std::string& why) {
  if (workers_[index].state == WorkerState::gone) return;
  send(index, Drain{why});
  workers_.apply(index, WorkerEvent::drain);
}

}  // namespace ocrs
