#include "worker/core/agent.hpp"

#include <algorithm>
#include <utility>

#include "common/core/check.hpp"
#include "common/core/exit_codes.hpp"

namespace ocrs {
namespace {

constexpr auto acknowledgement_wait = std::chrono::seconds(10);  // of a leaving worker
constexpr auto repeat_after = std::chrono::seconds(60);          // results on a living connection
constexpr std::uint32_t doubts_max = 4;                          // in a row
constexpr std::size_t repeat_count = 64;                         // per tick

}  // namespace

Agent::Agent(AgentOptions options) : options_(std::move(options)), connection_(options_.seed) {
  for (std::uint32_t i = 0; i < options_.lanes; ++i) lanes_.emplace_back().index = LaneIndex{i};
}

std::vector<AgentEffect> Agent::handle(const AgentEvent& event, AgentTime now) {
  now_ = now;
  effects_.clear();
  if (!exited_) std::visit([this](const auto& known) { on(known); }, event);
  if (!exited_ && leaving_) leave_if_done();
  return std::exchange(effects_, {});
}

// ---- connection ----

void Agent::on(const AgentStarted&) { open_connection(); }

void Agent::open_connection() {
  connection_.opened(now_);
  ++counters_.connections;
  emit(OpenConnection{});
}

void Agent::on(const ConnectionUp&) {
  if (connection_.state() != Connection::State::opening) return;
  connection_.up(now_);
  say_hello();
}

void Agent::say_hello() {
  Hello hello;
  hello.build = options_.build;
  hello.worker = options_.uuid;
  hello.host_id = options_.host_id;
  hello.host_name = options_.host_name;
  hello.hardware = options_.hardware;
  hello.engine = options_.engine;
  hello.lanes = options_.lanes;
  hello.held_run = screening_ ? screening_->run : outbox_.run();
  hello.held = held();
  hello.spooled = static_cast<std::uint32_t>(outbox_.size());
  emit(SendToCoordinator{std::move(hello)});
}

void Agent::on(const ConnectionDown& event) {
  if (connection_.state() == Connection::State::closed) return;
  doubtful_ = event.prospect == Prospect::doubtful ? doubtful_ + 1 : 0;
  // A coordinator that has welcomed this worker may be replaced for a while by something else on its port.
  const bool hopeless = event.prospect == Prospect::refused ||
                        (!was_welcomed_ && (event.prospect == Prospect::unfit || doubtful_ >= doubts_max));
  if (hopeless) {
    leave_now(2, event.why);
  } else {
    reconnect_later(event.why);
  }
}

void Agent::reconnect_later(const std::string& why) {
  const bool was_welcomed = connection_.is_welcomed();
  emit(CloseConnection{});
  connection_.lost(now_);
  for (Lane& lane : lanes_) lane.credit = 0;
  if (was_welcomed) {
    notice(AgentNoticeLevel::warning, "the coordinator is lost (" + why + "); trying again");
  } else if (connection_.failures() == 1) {
    notice(AgentNoticeLevel::warning, "the coordinator cannot be reached (" + why + "); trying again");
  }
}

void Agent::say(WorkerMessage message) {
  // Without a WELCOME nothing is heard; the next HELLO tells what is held, and results wait in the outbox.
  if (connection_.is_welcomed()) emit(SendToCoordinator{std::move(message)});
}

void Agent::on(const CoordinatorSaid& event) {
  const auto state = connection_.state();
  const bool early = state == Connection::State::greeting && !std::holds_alternative<Welcome>(event.message) &&
                     !std::holds_alternative<Reject>(event.message);
  if (state == Connection::State::closed || state == Connection::State::opening || early) {
    ++counters_.unexpected;
    return;
  }
  connection_.heard(now_);
  std::visit([this](const auto& message) { heard(message); }, event.message);
}

void Agent::heard(const Welcome& message) {
  if (connection_.is_welcomed()) {
    ++counters_.unexpected;
    return;
  }
  connection_.welcomed(message, now_);
  was_welcomed_ = true;
  seen_batches_.clear();
  notice(AgentNoticeLevel::info, "joined the coordinator (version " + message.build + ")");
  emit(UseBlobEndpoint{message.blob_endpoint});
  for (ResultMessage& result : outbox_.all(now_)) {
    ++counters_.repeated;
    say(std::move(result));
  }
  if (leaving_) say(Draining{leaving_->why});
  advance_all();
}

void Agent::heard(const Reject& message) {
  const std::string sentence =
      "the coordinator refuses this worker (" + std::string(to_string(message.code)) + "): " + message.text;
  if (message.retry_after_s <= 0) {
    leave_now(2, sentence);
    return;
  }
  notice(AgentNoticeLevel::warning, sentence);
  emit(CloseConnection{});
  connection_.rejected(now_, message.retry_after_s);
  for (Lane& lane : lanes_) lane.credit = 0;
}

void Agent::heard(const CoordinatorHeartbeat&) {}

void Agent::heard(const Acknowledge& message) {
  SpoolErase gone{message.run, {}};
  for (const HeldEvaluation& evaluation : message.evaluations) {
    if (message.run != outbox_.run() || !outbox_.acknowledge(evaluation)) continue;
    ++counters_.acknowledged;
    gone.evaluations.push_back(evaluation);
  }
  if (!gone.evaluations.empty()) emit(std::move(gone));
}

void Agent::heard(const Drain& message) {
  leave(options_.leave_when_finished ? local_drained_exit_code : 0, message.why);
}

void Agent::on(const AgentTick& event) {
  if (connection_.is_silent(now_)) {
    reconnect_later(
        "nothing heard for " +
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(connection_.suspect_after()).count()) + " s");
  }
  // A worker that leaves and has lost its coordinator keeps its results in the spool instead of waiting.
  if (connection_.open_is_due(now_) && !leaving_) open_connection();
  if (connection_.beat_is_due(now_)) {
    WorkerHeartbeat beat;
    beat.sequence = connection_.next_sequence();
    beat.lanes_busy = static_cast<std::uint32_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.evaluating; }));
    beat.load = event.load;
    beat.memory_available_bytes = event.memory_available_bytes;
    say(beat);
  }
  if (connection_.is_welcomed()) {
    for (ResultMessage& result : outbox_.older_than(repeat_after, repeat_count, now_)) {
      ++counters_.repeated;
      say(std::move(result));
    }
  }
  for (FetchBlob& fetch : blobs_.retries(now_)) emit(std::move(fetch));
  watch_deadlines();
  watch_memory(event.memory_available_bytes);
  advance_all();
}

