#include "coordinator/core/scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/core/check.hpp"

namespace ocrs {

namespace {
TimePoint from_seconds(double seconds) { return TimePoint{std::llround(std::max(seconds, 0.0) * 1e6)}; }
}  // namespace

Scheduler::Scheduler(SchedulerSettings settings, const SchedulerMemory& memory)
    : settings_(std::move(settings)),
      heartbeat_(from_seconds(settings_.heartbeat_s)),
      suspect_(from_seconds(settings_.suspect_s)),
      lease_(from_seconds(settings_.lease_s)),
      table_(static_cast<std::uint32_t>(settings_.screening.pages.size()), std::move(settings_.points)),
      batcher_(table_.pages(), table_.positions()),
      blame_(stage_layout(settings_.screening)),
      pace_(table_.pages()),
      batches_of_page_(table_.pages()),
      next_batch_(settings_.first_batch),
      paused_(memory.paused) {
  settings_.points.clear();
  for (const PageIndex page : settings_.held_pages) batcher_.hold_back(page.value, true);
  remember(memory);
}

void Scheduler::remember(const SchedulerMemory& memory) {
  for (const StoredEvaluation& stored : memory.evaluations) {
    const auto place = table_.find(stored.result.id);
    if (place && table_.state(*place) == EvaluationState::pending) table_.restore(*place, stored);
  }
  for (const SchedulerMemory::KnownAttempt& known : memory.attempts) {
    const auto place = table_.find(known.id);
    if (!place) continue;
    table_.saw_attempt(*place, known.attempt);
    const bool counts = !is_deterministic(known.failure.kind) && known.failure.kind != FailureKind::engine;
    if (!counts || is_final(table_.state(*place))) continue;
    // Only the last death is taken over: what an operator had reopened before deserves its new chance.
    table_.forget_deaths(*place);
    Death death{known.attempt,     workers_.intern_host(known.host, {}), known.worker, false, known.failure.kind,
                known.failure.node};
    table_.add_death(*place, std::move(death));
  }
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      if (table_.state(place) != EvaluationState::pending) continue;
      if (table_.deaths(place).empty()) {
        batcher_.add(place);
      } else {
        table_.apply(place, EvaluationEvent::died);
        retries_.add(place, table_.deaths(place).front().host, now_);
      }
    }
  }
}

std::vector<SchedulerEffect> Scheduler::handle(const SchedulerEvent& event, TimePoint now) {
  now_ = std::max(now_, now);
  effects_.clear();
  std::visit([this](const auto& known) { on(known); }, event);
  hand_out();
  for (auto& [worker, evaluations] : std::exchange(acknowledgements_, {})) {
    send(worker, Acknowledge{settings_.screening.run, std::move(evaluations)});
  }
  complete_if_done();
  return std::exchange(effects_, {});
}

void Scheduler::on(const WorkerSaid& event) {
  if (const auto* message = std::get_if<Hello>(&event.message)) {
    hello(event.from, *message);
    return;
  }
  const auto index = workers_.find(event.from);
  if (!index) {
    speak_to_stranger(event.from);
    return;
  }
  Worker& worker = workers_[*index];
  worker.heard = now_;
  workers_.apply(*index, WorkerEvent::heard);
  if (!std::holds_alternative<WorkerHeartbeat>(event.message)) worker.useful = now_;
  std::visit([&](const auto& message) { heard(*index, message); }, event.message);
  // Of a connection that was given up, what we sent meanwhile is unknown; and the request itself may get lost.
  const bool was_lost = workers_[*index].state == WorkerState::lost && !workers_[*index].awaiting_hello;
  const bool ask_again = workers_[*index].awaiting_hello && now_ - workers_[*index].asked > suspect_;
  if (was_lost || ask_again) ask_for_hello(*index, "say HELLO again: the connection was interrupted");
}

void Scheduler::on(const Tick&) {
  for (std::uint32_t worker = 0; worker < workers_.size(); ++worker) watch(worker);
  watch_hosts();
  tend_tail();
  if (now_ - strangers_swept_ < suspect_) return;
  strangers_swept_ = now_;
  std::erase_if(strangers_, [this](const auto& known) { return now_ - known.second > suspect_; });
  std::erase_if(replaced_, [this](const auto& known) { return now_ - known.second > lease_; });
}

// ---- journal ----

