// The part of Agent that keeps evaluators at work: starts, feeds, watches and blames them.
#include <algorithm>
#include <utility>

#include "common/core/text_scores.hpp"
#include "worker/core/agent.hpp"

namespace ocrs {
namespace {

constexpr auto start_wait = std::chrono::seconds(120);     // from StartSlot to Ready
constexpr auto memory_settle = std::chrono::seconds(10);   // between two steps down the memory ladder
constexpr auto memory_recover = std::chrono::seconds(60);  // between two steps up
constexpr std::uint32_t start_tries = 3;      // per lane, before a worker that never had an evaluator gives up
constexpr std::uint32_t deaths_per_node = 3;  // in one batch; more tell nothing new

}  // namespace

Lane* Agent::find_lane(LaneIndex index) { return index.value < lanes_.size() ? &lanes_[index.value] : nullptr; }

void Agent::advance_all() {
  for (Lane& lane : lanes_) advance(lane);
}

void Agent::advance(Lane& lane) {
  if (exited_ || leaving_ || !screening_) return;
  if (lane.state == SlotState::stopped && !lane.rests() && now_ >= lane.start_at) {
    lane.state = SlotState::starting;
    lane.progress_at = now_;
    emit(StartSlot{lane.index});
  }
  if (lane.state == SlotState::evaluating) grant_credit(lane);  // After a reconnect, also one ahead of a running batch.
  if (lane.state != SlotState::ready || !tessdata_) return;
  if (lane.rests()) {
    kill(lane, KillReason::parked);
    return;
  }
  if (!lane.prepared) {
    lane.prepared = true;
    emit(SlotCommand{lane.index, Prepare{*screening_, *tessdata_}, std::nullopt});
  }
  grant_credit(lane);
  if (lane.queue.empty()) return;
  if (lane.queue.front().batch.alone && lane.used) {
    kill(lane, KillReason::fresh);
    return;
  }
  const PageIndex page = lane.queue.front().batch.page;
  if (!page_is_here(page)) {
    want_page(page);
    return;
  }
  start_batch(lane);
}

void Agent::start_batch(Lane& lane) {
  QueuedBatch& queued = lane.queue.front();
  const PageIndex page = queued.batch.page;
  if (lane.loaded_page != page) {
    const PageSpec& spec = screening_->pages[page.value];
    LoadPage load{page, {}};
    if (spec.ground_truth) {
      Result<std::string> text = checked_ground_truth(blobs_.bytes(*spec.ground_truth));
      if (!text) {
        page_failed(page, "the ground truth is not usable: " + text.error().text);
        return;
      }
      load.ground_truth = std::move(text).value();
    }
    emit(SlotCommand{lane.index, std::move(load), spec.file});
    lane.loaded_page = page;
  }
  Evaluate evaluate;
  evaluate.batch = lane.evaluate_id = BatchId{++last_evaluate_};
  evaluate.page = page;
  for (std::size_t i = 0; i < queued.done.size(); ++i) {
    if (queued.done[i]) continue;
    evaluate.points.push_back(queued.batch.points[i]);
    evaluate.attempts.push_back(queued.batch.attempts[i]);
  }
  lane.state = SlotState::evaluating;
  lane.evaluating = true;
  lane.used = true;
  lane.started.reset();
  lane.problem.clear();
  lane.progress_at = now_;
  emit(SlotCommand{lane.index, std::move(evaluate), std::nullopt});
}

void Agent::kill(Lane& lane, KillReason reason) {
  lane.state = SlotState::ending;
  lane.kill_reason = reason;
  emit(KillSlot{lane.index});
}

void Agent::on(const SlotReady& event) {
  Lane* lane = find_lane(event.lane);
  if (lane == nullptr || lane->state != SlotState::starting) {
    ++counters_.unexpected;
    return;
  }
  lane->state = SlotState::ready;
  any_slot_was_ready_ = true;
  if (!options_.engine.tesseract.empty() && event.engine != options_.engine) {
    // The libraries were replaced under the running worker: its readings would no longer be comparable.
    leave_now(2, "the engine changed while the worker ran (Tesseract " + options_.engine.tesseract + " to " +
                     event.engine.tesseract + ", OpenCV " + options_.engine.opencv + " to " + event.engine.opencv +
                     "); start the worker again");
    return;
  }
  if (leaving_ || !screening_) {
    kill(*lane, leaving_ ? KillReason::leaving : KillReason::screening);
    return;
  }
  advance(*lane);
}

void Agent::on(const SlotReport& event) {
  Lane* lane = find_lane(event.lane);
  if (lane == nullptr || lane->state == SlotState::stopped) {
    ++counters_.unexpected;
    return;
  }
  std::visit(
      [&](const auto& known) {
        if constexpr (requires { report(*lane, known); }) {
          report(*lane, known);
        } else {
          ++counters_.unexpected;
        }
      },
      event.report);
}

void Agent::report(Lane& lane, const Started& started) {
  if (!lane.evaluating) return;
  lane.started = started;
  lane.progress_at = now_;
}

void Agent::report(Lane& lane, const Evaluated& evaluated) {
  if (!lane.evaluating || evaluated.batch != lane.evaluate_id) {
    ++counters_.unexpected;
    return;
  }
  QueuedBatch& queued = lane.queue.front();
  const auto position = queued.find_unfinished(evaluated.result.id);
  if (!position) {
    ++counters_.unexpected;
    return;
  }
  lane.progress_at = now_;
  queued.mark_done(*position);
  EvaluationResult result = evaluated.result;
  result.attempt = queued.batch.attempts[*position];
  const bool compresses = options_.compress && !evaluated.reading.empty();
  finish_result(queued, std::move(result), compresses ? options_.compress(evaluated.reading) : evaluated.reading);
  if (queued.unfinished > 0) end_if_leaving(lane);
}

void Agent::report(Lane& lane, const EvaluateDone& done) {
  if (!lane.evaluating || done.batch != lane.evaluate_id) {
    ++counters_.unexpected;
    return;
  }
  learn_memory(lane, done);
  QueuedBatch& queued = lane.queue.front();
  while (const auto position = queued.first_unfinished()) {
    const std::string why = lane.problem.empty() ? "the evaluator gave no result for it" : lane.problem;
    fail_evaluation(queued, *position, {FailureKind::engine, lane.started ? lane.started->node : "start", why, {}});
  }
  // One that could not do as it was told (no memory left for a page, say) is no better for the next batch.
  const bool ails = !lane.problem.empty();
  lane.evaluating = false;
  lane.started.reset();
  lane.start_failures = 0;
  finish_front_if_done(lane);
  if (lane.state != SlotState::evaluating) return;  // Ending: what comes next is its death.
  lane.state = SlotState::ready;
  if (leaving_) {
    end_if_leaving(lane);
  } else if (lane.rests()) {
    kill(lane, KillReason::parked);
  } else if (ails || (options_.recycle_bytes > 0 && done.resident_bytes > options_.recycle_bytes)) {
    grant_credit(lane);
    kill(lane, KillReason::recycle);
  } else {
    advance(lane);
  }
}

void Agent::report(Lane& lane, const Problem& problem) {
  lane.problem = problem.text;
  notice(problem.fatal ? AgentNoticeLevel::error : AgentNoticeLevel::warning,
         "evaluator " + std::to_string(lane.index.value) + ": " + problem.text);
}

void Agent::on(const SlotDied& event) {
  Lane* found = find_lane(event.lane);
  if (found == nullptr || found->state == SlotState::stopped) {
    ++counters_.unexpected;
    return;
  }
  Lane& lane = *found;
  ++counters_.evaluator_deaths;
  const bool was_starting = lane.state == SlotState::starting || lane.kill_reason == KillReason::start_deadline;
  const KillReason reason = lane.kill_reason;
  lane.start_at = now_;
  if (lane.evaluating && !lane.queue.empty()) {
    if (reason == KillReason::none || reason == KillReason::deadline) {
      blame(lane, event, reason);
    } else if (reason == KillReason::parked || reason == KillReason::leaving) {
      give_back(lane.queue.front(), leaving_ ? leaving_->why : "memory is short");
      lane.queue.pop_front();
    }
  } else if (reason == KillReason::none || reason == KillReason::start_deadline) {
    start_failed(lane, event, was_starting);
  }
  lane.process_is_gone();
  if (leaving_ && !exited_) give_back_queue(lane, leaving_->why);
  advance(lane);
}

void Agent::blame(Lane& lane, const SlotDied& death, KillReason reason) {
  QueuedBatch& queued = lane.queue.front();
  std::optional<std::size_t> position;
  std::string node = "unknown";
  if (lane.started) {
    position = queued.find_unfinished(lane.started->evaluation);
    node = lane.started->node;
  }
  if (!position) {
    // It died between evaluations, or before the first: once that is nobody's fault, twice it is the next one's.
    ++queued.unblamed_deaths;
    lane.back_off(now_);
    if (reason == KillReason::deadline || queued.unblamed_deaths > 1) {
      position = queued.first_unfinished();
      node = "unknown";
    }
  }
  if (position) {
    Failure failure = failure_of_death(death, reason, node, lane.problem, screening_->limits.deadline_s);
    notice(AgentNoticeLevel::warning,
           "evaluator " + std::to_string(lane.index.value) + ", page " + std::to_string(queued.batch.page.value) +
               ", point " + std::to_string(queued.batch.points[*position].index.value) + ": " + failure.text);
    fail_evaluation(queued, *position, std::move(failure));
  }
  lane.evaluating = false;
  give_back_retracted(queued);
  if (++queued.deaths[node] >= deaths_per_node && queued.unfinished > 0) {
    give_back(queued, "evaluators died " + std::to_string(deaths_per_node) + " times in " + node + " of this batch");
    lane.queue.pop_front();
    return;
  }
  finish_front_if_done(lane);
}

void Agent::start_failed(Lane& lane, const SlotDied& death, bool was_starting) {
  lane.back_off(now_);
  std::string how = death.signal != 0 ? "died of " + signal_text(death.signal)
                                      : "ended with exit code " + std::to_string(death.exit_code);
  if (lane.kill_reason == KillReason::start_deadline) how = "did not come up";
  std::string text = "evaluator " + std::to_string(lane.index.value) + " " + how +
                     (was_starting ? " while it started" : " while it had nothing to do");
  if (!lane.problem.empty()) text += ": " + lane.problem;
  if (!death.stderr_tail.empty()) text += "; it printed: " + death.stderr_tail;
  notice(AgentNoticeLevel::error, text);
  if (!any_slot_was_ready_ && ++start_failures_ >= start_tries * lanes_.size()) {
    leave_now(2, "no evaluator can be started on this host: " + text);
  } else if (lane.start_failures >= start_tries) {
    give_back_queue(lane, "the evaluator of this lane does not start");
  }
}

void Agent::watch_deadlines() {
  for (Lane& lane : lanes_) {
    const AgentTime silent_for = now_ - lane.progress_at;
    if (lane.state == SlotState::starting && silent_for > start_wait) {
      kill(lane, KillReason::start_deadline);
    } else if (lane.state == SlotState::evaluating && screening_ &&
               silent_for > std::chrono::seconds(screening_->limits.deadline_s)) {
      kill(lane, KillReason::deadline);
    }
  }
  store_models_when_here();
}

void Agent::watch_memory(std::uint64_t available_bytes) {
  if (options_.memory_low_bytes == 0 || available_bytes == 0 || leaving_) return;
  const auto settled = [&](AgentTime wait) { return !memory_changed_ || now_ - *memory_changed_ >= wait; };
  const auto running = std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return !lane.rests(); });
  if (available_bytes < options_.memory_low_bytes && running > 1 && settled(memory_settle)) {
    const auto last = std::find_if(lanes_.rbegin(), lanes_.rend(), [](const Lane& lane) { return !lane.rests(); });
    last->parked = true;
    memory_changed_ = now_;
    notice(AgentNoticeLevel::warning, "memory is short: evaluator " + std::to_string(last->index.value) + " pauses");
    give_back_queue(*last, "memory is short");
    // Half of the low mark left: its batch cannot be waited for.
    const bool wait = last->evaluating && available_bytes >= options_.memory_low_bytes / 2;
    if (!wait && last->state != SlotState::stopped && last->state != SlotState::ending) kill(*last, KillReason::parked);
  } else if (available_bytes > options_.memory_high_bytes && settled(memory_recover)) {
    const auto first = std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.parked; });
    if (first == lanes_.end()) return;
    first->parked = false;
    memory_changed_ = now_;
    notice(AgentNoticeLevel::info,
           "memory is free again: evaluator " + std::to_string(first->index.value) + " goes on");
  }
}

}  // namespace ocrs