// ---- results of an earlier life ----

void Agent::on(const SpoolLoaded& event) {
  if (event.results.empty()) return;
  // Results of several screenings: the last one is the one that can still be wanted.
  const ContentHash run = event.results.back().run;
  std::map<ContentHash, std::vector<HeldEvaluation>> stale;
  for (const ResultMessage& result : event.results) {
    if (result.run == run) {
      outbox_.put(result, now_);
    } else {
      stale[result.run].push_back({result.result.id, result.result.attempt});
    }
  }
  for (auto& [old_run, evaluations] : stale) emit(SpoolErase{old_run, std::move(evaluations)});
  notice(AgentNoticeLevel::info, std::to_string(outbox_.size()) + " results of an earlier start wait to be sent");
}

std::vector<HeldEvaluation> Agent::held() const {
  std::vector<HeldEvaluation> list = outbox_.held();
  for (const Lane& lane : lanes_) {
    for (const QueuedBatch& queued : lane.queue) {
      for (std::size_t i = 0; i < queued.done.size(); ++i) {
        if (!queued.done[i]) list.push_back({queued.id_at(i), queued.batch.attempts[i]});
      }
    }
  }
  std::sort(list.begin(), list.end(), [](const HeldEvaluation& a, const HeldEvaluation& b) {
    return std::pair(a.id, a.attempt) < std::pair(b.id, b.attempt);
  });
  return list;
}