void Scheduler::on(const Committed& event) {
  for (const std::uint64_t ticket : event.tickets) {
    const auto known = uncommitted_.find(ticket);
    if (known == uncommitted_.end()) {
      ++counters_.unexpected;  // Issued again after a failure, and the first copy had reached the disk as well.
      continue;
    }
    for (const Uncommitted::Reporter& reporter : known->second.reporters) acknowledge(reporter.worker, reporter.held);
    const auto place = table_.find(known->second.commit.result.id);
    if (const auto of_place = ticket_of_.find(*place); of_place != ticket_of_.end() && of_place->second == ticket) {
      ticket_of_.erase(of_place);
    }
    uncommitted_.erase(known);
    // Rows reach the disk in the order they were asked for.
    if (ticket >= reopened_before_ticket_) reopened_.clear();
  }
}

void Scheduler::on(const JournalFailed& event) {
  if (std::exchange(journal_works_, false)) {
    notice(NoticeLevel::error, "journal-failed", "nothing new is handed out: " + event.why);
  }
}

void Scheduler::on(const JournalWorks&) {
  if (std::exchange(journal_works_, true)) return;
  notice(NoticeLevel::info, "journal-works", "the journal can be written again; work goes on");
  if (!reopened_.empty()) emit(CommitReopen{{reopened_.begin(), reopened_.end()}});
  for (CommitAttempt& attempt : std::exchange(held_attempts_, {})) emit(std::move(attempt));
  for (const auto& [ticket, waiting] : uncommitted_) emit(waiting.commit);
}

// ---- operator ----

void Scheduler::on(const OperatorSaid& event) {
  switch (event.verb) {
    case OperatorVerb::pause:
      if (!std::exchange(paused_, true)) notice(NoticeLevel::info, "paused", "no new batches are handed out");
      return;
    case OperatorVerb::resume:
      if (std::exchange(paused_, false)) notice(NoticeLevel::info, "resumed", "batches are handed out again");
      return;
    case OperatorVerb::cancel:
      cancel();
      return;
    case OperatorVerb::drain_all:
      draining_ = true;
      for (std::uint32_t worker = 0; worker < workers_.size(); ++worker) drain(worker, "the coordinator drains");
      return;
  }
}

void Scheduler::cancel() {
  if (std::exchange(cancelled_, true)) return;
  std::uint64_t count = 0;
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      if (is_final(table_.state(place))) continue;
      leave_open_states(place);
      table_.apply(place, EvaluationEvent::cancel);
      end_all_leases(place, false);
      table_.forget_deaths(place);
      blame_.resolved(place);
      ++count;
    }
    review_suspension(page);
  }
  notice(NoticeLevel::warning, "cancelled", std::to_string(count) + " evaluations are given up");
}

void Scheduler::on(const DrainWorker& event) {
  std::size_t matches = 0;
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    const Worker& worker = workers_[index];
    if (worker.state == WorkerState::gone || event.worker.empty()) continue;
    const Host& host = workers_.host_of(index);
    const bool named = event.worker == host.name || event.worker == host.id || event.worker == worker.label ||
                       to_hex(worker.uuid).starts_with(event.worker);
    if (!named) continue;
    ++matches;
    drain(index, "drained by the operator");
  }
  if (matches == 0) notice(NoticeLevel::warning, "drain", "no connected worker is named '" + event.worker + "'");
}

void Scheduler::on(const ExtendTo& event) {
  std::vector<Point> added;
  for (const Point& point : event.points) {
    if (!table_.knows(point.index)) added.push_back(point);
  }
  if (added.empty()) return;
  const std::uint32_t first = table_.extend(std::move(added));
  batcher_.extend(table_.positions());
  begin_again();
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    for (std::uint32_t position = first; position < table_.positions(); ++position) {
      batcher_.add({page, position});
      if (blame_.is_condemned(page)) {
        end_by_blame({page, position}, EvaluationStatus::missing, page_stories_.at(page), "coordinator");
      }
    }
  }
  notice(
      NoticeLevel::info, "extended",
      std::to_string(table_.positions() - first) + " points more, " + std::to_string(table_.positions()) + " in all");
}

// Its record may still be on the way to the disk, where the reopening follows it; it must not be issued again.
void Scheduler::withdraw_record(const Place& place) {
  const auto ticket = ticket_of_.find(place);
  if (ticket == ticket_of_.end()) return;
  const Uncommitted waiting = std::move(uncommitted_.extract(ticket->second).mapped());
  for (const Uncommitted::Reporter& reporter : waiting.reporters) acknowledge(reporter.worker, reporter.held);
  ticket_of_.erase(ticket);
}

