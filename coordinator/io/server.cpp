#include "coordinator/io/server.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/core/codec.hpp"
#include "common/io/logging.hpp"
#include "coordinator/core/best_so_far.hpp"

namespace ocrs {

namespace {

using namespace std::chrono_literals;
constexpr std::size_t group_rows_max = 64;
constexpr TimePoint group_age_max = 50ms;
constexpr TimePoint commit_retry_after = 2s;
constexpr TimePoint wind_down_max = 20s;
constexpr int frames_per_turn = 512;
constexpr std::uint64_t bad_frames_logged = 50;

TimePoint monotonic_now() {
  return std::chrono::duration_cast<TimePoint>(std::chrono::steady_clock::now().time_since_epoch());
}

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

Server::Server(ServerParts parts, RankingBasis basis, std::optional<Race> race)
    : parts_(parts), basis_(std::move(basis)), race_(std::move(race)), gate_(parts.allowed) {}

RunEnd Server::run() {
  TimePoint next_tick{};
  while (true) {
    auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(rows_.empty() ? TimePoint{100ms} : group_age_max);
    std::vector<WaitItem> items(2);
    items[0].socket = parts_.router.handle();
    items[1].descriptor = parts_.signals.descriptor();
    parts_.control.wait_for(items);
    wait_ready(items, wait);

    const TimePoint now = monotonic_now();
    while (const auto signal = parts_.signals.next()) {
      if (*signal == SIGCHLD) continue;
      if (winding_down_) parts_.local_workers.kill();
      if (!winding_down_) wind_down(now);
    }
    receive(now);
    attend_operators(now);
    if (now >= next_tick) {
      for (const KeyGate::Cut& refused : gate_.check(now)) cut(refused, now);
      feed(Tick{}, now);
      tend_local_workers(now);
      next_tick = now + 100ms;
    }
    commit(now, parts_.scheduler.is_complete());
    tend_race(now);
    show(now, false);

    if (parts_.scheduler.is_complete() && rows_.empty()) break;
    if (winding_down_ && (!parts_.local_workers.any() || now >= wind_down_until_)) {
      // What the local workers said last is in the socket's queue already.
      receive(now);
      commit(now, true);
      parts_.local_workers.kill();
      show(now, true);
      parts_.progress.finish();
      return RunEnd::interrupted;
    }
  }
  show(monotonic_now(), true);
  parts_.progress.finish();
  // Workers that were started for this screening end with it; the others have been told to drop its pages.
  const TimePoint until = monotonic_now() + 5s;
  while (parts_.local_workers.any() && monotonic_now() < until) {
    std::vector<WaitItem> items(1);
    items[0].socket = parts_.router.handle();
    wait_ready(items, 20ms);
    receive(monotonic_now());
    parts_.local_workers.stop();
    static_cast<void>(parts_.local_workers.tend(monotonic_now()));
  }
  parts_.local_workers.kill();
  commit(monotonic_now(), true);
  return parts_.scheduler.is_cancelled() ? RunEnd::cancelled : RunEnd::complete;
}

void Server::tell(const SchedulerEvent& event) { feed(event, monotonic_now()); }

void Server::attend_operators(TimePoint now) {
  for (const ControlServer::Asked& asked : parts_.control.serve(now)) {
    const LoopState loop{winding_down_, journal_trouble_, rate_.per_second()};
    OperatorDesk::Answer answer = parts_.desk.answer(asked.request, loop, now);
    std::vector<std::string> notices;
    overheard_ = &notices;
    for (const SchedulerEvent& event : answer.events) feed(event, now);
    overheard_ = nullptr;
    if (answer.reply.ok && answer.start_drained) parts_.local_workers.start_drained();
    if (notices.empty() && !answer.events.empty() && !answer.unchanged.empty()) notices.push_back(answer.unchanged);
    for (const std::string& text : notices) answer.reply.text += (answer.reply.text.empty() ? "" : "; ") + text;
    basis_.points = parts_.desk.points();
    if (asked.request.verb == ControlVerb::fill && answer.reply.ok) race_.reset();
    if (race_) race_->extend(basis_.points);
    if (!is_read_only(asked.request.verb)) {
      log_info("operator: {}: {}", to_string(asked.request.verb), answer.reply.text);
    }
    parts_.control.reply(asked.client, answer.reply);
  }
}

void Server::receive(TimePoint now) {
  for (const SocketEvent& event : parts_.router.events()) {
    if (event.kind == SocketEventKind::handshake_failed) {
      handshake_failed(event);
    } else {
      log_debug("{} {} {}", event.peer, to_string(event.kind), event.text);
    }
  }
  for (int i = 0; i < frames_per_turn; ++i) {
    auto frame = parts_.router.receive();
    if (!frame) return;
    std::optional<KeyGate::Cut> refused;
    if (!gate_.admits(*frame, now, refused)) {
      if (refused) cut(*refused, now);
      continue;
    }
    auto message = decode_worker_message(frame->bytes);
    if (!message) {
      if (++bad_frames_ <= bad_frames_logged) {
        log_warning("a frame from {} is ignored: {}", frame->peer.empty() ? "an unknown peer" : frame->peer,
                    message.error().text);
      }
      continue;
    }
    feed(WorkerSaid{ConnectionId{std::move(frame->routing)}, std::move(*message)}, now);
  }
}

void Server::handshake_failed(const SocketEvent& event) {
  if (++handshakes_failed_ > bad_frames_logged) return;
  std::string why = event.text;
  if (event.failure == HandshakeFailure::mechanism) {
    why = parts_.allowed != nullptr ? "it has no key; workers of this coordinator join with --join FILE"
                                    : "it uses a key and this coordinator has none; it joins with --connect";
  } else if (event.failure == HandshakeFailure::keys) {
    why = "it does not know this coordinator's key; is its join file of another coordinator?";
  } else if (event.failure == HandshakeFailure::refused) {
    return;  // The judge of keys has said more.
  }
  log_warning("a peer of {} cannot connect: {}", event.peer, why);
  if (handshakes_failed_ == 1) parts_.progress.say("warning: a peer cannot connect: " + why);
}

void Server::cut(const KeyGate::Cut& cut, TimePoint now) {
  static_cast<void>(parts_.router.send(cut.connection.routing, encode(CoordinatorMessage{cut.reject})));
  log_warning("{}", cut.text);
  parts_.progress.say("warning: " + cut.text);
  feed(ConnectionLost{cut.connection}, now);
}

void Server::feed(const SchedulerEvent& event, TimePoint now) {
  for (SchedulerEffect& effect : parts_.scheduler.handle(event, now)) carry_out(effect, now);
  while (!follow_ups_.empty()) {
    const SchedulerEvent next = std::move(follow_ups_.front());
    follow_ups_.pop_front();
    for (SchedulerEffect& effect : parts_.scheduler.handle(next, now)) carry_out(effect, now);
  }
}

void Server::carry_out(SchedulerEffect& effect, TimePoint now) {
  const auto add_row = [&](JournalRow row) {
    if (rows_.empty()) oldest_row_ = now;
    rows_.push_back(std::move(row));
  };
  std::visit(Overloaded{
                 [&](SendToWorker& send) {
                   const Delivery delivery = gate_.may_send(send.to.routing)
                                                 ? parts_.router.send(send.to.routing, encode(send.message))
                                                 : Delivery::unreachable;
                   // A full queue means a peer that reads nothing: what it holds is given to others, it may say HELLO
                   // again.
                   if (delivery != Delivery::sent) follow_ups_.push_back(ConnectionLost{send.to});
                 },
                 [&](CommitFinal& commit) {
                   FinalRow row;
                   row.status = commit.status;
                   row.result = std::move(commit.result);
                   row.reading = std::move(commit.reading);
                   row.worker = std::move(commit.worker);
                   row.time_ms = wall_ms();
                   tickets_.push_back(commit.ticket);
                   add_row(std::move(row));
                 },
                 [&](CommitAttempt& attempt) {
                   add_row(AttemptRow{attempt.id, attempt.attempt, std::move(attempt.failure),
                                      std::move(attempt.worker), std::move(attempt.host), wall_ms()});
                 },
                 [&](CommitReopen& reopen) {
                   for (const EvaluationId id : reopen.evaluations) add_row(ReopenRow{id});
                 },
                 [&](Notice& said) {
                   add_row(EventRow{said.kind, said.text, wall_ms()});
                   notice(said);
                 },
                 [](ScreeningComplete&) {},  // Asked of the scheduler: an operator may have opened it again.
             },
             effect);
}

void Server::commit(TimePoint now, bool even_if_early) {
  if (rows_.empty() || (journal_failing_ && now < retry_commit_at_)) return;
  if (!even_if_early && rows_.size() < group_rows_max && now - oldest_row_ < group_age_max) return;
  if (auto appended = parts_.journal.append(rows_); !appended) {
    retry_commit_at_ = now + commit_retry_after;
    journal_trouble_ = appended.error().text;
    if (!std::exchange(journal_failing_, true)) {
      log_error("the journal cannot be written, nothing new is handed out until it can: {}", journal_trouble_);
      feed(JournalFailed{journal_trouble_}, now);
    }
    return;
  }
  for (JournalRow& row : rows_) {
    if (auto* final = std::get_if<FinalRow>(&row)) {
      basis_.evaluations.push_back({final->status, std::move(final->result), std::move(final->worker), final->time_ms});
    }
  }
  rows_.clear();
  const Committed committed{std::exchange(tickets_, {})};
  if (!committed.tickets.empty()) feed(committed, now);
  // After what is on disk, so that none of it is given out to be journaled again.
  if (std::exchange(journal_failing_, false)) {
    log_info("the journal can be written again");
    journal_trouble_.clear();
    feed(JournalWorks{}, now);
  }
}

void Server::tend_local_workers(TimePoint now) {
  auto tended = parts_.local_workers.tend(now);
  for (const std::string& line : parts_.local_workers.lines()) log_debug("local worker: {}", line);
  if (!tended) throw StartupError(tended.error().text);
}

void Server::tend_race(TimePoint now) {
  if (!race_ || race_->is_over() || winding_down_ || !rows_.empty() || journal_failing_) return;
  if (parts_.scheduler.unsettled() > 0 || parts_.scheduler.is_cancelled()) return;
  const ScoreTable table(basis_.ground_truth, basis_.points, basis_.evaluations);
  const Race::Step step = race_->advance(table, basis_.objective);
  notice({NoticeLevel::info, "race", step.story});
  rows_.push_back(EventRow{"race", step.story, wall_ms()});
  parts_.progress.say("race: " + step.story);
  feed(DropPoints{step.dropped, "dropped by the race " + step.story.substr(0, step.story.find(" pages") + 6)}, now);
  feed(OpenPages{step.opened}, now);
}

void Server::wind_down(TimePoint now) {
  winding_down_ = true;
  wind_down_until_ = now + wind_down_max;
  parts_.progress.say("stopping: local workers finish what they are reading (press Ctrl-C again to stop at once)");
  feed(OperatorSaid{OperatorVerb::pause}, now);
  parts_.local_workers.stop();
}

void Server::notice(const Notice& notice) {
  if (overheard_) overheard_->push_back(notice.text);
  switch (notice.level) {
    case NoticeLevel::info:
      log_info("{}: {}", notice.kind, notice.text);
      break;
    case NoticeLevel::warning:
      log_warning("{}: {}", notice.kind, notice.text);
      parts_.progress.say("warning: " + notice.text);
      break;
    case NoticeLevel::error:
      log_error("{}: {}", notice.kind, notice.text);
      parts_.progress.say("error: " + notice.text);
      break;
  }
}

void Server::show(TimePoint now, bool force) {
  const SchedulerCounts counts = parts_.scheduler.counts();
  ProgressNumbers numbers;
  numbers.total = counts.total;
  numbers.failed = counts.failed;
  numbers.missing = counts.missing;
  numbers.finished = counts.done + counts.failed + counts.missing + counts.dropped;
  numbers.workers = counts.workers;
  numbers.lanes = counts.lanes;
  rate_.add(now, numbers.finished);
  numbers.per_second = rate_.per_second();
  if (numbers.per_second > 0 && numbers.total > numbers.finished) {
    const double left = double(numbers.total - numbers.finished) / numbers.per_second;
    numbers.remaining = std::chrono::seconds{static_cast<std::int64_t>(std::min(left, 1e9))};
  }
  if (!journal_trouble_.empty()) {
    numbers.state = "paused: " + journal_trouble_;
  } else if (winding_down_) {
    numbers.state = "stopping";
  } else if (parts_.scheduler.is_paused()) {
    numbers.state = "paused";
  } else if (counts.workers == 0 && !parts_.scheduler.is_complete()) {
    numbers.state = "waiting for workers";
  }
  if (now >= best_due_ || force) {
    const TimePoint began = monotonic_now();
    best_ = best_text();
    // At most a hundredth of the time goes into a hint.
    best_due_ = now + std::max<TimePoint>(3s, 100 * (monotonic_now() - began));
  }
  numbers.best = best_;
  parts_.progress.show(numbers, now, force);
  if (parts_.live && (now >= live_due_ || force)) publish(numbers, now);
}

void Server::publish(const ProgressNumbers& numbers, TimePoint now) {
  live_due_ = now + 1s;
  LiveMoment moment;
  moment.objective = basis_.objective.name;
  moment.pages = static_cast<std::uint32_t>(basis_.ground_truth.size());
  moment.points = basis_.points;
  moment.time_ms = wall_ms();
  moment.state = !numbers.state.empty() ? numbers.state : parts_.scheduler.is_complete() ? "complete" : "running";
  moment.best = numbers.best;
  moment.counts = parts_.scheduler.counts();
  moment.counters = parts_.scheduler.counters();
  moment.per_second = numbers.per_second;
  moment.remaining_s = parts_.scheduler.forecast().remaining_s;
  moment.workers = parts_.scheduler.workers(now);
  history_.add(moment.time_ms, numbers.finished);
  moment.history = history_.steps();
  parts_.live->publish(std::move(moment));
}

std::string Server::best_text() const {
  if (basis_.evaluations.empty()) return {};
  const ScoreTable table(basis_.ground_truth, basis_.points, basis_.evaluations);
  const auto best = best_so_far(table, basis_.objective);
  if (!best) return {};
  const std::string pages = fmt::format("{} of {} pages", best->pages, table.pages());
  if (best->point == baseline_point) return fmt::format("untouched ({})", pages);
  return fmt::format("point {}, {} better by {:.3g} ({})", best->point.value, basis_.objective.name, best->gain, pages);
}

}  // namespace ocrs
