// Results, deaths and final records of Scheduler.
#include <algorithm>
#include <cmath>
#include <utility>

#include "common/core/check.hpp"
#include "coordinator/core/scheduler.hpp"

namespace ocrs {

namespace {
constexpr double huge = 1e300;
constexpr std::uint64_t different_told = 20;  // notices about numbers that differ; all are counted

bool in_range(double value, double low, double high) { return std::isfinite(value) && value >= low && value <= high; }

bool in_range(const std::optional<double>& value, double low, double high) {
  return !value || in_range(*value, low, high);
}
}  // namespace

std::optional<std::string> implausible_scores(const EvaluationResult& result) {
  const Scores& scores = result.scores;
  if (!in_range(scores.confidence, 0, 100)) return "a confidence outside 0-100";
  if (!in_range(scores.lexicon, 0, 1)) return "a lexicon share outside 0-1";
  if (!in_range(scores.sharpness, 0, huge)) return "a sharpness that is no variance";
  if (!in_range(scores.contrast, 0, huge)) return "a contrast that is no deviation";
  if (!in_range(scores.cnr, -huge, huge)) return "a cnr that is no number";
  if (!in_range(scores.cer, 0, huge)) return "a cer that is no rate";
  if (!in_range(scores.wer, 0, huge)) return "a wer that is no rate";
  if (!in_range(scores.word_recall, 0, 1)) return "a word_recall outside 0-1";
  return std::nullopt;
}

std::optional<std::string> implausible(const EvaluationResult& result) {
  for (const double ms : result.cost.stage_ms) {
    if (!in_range(ms, 0, huge)) return "a stage time that is no duration";
  }
  if (!in_range(result.cost.elapsed_ms, 0, huge) || !in_range(result.cost.recognise_ms, 0, huge)) {
    return "a time that is no duration";
  }
  return result.failure ? std::nullopt : implausible_scores(result);
}

void Scheduler::heard(std::uint32_t index, const ResultMessage& message) {
  Worker& worker = workers_[index];
  const EvaluationResult& result = message.result;
  if (message.run != settings_.screening.run) {
    if (!std::exchange(worker.foreign_run_told, true)) {
      notice(NoticeLevel::warning, "foreign-result",
             worker.label + " has results of another screening; they are dropped");
    }
    ++counters_.unexpected;
    send(index, Acknowledge{message.run, {HeldEvaluation{result.id, result.attempt}}});
    return;
  }
  if (result.attempt == canary_attempt) return canary_came(index, result);
  // Not believed yet, and not acknowledged: the worker keeps it and says it again once its canary was compared.
  if (worker.admission != Admission::admitted) {
    ++counters_.unexpected;
    return;
  }
  const auto place = table_.find(result.id);
  if (!place) {
    if (!std::exchange(worker.foreign_run_told, true))
      notice(NoticeLevel::warning, "unknown-evaluation",
             worker.label + " has a result for page " + std::to_string(result.id.page.value) + " point " +
                 std::to_string(result.id.point.value) + ", which this screening does not have");
    ++counters_.unexpected;
    acknowledge(index, {result.id, result.attempt});
    return;
  }
  if (const auto fault = implausible(result)) {
    // A worker that sends such numbers cannot be believed in others either.
    ++counters_.rejected;
    const std::string text = "the result for " + name_of(*place) + " has " + *fault;
    notice(NoticeLevel::error, "worker-rejected", worker.label + ": " + text);
    send(index, Reject{RejectCode::protocol, text, 0});
    remove_worker(index, WorkerEvent::leave);
    return;
  }
  table_.saw_attempt(*place, result.attempt);
  const EvaluationState state = table_.state(*place);
  if (is_final(state) && state != EvaluationState::cancelled) {
    duplicate_came(index, *place, message);
  } else if (result.failure) {
    failure_came(index, *place, result);
  } else {
    scores_came(index, *place, message);
  }
}

// ---- scores ----

void Scheduler::scores_came(std::uint32_t index, const Place& place, const ResultMessage& message) {
  Worker& worker = workers_[index];
  if (const auto lease = table_.end_lease(place, index, message.result.attempt)) {
    note_progress(*lease, place);
  } else {
    ++counters_.late;
  }
  measure(index, message.result);
  credit_pass(index, place);
  ++worker.done;
  table_.set_numbers(place, numbers_of(message.result));
  commit_final(place, EvaluationStatus::done, message.result, message.reading, worker.label);
  acknowledge_when_committed(index, place, message.result.attempt);
}

void Scheduler::measure(std::uint32_t index, const EvaluationResult& result) {
  Worker& worker = workers_[index];
  worker.speed = pace_.add(result.id.page.value, result.cost.elapsed_ms, worker.speed, worker.results);
  ++worker.results;
  worker.busy_ms += result.cost.elapsed_ms;
}

// Scores prove page, nodes and this host good, and a host on which the same evaluation died bad.
void Scheduler::credit_pass(std::uint32_t index, const Place& place) {
  const std::vector<Death> deaths = table_.deaths(place);
  blame_.passed(place, deaths);
  Host& here = workers_.host(workers_[index].host);
  here.deaths_in_row = 0;
  here.pages_in_row.clear();
  if (!here.aside_until && here.contradicted == 0) here.rest = TimePoint{0};
  std::set<std::uint32_t> contradicted;
  for (const Death& death : deaths) {
    if (death.host != workers_[index].host) contradicted.insert(death.host);
  }
  for (const std::uint32_t host : contradicted) {
    if (++workers_.host(host).contradicted < Blame::contradictions_max) continue;
    set_aside(host, "other hosts pass what fails on it");
  }
}

void Scheduler::duplicate_came(std::uint32_t index, const Place& place, const ResultMessage& message) {
  const EvaluationResult& result = message.result;
  ++counters_.duplicates;
  ++workers_[index].duplicates;
  if (const auto lease = table_.end_lease(place, index, result.attempt)) note_progress(*lease, place);
  const std::uint64_t first = table_.numbers(place);
  // A numeric class of its own is known to differ in the last digits.
  if (!result.failure && first != 0 && first != numbers_of(result) && !workers_[index].other_numbers) {
    if (++counters_.different <= different_told) {
      notice(NoticeLevel::error, "numbers-differ",
             workers_[index].label + " has other numbers for " + name_of(place) +
                 " than those that came first; the first stand");
    }
  }
  if (ticket_of_.contains(place)) {
    acknowledge_when_committed(index, place, result.attempt);
    return;
  }
  const bool carries_new_reading = !result.failure && !message.reading.empty() && first != numbers_of(result);
  if (!carries_new_reading) {
    acknowledge(index, {result.id, result.attempt});
    return;
  }
  // The row is ignored, but its reading's bytes are kept: later results of this connection may name them.
  const std::uint64_t ticket = next_ticket_++;
  Uncommitted waiting{CommitFinal{ticket, EvaluationStatus::done, result, message.reading, workers_[index].label},
                      {{index, {result.id, result.attempt}}}};
  if (journal_works_) emit(waiting.commit);
  uncommitted_.emplace(ticket, std::move(waiting));
}

// ---- failures ----

void Scheduler::failure_came(std::uint32_t index, const Place& place, const EvaluationResult& result) {
  const Failure& failure = *result.failure;
  const HeldEvaluation held{result.id, result.attempt};
  if (is_deterministic(failure.kind)) {
    const auto lease = table_.end_lease(place, index, result.attempt);
    if (lease) note_progress(*lease, place);
    if (!lease) ++counters_.late;
    measure(index, result);
    credit_pass(index, place);
    ++workers_[index].failed;
    commit_final(place, EvaluationStatus::failed, result, {}, workers_[index].label);
    acknowledge_when_committed(index, place, result.attempt);
    return;
  }
  const std::vector<Death>& deaths = table_.deaths(place);
  const bool known = std::any_of(deaths.begin(), deaths.end(), [&](const Death& death) {
    return death.attempt == result.attempt && death.worker == workers_[index].label;
  });
  const auto forgotten = forgotten_up_to_.find(place);
  const bool stale = forgotten != forgotten_up_to_.end() && result.attempt <= forgotten->second;
  if (known || stale || table_.state(place) == EvaluationState::cancelled) {
    ++counters_.duplicates;
    free_lease(index, place, result.attempt);
    acknowledge(index, held);
    return;
  }
  if (failure.kind == FailureKind::engine) {
    host_failed(index, place, result);
  } else {
    died(index, place, result);
  }
}

// Tesseract does not start there: the evaluation is not to blame and its try does not count.
void Scheduler::host_failed(std::uint32_t index, const Place& place, const EvaluationResult& result) {
  acknowledge(index, {result.id, result.attempt});
  if (!free_lease(index, place, result.attempt)) {
    ++counters_.duplicates;  // Heard before: the lease ended then.
    return;
  }
  ++counters_.requeued;
  const std::uint32_t host = workers_[index].host;
  CommitAttempt attempt{result.id, result.attempt, *result.failure, workers_[index].label, workers_.host(host).id};
  if (journal_works_) {
    emit(std::move(attempt));
  } else {
    held_attempts_.push_back(std::move(attempt));
  }
  set_aside(host, result.failure->text);
}

void Scheduler::died(std::uint32_t index, const Place& place, const EvaluationResult& result) {
  const Failure& failure = *result.failure;
  Worker& worker = workers_[index];
  const std::uint32_t host = worker.host;
  ++counters_.deaths;
  ++worker.deaths;
  BatchId batch{};
  bool alone = false;
  if (const auto lease = table_.end_lease(place, index, result.attempt)) {
    batch = lease->batch;
    alone = batches_.at(batch.value).alone;
    note_progress(*lease, place);
  }
  const bool others = other_hosts_than(host);
  table_.add_death(place, Death{result.attempt, host, worker.label, alone, failure.kind, failure.node});
  const Blame::Verdict verdict = blame_.died(place, table_.point(place.position), failure, host, batch, others);

  const std::vector<Death>& deaths = table_.deaths(place);
  const bool two_hosts =
      std::any_of(deaths.begin(), deaths.end(), [&](const Death& death) { return death.host != deaths.front().host; });
  const bool twice = deaths.size() >= 2 && (two_hosts || alone || deaths.size() >= 4);
  if (verdict.page) {
    condemn_page(place.page, result, worker.label);
  } else if (verdict.prefix) {
    condemn_prefix(place.page, result, worker.label);
  } else if (twice) {
    quarantine(place, result, worker.label);
  }
  if (is_final(table_.state(place))) {
    acknowledge_when_committed(index, place, result.attempt);
  } else {
    CommitAttempt attempt{result.id, result.attempt, failure, worker.label, workers_.host(host).id};
    if (journal_works_) {
      emit(std::move(attempt));
    } else {
      held_attempts_.push_back(std::move(attempt));
    }
    if (table_.leases(place).empty()) {
      leave_open_states(place);
      table_.apply(place, EvaluationEvent::died);
      retries_.add(place, deaths.front().host, now_);
    }
    acknowledge(index, {result.id, result.attempt});
  }
  review_suspension(place.page);
  if (verdict.page || verdict.prefix) return;  // The story is told; it is not held against the host.
  Host& here = workers_.host(host);
  here.pages_in_row.insert(place.page);
  if (++here.deaths_in_row >= Blame::deaths_in_row_max && here.pages_in_row.size() >= Blame::pages_in_row_min) {
    set_aside(host, "its evaluators die on page after page and pass nothing");
  }
}

// ---- verdicts ----

void Scheduler::quarantine(const Place& place, const EvaluationResult& last, const std::string& worker) {
  const std::vector<Death>& deaths = table_.deaths(place);
  std::string story = "died " + std::to_string(deaths.size()) + " times (";
  for (std::size_t i = 0; i < deaths.size(); ++i) {
    story += (i > 0 ? "; " : "") + std::string(to_string(deaths[i].kind)) + " in " + deaths[i].node + " on " +
             deaths[i].worker + (deaths[i].alone ? ", alone" : "");
  }
  story += "): " + last.failure->text;
  EvaluationResult told = last;
  told.failure->text = story;
  const EvaluationStatus status = is_page_fault(*last.failure) ? EvaluationStatus::missing : EvaluationStatus::failed;
  notice(NoticeLevel::warning, "quarantined", name_of(place) + " " + story);
  end_by_blame(place, status, std::move(told), worker);
}

void Scheduler::condemn_page(std::uint32_t page, const EvaluationResult& last, const std::string& worker) {
  EvaluationResult told = last;
  told.failure->text = "the page cannot be read: " + last.failure->text;
  std::uint64_t count = 0;
  for (std::uint32_t position = 0; position < table_.positions(); ++position) {
    const Place place{page, position};
    if (is_final(table_.state(place))) continue;
    end_by_blame(place, EvaluationStatus::missing, told, worker);
    ++count;
  }
  notice(NoticeLevel::error, "page-condemned",
         "page " + std::to_string(page) + ": " + told.failure->text + "; its " + std::to_string(count) +
             " open evaluations are missing");
  page_stories_.insert_or_assign(page, std::move(told));
}

void Scheduler::condemn_prefix(std::uint32_t page, const EvaluationResult& last, const std::string& worker) {
  std::uint64_t count = 0;
  for (std::uint32_t position = 0; position < table_.positions(); ++position) {
    const Place place{page, position};
    if (is_final(table_.state(place))) continue;
    const auto node = blame_.condemned_prefix(page, table_.point(position));
    if (!node) continue;
    EvaluationResult told = last;
    told.failure->node = *node;
    told.failure->text = "three points died in " + *node + " on this page: " + last.failure->text;
    end_by_blame(place, EvaluationStatus::failed, std::move(told), worker);
    ++count;
  }
  notice(NoticeLevel::warning, "prefix-condemned",
         "page " + std::to_string(page) + ": evaluators die in " + last.failure->node + "; " + std::to_string(count) +
             " points that share it count as failed");
}

void Scheduler::end_by_blame(const Place& place, EvaluationStatus status, EvaluationResult last,
                             const std::string& worker) {
  last.id = table_.id(place);
  last.attempt = Attempt{std::max(1U, table_.attempt(place).value)};
  last.scores = {};
  last.cost = {};
  last.reading = {};
  commit_final(place, status, std::move(last), {}, worker);
}

// ---- final records ----

void Scheduler::commit_final(const Place& place, EvaluationStatus status, EvaluationResult result, std::string reading,
                             const std::string& worker) {
  leave_open_states(place);
  const bool certain = status == EvaluationStatus::done || (result.failure && is_deterministic(result.failure->kind));
  const EvaluationEvent event = status == EvaluationStatus::dropped ? EvaluationEvent::drop
                                : certain                           ? EvaluationEvent::finished
                                                                    : EvaluationEvent::blamed;
  const bool moved = table_.apply(place, event);
  OCRS_CHECK(moved, "an evaluation gets one final record");
  table_.set_status(place, status, result.failure ? result.failure->text : std::string{});
  end_all_leases(place, true);
  table_.forget_deaths(place);
  blame_.resolved(place);
  review_suspension(place.page);
  ++counters_.results;
  const std::uint64_t ticket = next_ticket_++;
  Uncommitted waiting{CommitFinal{ticket, status, std::move(result), std::move(reading), worker}, {}};
  if (journal_works_) emit(waiting.commit);
  uncommitted_.emplace(ticket, std::move(waiting));
  ticket_of_[place] = ticket;
}

void Scheduler::acknowledge_when_committed(std::uint32_t index, const Place& place, Attempt attempt) {
  const HeldEvaluation held{table_.id(place), attempt};
  const auto ticket = ticket_of_.find(place);
  if (ticket == ticket_of_.end()) {
    acknowledge(index, held);
    return;
  }
  std::vector<Uncommitted::Reporter>& reporters = uncommitted_.at(ticket->second).reporters;
  const bool listed = std::any_of(reporters.begin(), reporters.end(), [&](const Uncommitted::Reporter& reporter) {
    return reporter.worker == index && reporter.held == held;
  });
  if (!listed) reporters.push_back({index, held});
}

void Scheduler::acknowledge(std::uint32_t index, const HeldEvaluation& held) {
  acknowledgements_[index].push_back(held);
}

void Scheduler::leave_open_states(const Place& place) {
  batcher_.remove(place);
  retries_.remove(place);
}

void Scheduler::end_all_leases(const Place& place, bool ask_back) {
  for (const Lease& lease : std::vector<Lease>(table_.leases(place))) {
    table_.end_lease(place, lease.worker, lease.attempt);
    if (ask_back) send(lease.worker, Retract{lease.batch, {table_.id(place)}});
    note_progress(lease, place);
  }
}

// While an evaluation of a suspicious page is run alone, nobody else dies of that page.
void Scheduler::review_suspension(std::uint32_t page) {
  const bool suspend = blame_.is_suspicious(page);
  if (suspend == batcher_.is_suspended(page)) return;
  batcher_.suspend(page, suspend);
  if (!suspend) return;
  for (const std::uint64_t batch : batches_of_page_[page]) {
    if (!batches_.at(batch).alone) retract(batch);
  }
}

}  // namespace ocrs