void Scheduler::reopen_on_disk(CommitReopen reopened) {
  if (reopened.evaluations.empty()) return;
  reopened_.insert(reopened.evaluations.begin(), reopened.evaluations.end());
  reopened_before_ticket_ = next_ticket_;
  emit(std::move(reopened));
}

void Scheduler::on(const RetryFailed&) {
  if (!journal_works_) {
    notice(NoticeLevel::warning, "retry-failed", "not while the journal cannot be written");
    return;
  }
  CommitReopen reopened;
  std::uint64_t cancelled = 0;
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      const bool journaled = table_.state(place) == EvaluationState::quarantined;
      if (!table_.apply(place, EvaluationEvent::reopen)) continue;
      if (journaled) {
        reopened.evaluations.push_back(table_.id(place));
      } else {
        ++cancelled;
      }
      table_.forget_deaths(place);
      forgotten_up_to_[place] = table_.attempt(place);
      withdraw_record(place);
      batcher_.add(place);
    }
  }
  blame_.forget();
  for (std::uint32_t page = 0; page < table_.pages(); ++page) review_suspension(page);
  cancelled_ = false;
  const auto count = reopened.evaluations.size() + cancelled;
  reopen_on_disk(std::move(reopened));
  notice(NoticeLevel::info, "retry-failed", std::to_string(count) + " evaluations are tried again");
  if (table_.open() > 0) begin_again();
}

// ---- race ----

void Scheduler::on(const OpenPages& event) {
  for (const PageIndex page : event.pages) batcher_.hold_back(page.value, false);
}

void Scheduler::on(const DropPoints& event) {
  for (const PointIndex point : event.points) {
    for (std::uint32_t page = 0; page < table_.pages(); ++page) {
      const auto place = table_.find({PageIndex{page}, point});
      if (!place || is_final(table_.state(*place))) continue;
      EvaluationResult result;
      result.id = table_.id(*place);
      result.attempt = Attempt{std::max(1U, table_.attempt(*place).value)};
      commit_final(*place, EvaluationStatus::dropped, std::move(result), {}, "coordinator");
      table_.set_status(*place, EvaluationStatus::dropped, event.reason);
    }
  }
}

void Scheduler::on(const FillDropped&) {
  if (!journal_works_) {
    notice(NoticeLevel::warning, "fill", "not while the journal cannot be written");
    return;
  }
  CommitReopen reopened;
  for (std::uint32_t page = 0; page < table_.pages(); ++page) {
    batcher_.hold_back(page, false);
    for (std::uint32_t position = 0; position < table_.positions(); ++position) {
      const Place place{page, position};
      if (!table_.apply(place, EvaluationEvent::fill)) continue;
      reopened.evaluations.push_back(table_.id(place));
      withdraw_record(place);
      batcher_.add(place);
    }
  }
  const std::size_t count = reopened.evaluations.size();
  reopen_on_disk(std::move(reopened));
  notice(NoticeLevel::info, "fill", std::to_string(count) + " dropped evaluations are run after all");
  if (table_.open() > 0) begin_again();
}

// ---- completion ----

void Scheduler::begin_again() {
  if (!std::exchange(complete_, false)) return;
  // Workers that were told the screening is over have dropped it.
  for (std::uint32_t index = 0; index < workers_.size(); ++index) send(index, settings_.screening);
}

void Scheduler::complete_if_done() {
  if (complete_ || table_.open() > 0 || !uncommitted_.empty() || table_.size() == 0) return;
  complete_ = true;
  emit(ScreeningComplete{});
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    send(index, ScreeningFinished{settings_.screening.run});
  }
}

// ---- small things ----

void Scheduler::send(std::uint32_t index, CoordinatorMessage message) {
  const Worker& worker = workers_[index];
  // A lost or silent connection gets nothing more: what it holds is sorted out by its next HELLO.
  if (!worker.connected || worker.awaiting_hello || worker.state == WorkerState::lost) return;
  emit(SendToWorker{worker.connection, std::move(message)});
}

void Scheduler::notice(NoticeLevel level, std::string kind, std::string text) {
  emit(Notice{level, std::move(kind), std::move(text)});
}

std::string Scheduler::name_of(const Place& place) const {
  const EvaluationId id = table_.id(place);
  return "point " + std::to_string(id.point.value) + " on page " + std::to_string(id.page.value);
}

bool Scheduler::other_hosts_than(std::uint32_t host) const {
  const std::uint32_t own = workers_.host(host).eligible_workers > 0 ? 1 : 0;
  return workers_.eligible_hosts() > own;
}

}  // namespace ocrs