// ---- leaving ----

void Agent::on(const StopRequested& event) {
  if (event.now || leaving_) {
    leave_now(event.exit_code, event.why);
  } else {
    leave(event.exit_code, event.why);
  }
}

void Agent::leave(std::int32_t exit_code, const std::string& why) {
  if (leaving_) return;
  leaving_ = Leaving{exit_code, why, std::nullopt};
  notice(AgentNoticeLevel::info, "leaving: " + why + "; finishing what is started");
  say(Draining{why});
  for (Lane& lane : lanes_) {
    while (lane.queue.size() > (lane.evaluating ? 1U : 0U)) {
      give_back(lane.queue.back(), why);
      lane.queue.pop_back();
    }
    end_if_leaving(lane);
  }
}

void Agent::end_if_leaving(Lane& lane) {
  if (!leaving_ || lane.state == SlotState::stopped || lane.state == SlotState::ending) return;
  // Only the evaluation under way is finished; the rest of its batch goes back.
  if (lane.evaluating && lane.started && lane.queue.front().find_unfinished(lane.started->evaluation)) return;
  kill(lane, KillReason::leaving);
}

void Agent::leave_if_done() {
  const bool idle =
      std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.state == SlotState::stopped; });
  if (!idle) return;
  if (!leaving_->idle_since) leaving_->idle_since = now_;
  const bool waited = now_ - *leaving_->idle_since > acknowledgement_wait;
  if (!outbox_.empty() && connection_.is_welcomed() && !waited) return;
  leave_now(leaving_->exit_code, leaving_->why);
}

void Agent::leave_now(std::int32_t exit_code, const std::string& why) {
  for (Lane& lane : lanes_) {
    for (QueuedBatch& queued : lane.queue) give_back(queued, why);
    lane.queue.clear();
    lane.evaluating = false;
    lane.credit = 0;
    if (lane.state != SlotState::stopped && lane.state != SlotState::ending) kill(lane, KillReason::leaving);
  }
  say(Goodbye{why});
  if (connection_.state() != Connection::State::closed) emit(CloseConnection{});
  connection_.closed();
  emit(AgentExit{exit_code, why});
  exited_ = true;
}

void Agent::notice(AgentNoticeLevel level, std::string text) { emit(AgentNotice{level, std::move(text)}); }

std::string Agent::broken_invariant() const {
  for (const Lane& lane : lanes_) {
    const std::string name = "lane " + std::to_string(lane.index.value) + ": ";
    if (lane.evaluating && lane.queue.empty()) return name + "evaluates without a batch";
    if (lane.state == SlotState::evaluating && !lane.evaluating) return name + "is evaluating and has no points";
    if (lane.evaluating && lane.state != SlotState::evaluating && lane.state != SlotState::ending) {
      return name + "has points and no evaluator";
    }
    if (lane.evaluating && (!lane.prepared || lane.loaded_page != lane.queue.front().batch.page)) {
      return name + "evaluates on another page than its batch's";
    }
    if (!connection_.is_welcomed() && lane.credit != 0) return name + "has credit without a connection";
    if (lane.credit > options_.batches_per_lane) return name + "granted more than it can take";
    for (const QueuedBatch& queued : lane.queue) {
      const auto open = static_cast<std::size_t>(std::count(queued.done.begin(), queued.done.end(), false));
      if (open != queued.unfinished) return name + "miscounts the unfinished evaluations of a batch";
      // The running batch may wait for its EvaluateDone.
      if (open == 0 && !(lane.evaluating && &queued == &lane.queue.front())) return name + "keeps a batch that is done";
    }
    if (!screening_ && !lane.queue.empty()) return name + "has batches of no screening";
  }
  if (screening_ && !outbox_.empty() && outbox_.run() != screening_->run)
    return "results of another screening are kept";
  return {};
}

}  // namespace ocrs
