// The part of Agent that takes batches, gives them back and hands in results.
#include <algorithm>
#include <set>
#include <utility>

#include "worker/core/agent.hpp"

namespace ocrs {
namespace {

constexpr std::size_t queue_max = 8;  // batches per lane, whatever the coordinator sends

}  // namespace

void Agent::heard(const Batch& message) {
  if (!seen_batches_.insert(message.batch).second) {
    ++counters_.unexpected;  // A second copy of a frame.
    return;
  }
  Lane* lane = find_lane(message.lane);
  if (lane != nullptr && lane->credit > 0) --lane->credit;
  std::string refusal;
  std::set<PointIndex> distinct;
  for (const Point& point : message.points) distinct.insert(point.index);
  if (message.points.empty() || message.attempts.size() != message.points.size() ||
      distinct.size() != message.points.size()) {
    refusal = "the batch is malformed";
  } else if (leaving_) {
    refusal = leaving_->why;
  } else if (!screening_ || screening_->run != message.run) {
    refusal = "the batch belongs to another screening";
  } else if (message.page.value >= screening_->pages.size()) {
    refusal = "the screening has no such page";
  } else if (lane == nullptr) {
    refusal = "there is no such lane";
  } else if (lane->rests()) {
    refusal = "memory is short";
  } else if (lane->queue.size() >= queue_max) {
    refusal = "the lane is full";
  }
  if (!refusal.empty()) {
    Returned returned{message.batch, {}, refusal};
    for (std::size_t i = 0; i < std::min(message.points.size(), message.attempts.size()); ++i) {
      returned.evaluations.push_back({{message.page, message.points[i].index}, message.attempts[i]});
    }
    counters_.returned += returned.evaluations.size();
    say(std::move(returned));
    say(BatchFinished{message.batch});
    return;
  }
  lane->queue.emplace_back(message);
  want_page(message.page);
  advance(*lane);
}

void Agent::heard(const Retract& message) {
  for (Lane& lane : lanes_) {
    for (std::size_t i = 0; i < lane.queue.size(); ++i) {
      QueuedBatch& queued = lane.queue[i];
      if (queued.batch.batch != message.batch) continue;
      queued.retracted.resize(queued.done.size());
      for (const EvaluationId& id : message.evaluations) {
        if (const auto position = queued.find_unfinished(id)) queued.retracted[*position] = true;
      }
      // Points an evaluator already has are started; they go back only if it dies before them.
      if (i == 0 && lane.evaluating) continue;
      give_back_retracted(queued);
      if (queued.unfinished == 0) {
        say(BatchFinished{queued.batch.batch});
        lane.queue.erase(lane.queue.begin() + static_cast<std::ptrdiff_t>(i));
        --i;
      }
    }
    advance(lane);
  }
}

void Agent::give_back_retracted(QueuedBatch& queued) {
  Returned returned{queued.batch.batch, {}, "asked back"};
  for (std::size_t i = 0; i < queued.retracted.size(); ++i) {
    if (!queued.retracted[i] || queued.done[i]) continue;
    returned.evaluations.push_back({queued.id_at(i), queued.batch.attempts[i]});
    queued.mark_done(i);
  }
  queued.retracted.clear();
  counters_.returned += returned.evaluations.size();
  if (!returned.evaluations.empty()) say(std::move(returned));
}

void Agent::give_back(QueuedBatch& queued, const std::string& why) {
  Returned returned{queued.batch.batch, {}, why};
  while (const auto position = queued.first_unfinished()) {
    returned.evaluations.push_back({queued.id_at(*position), queued.batch.attempts[*position]});
    queued.mark_done(*position);
  }
  counters_.returned += returned.evaluations.size();
  if (!returned.evaluations.empty()) say(std::move(returned));
  say(BatchFinished{queued.batch.batch});
}

void Agent::give_back_queue(Lane& lane, const std::string& why) {
  const std::size_t kept = lane.evaluating ? 1 : 0;
  while (lane.queue.size() > kept) {
    give_back(lane.queue.back(), why);
    lane.queue.pop_back();
  }
}

void Agent::grant_credit(Lane& lane) {
  if (!connection_.is_welcomed() || leaving_ || lane.rests() || !lane.prepared) return;
  const auto taken = static_cast<std::uint32_t>(lane.queue.size()) + lane.credit;
  if (taken >= options_.batches_per_lane) return;
  const std::uint32_t free = options_.batches_per_lane - taken;
  lane.credit += free;
  say(Credit{lane.index, free});
}

void Agent::finish_result(QueuedBatch& queued, EvaluationResult result, std::string reading) {
  ResultMessage message{queued.batch.run, queued.batch.batch, std::move(result), std::move(reading)};
  ++(message.result.failure ? counters_.failed : counters_.evaluated);
  outbox_.put(message, now_);
  emit(SpoolWrite{message});
  say(std::move(message));
}

void Agent::fail_evaluation(QueuedBatch& queued, std::size_t position, Failure failure) {
  EvaluationResult result;
  result.id = queued.id_at(position);
  result.attempt = queued.batch.attempts[position];
  result.failure = std::move(failure);
  result.backend = "cpu";
  queued.mark_done(position);
  finish_result(queued, std::move(result), {});
}

void Agent::finish_front_if_done(Lane& lane) {
  if (lane.queue.empty() || lane.queue.front().unfinished > 0) return;
  say(BatchFinished{lane.queue.front().batch.batch});
  lane.queue.pop_front();
}

}  // namespace ocrs
