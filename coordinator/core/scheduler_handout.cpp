// Batches, retries and the tail of Scheduler.
#include <algorithm>
#include <cmath>
#include <utility>

#include "common/core/check.hpp"
#include "coordinator/core/scheduler.hpp"

namespace ocrs {

namespace {
using namespace std::chrono_literals;
constexpr std::uint64_t results_measured = 4;  // of a worker, before its speed sizes batches
constexpr TimePoint tail_every = 1s;           // between two looks at the tail
constexpr double copy_gain = 0.7;              // a copy must be expected in this share of the time the holder needs
}  // namespace

bool Scheduler::may_hand_out() const { return !paused_ && !cancelled_ && !draining_ && !complete_ && journal_works_; }

void Scheduler::hand_out() {
  if (!may_hand_out()) return;
  while (!retries_.empty() && hand_out_retry()) {
  }
  while (batcher_.available() > 0) {
    const std::optional<LaneKey> lane = workers_.ready_lane();
    if (!lane) return;
    // Near the end nobody queues what another could start at once.
    const bool busy = workers_[lane->worker].lanes[lane->lane].outstanding > 0;
    if (busy && batcher_.waiting() <= 2ULL * workers_.eligible_lanes()) return;
    const std::optional<std::uint32_t> page = batcher_.choose_page(*lane);
    OCRS_CHECK(page.has_value(), "what is available is on some page");
    const std::vector<std::uint32_t> positions = batcher_.take(*lane, batch_size(*lane, *page));
    send_batch(*lane, *page, positions, false);
  }
}

std::uint32_t Scheduler::batch_size(LaneKey lane, std::uint32_t page) const {
  const Worker& worker = workers_[lane.worker];
  double size = settings_.batch_first;
  if (worker.results >= results_measured) {
    size = settings_.batch_target_s * 1000 / pace_.expected_ms(page, worker.speed);
  }
  const double tail =
      std::ceil(static_cast<double>(batcher_.waiting()) / (2.0 * std::max(1U, workers_.eligible_lanes())));
  return static_cast<std::uint32_t>(std::clamp(std::min(size, tail), 1.0, double(settings_.batch_max)));
}

void Scheduler::send_batch(LaneKey lane, std::uint32_t page, const std::vector<std::uint32_t>& positions, bool alone) {
  const BatchId id{next_batch_++};
  Batch message{settings_.screening.run, id, LaneIndex{lane.lane}, PageIndex{page}, alone, {}, {}};
  SentBatch& sent = batches_[id.value];
  sent.worker = lane.worker;
  sent.lane = lane.lane;
  sent.page = page;
  sent.alone = alone;
  sent.progress = now_;
  for (const std::uint32_t position : positions) {
    const Place place{page, position};
    const Attempt attempt = table_.next_attempt(place);
    table_.apply(place, EvaluationEvent::handed_out);
    table_.add_lease(place, Lease{id, lane.worker, attempt});
    sent.open.emplace(position, attempt);
    message.points.push_back(table_.point(position));
    message.attempts.push_back(attempt);
  }
  Worker& worker = workers_[lane.worker];
  worker.batches.insert(id.value);
  worker.useful = now_;
  batches_of_page_[page].insert(id.value);
  workers_.change_lane(lane, -1, 1);
  ++counters_.batches;
  send(lane.worker, std::move(message));
}

// ---- retries: alone, on another host if there is one ----

bool Scheduler::hand_out_retry() {
  // One group suffices unless all ready lanes are on its own host; then the next one suffices.
  std::size_t looked = 0;
  for (const auto& [host, group] : retries_.groups()) {
    if (++looked > 2) break;
    const auto [since, place] = *group.begin();
    const std::optional<LaneKey> lane = lane_for_retry(host, since);
    if (!lane) continue;
    retries_.remove(place);
    send_batch(*lane, place.page, {place.position}, true);
    return true;
  }
  // The ready lanes may all be on one host whose own group comes later.
  const std::optional<LaneKey> any = workers_.ready_lane();
  if (!any) return false;
  const std::uint32_t host = workers_[any->worker].host;
  const auto own = retries_.groups().find(host);
  if (own == retries_.groups().end()) return false;
  const auto [since, place] = *own->second.begin();
  const std::optional<LaneKey> lane = lane_for_retry(host, since);
  if (!lane) return false;
  retries_.remove(place);
  send_batch(*lane, place.page, {place.position}, true);
  return true;
}

std::optional<LaneKey> Scheduler::lane_for_retry(std::uint32_t host, TimePoint since) const {
  if (const auto elsewhere = workers_.ready_lane_not_on(host)) return elsewhere;
  // Another host that has not asked for work in a whole lease is as good as none.
  if (other_hosts_than(host) && now_ - since < lease_) return std::nullopt;
  return workers_.ready_lane_on(host);
}

// ---- leases ----

bool Scheduler::free_lease(std::uint32_t worker, const Place& place, Attempt attempt) {
  const auto lease = table_.end_lease(place, worker, attempt);
  if (!lease) return false;
  note_progress(*lease, place);
  wait_again(place);
  return true;
}

void Scheduler::wait_again(const Place& place) {
  if (!table_.leases(place).empty() || table_.state(place) != EvaluationState::leased) return;
  const std::vector<Death>& deaths = table_.deaths(place);
  if (deaths.empty()) {
    table_.apply(place, EvaluationEvent::given_back);
    batcher_.add(place);
  } else {
    table_.apply(place, EvaluationEvent::back_to_retry);
    retries_.add(place, deaths.front().host, now_);
  }
}

// The lease has ended, one way or another: its batch, and with its last one the batch's lane, have less to do.
void Scheduler::note_progress(const Lease& lease, const Place& place) {
  const auto known = batches_.find(lease.batch.value);
  OCRS_CHECK(known != batches_.end(), "every lease is of a batch");
  SentBatch& batch = known->second;
  batch.open.erase(place.position);
  batch.progress = now_;
  if (!batch.open.empty()) return;
  const std::uint32_t worker = batch.worker;
  const std::optional<std::uint32_t> lane = batch.lane;
  workers_[worker].batches.erase(lease.batch.value);
  batches_of_page_[batch.page].erase(lease.batch.value);
  batches_.erase(known);
  if (lane) workers_.change_lane({worker, *lane}, 0, -1);
}

void Scheduler::free_all(std::uint32_t index) {
  for (const std::uint64_t batch : std::set<std::uint64_t>(workers_[index].batches)) {
    const SentBatch sent = batches_.at(batch);
    for (const auto& [position, attempt] : sent.open) {
      if (free_lease(index, {sent.page, position}, attempt)) ++counters_.requeued;
    }
  }
}

void Scheduler::retract(std::uint64_t id) {
  SentBatch& batch = batches_.at(id);
  if (std::exchange(batch.retracted, true)) return;
  Retract message{BatchId{id}, {}};
  for (const auto& [position, attempt] : batch.open) message.evaluations.push_back(table_.id({batch.page, position}));
  ++counters_.retracted;
  send(batch.worker, std::move(message));
}

// ---- the tail ----

std::vector<LaneKey> Scheduler::idle_lanes() const {
  std::vector<LaneKey> idle;
  for (const auto& [outstanding, lane] : workers_.ready()) {
    if (outstanding > 0) break;
    idle.push_back(lane);
  }
  return idle;
}

void Scheduler::tend_tail() {
  if (!may_hand_out() || batcher_.waiting() > 0 || !retries_.empty()) return;
  if (table_.count(EvaluationState::leased) == 0 || now_ - tail_tended_ < tail_every) return;
  tail_tended_ = now_;
  const std::vector<LaneKey> idle = idle_lanes();
  if (idle.empty()) return;
  const std::uint64_t before = counters_.retracted;
  ask_back(idle);
  // What comes back is better than a copy: it costs nothing.
  if (counters_.retracted == before) copy_slowest(idle);
}

void Scheduler::ask_back(const std::vector<LaneKey>& idle) {
  // Batches that stand behind another one on their lane, the largest first.
  std::vector<std::pair<std::size_t, std::uint64_t>> queued;
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    std::set<std::uint32_t> running;
    for (const std::uint64_t id : workers_[index].batches) {
      const SentBatch& batch = batches_.at(id);
      const bool is_first = !batch.lane || running.insert(*batch.lane).second;
      if (!is_first && !batch.retracted && !batch.alone) queued.emplace_back(batch.open.size(), id);
    }
  }
  std::sort(queued.begin(), queued.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  // Each for a lane that has not left its page: coming back to one costs all its earlier stages again.
  std::set<LaneKey> free(idle.begin(), idle.end());
  for (const auto& [size, id] : queued) {
    SentBatch& batch = batches_.at(id);
    const auto lane = std::find_if(free.begin(), free.end(),
                                   [&](const LaneKey& candidate) { return !batcher_.has_left(candidate, batch.page); });
    if (lane == free.end()) continue;
    batch.asked_back_for = *lane;
    free.erase(lane);
    retract(id);
    if (free.empty()) return;
  }
}

// What was asked back for this lane and is waiting now; if the lane has found other work, it goes on waiting.
void Scheduler::give_to(LaneKey lane, std::uint32_t page, const std::vector<std::uint32_t>& positions) {
  const bool free = may_hand_out() && workers_.is_eligible(lane.worker) && workers_.has_lane(lane) &&
                    workers_[lane.worker].lanes[lane.lane].credit > 0;
  if (!free || batcher_.is_suspended(page)) return;
  batcher_.hold(lane, page);
  for (const std::uint32_t position : positions) batcher_.remove({page, position});
  send_batch(lane, page, positions, false);
}

void Scheduler::copy_slowest(const std::vector<LaneKey>& idle) {
  struct Slow {
    double remaining_ms = 0;
    Place place;
    std::uint32_t holder = 0;
  };
  std::vector<Slow> slow;
  for (const auto& [id, batch] : batches_) {
    const Worker& holder = workers_[batch.worker];
    const double each = pace_.expected_ms(batch.page, holder.speed);
    const double elapsed = std::chrono::duration<double, std::milli>(now_ - batch.progress).count();
    double ahead = 0;
    for (const auto& [position, attempt] : batch.open) {
      ahead += each;
      const Place place{batch.page, position};
      if (table_.leases(place).size() != 1 || table_.state(place) != EvaluationState::leased || batch.alone) continue;
      // One that is overdue is expected to need as long again as it has taken.
      double remaining = std::max(ahead - elapsed, elapsed - ahead);
      if (holder.state != WorkerState::active) remaining += 1000 * settings_.lease_s;
      slow.push_back({remaining, place, batch.worker});
    }
  }
  std::sort(slow.begin(), slow.end(), [](const Slow& a, const Slow& b) {
    return a.remaining_ms != b.remaining_ms ? a.remaining_ms > b.remaining_ms : a.place < b.place;
  });
  std::size_t next = 0;
  for (const LaneKey& lane : idle) {
    while (next < slow.size()) {
      const Slow& candidate = slow[next];
      const double here = pace_.expected_ms(candidate.place.page, workers_[lane.worker].speed);
      const bool other_host = workers_[lane.worker].host != workers_[candidate.holder].host;
      if (here > copy_gain * candidate.remaining_ms) return;
      if (!other_host) break;  // This lane cannot help with it; another one may.
      ++next;
      ++counters_.copies;
      send_batch(lane, candidate.place.page, {candidate.place.position}, false);
      break;
    }
  }
}

}  // namespace ocrs
