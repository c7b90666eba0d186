// The part of Agent that follows the screening: its models, its pages, its end.
#include <algorithm>
#include <utility>

#include "worker/core/agent.hpp"
#include "worker/core/placement.hpp"

namespace ocrs {
namespace {

constexpr auto models_retry = std::chrono::seconds(10);
constexpr std::uint32_t missing_tries = 3;  // the coordinator says it has no such page

}  // namespace

// ---- the screening ----

void Agent::heard(const ScreeningSpec& message) {
  if (screening_ && screening_->run == message.run) {
    advance_all();
    return;
  }
  if (screening_) {
    notice(AgentNoticeLevel::info, "another screening: " + to_hex(message.run).substr(0, 12));
    forget_screening();
  } else if (!outbox_.empty() && outbox_.run() != message.run) {
    const ContentHash old_run = outbox_.run();
    emit(SpoolErase{old_run, outbox_.clear()});
  }
  screening_ = message;
  plan_lanes();
  for (const ModelRef& model : screening_->models) {
    if (blobs_.want(model.hash, false)) emit(FetchBlob{model.hash, false});
  }
  store_models_when_here();
  advance_all();
}

void Agent::plan_lanes() {
  planned_bytes_.reset();
  memory_need_ = MemoryNeed{};
  if (!options_.plan) return;
  const LanePlan plan = options_.plan(*screening_, std::nullopt);
  memory_need_ = MemoryNeed(largest_page_pixels(*screening_), plan.slot_bytes);
  options_.recycle_bytes = plan.recycle_bytes;
  for (Lane& lane : lanes_) lane.fits = lane.index.value < plan.lanes;
  if (plan.lanes >= options_.lanes) return;
  notice(AgentNoticeLevel::warning, "the largest page leaves memory for " + std::to_string(plan.lanes) + " of " +
                                        std::to_string(options_.lanes) + " evaluators");
}

void Agent::learn_memory(Lane& lane, const EvaluateDone& done) {
  if (!options_.plan || !screening_) return;
  const Batch& batch = lane.queue.front().batch;
  const PageSpec& page = screening_->pages[batch.page.value];
  const bool grew = done.peak_bytes > lane.peak_bytes;
  lane.peak_bytes = std::max(lane.peak_bytes, done.peak_bytes);
  memory_need_.learn({std::uint64_t{page.width} * page.height, lane.peak_bytes, grew, batch.points.size()});
  if (!memory_need_.is_measured() || planned_bytes_ == memory_need_.slot_bytes()) return;
  replan_lanes(memory_need_.slot_bytes());
}

void Agent::replan_lanes(std::uint64_t slot_bytes) {
  planned_bytes_ = slot_bytes;
  const LanePlan plan = options_.plan(*screening_, slot_bytes);
  options_.recycle_bytes = plan.recycle_bytes;
  bool changed = false;
  for (Lane& lane : lanes_) {
    const bool fits = lane.index.value < plan.lanes;
    if (std::exchange(lane.fits, fits) == fits) continue;
    changed = true;
    if (!fits) give_back_queue(lane, "memory does not bear this evaluator");
    // One that works (that whose report this is, too) ends after its batch.
    if (!lane.evaluating) advance(lane);
  }
  if (!changed) return;
  notice(AgentNoticeLevel::info, "an evaluator was seen to need " + bytes_text(slot_bytes) +
                                     " for the largest page: memory bears " + std::to_string(plan.lanes) + " of " +
                                     std::to_string(options_.lanes) + " evaluators");
}

void Agent::forget_screening() {
  if (const ContentHash run = outbox_.run(); !outbox_.empty()) emit(SpoolErase{run, outbox_.clear()});
  for (Lane& lane : lanes_) {
    lane.queue.clear();
    lane.evaluating = false;
    lane.started.reset();
    // An evaluator is prepared once: another screening gets a fresh one.
    if (lane.prepared && lane.state != SlotState::ending) kill(lane, KillReason::screening);
  }
  blobs_.clear();
  screening_.reset();
  tessdata_.reset();
  models_asked_ = false;
  emit(DropPages{});
}

void Agent::heard(const ScreeningFinished& message) {
  if (!screening_ || screening_->run != message.run) {
    if (!outbox_.empty() && outbox_.run() == message.run) emit(SpoolErase{message.run, outbox_.clear()});
    ++counters_.unexpected;
    return;
  }
  forget_screening();
  if (options_.leave_when_finished) {
    leave(0, "the screening has finished");
  } else {
    notice(AgentNoticeLevel::info, "the screening has finished; waiting for another");
  }
}

void Agent::store_models_when_here() {
  if (!screening_ || tessdata_ || models_asked_ || now_ < models_retry_at_) return;
  for (const ModelRef& model : screening_->models) {
    if (!blobs_.has(model.hash)) return;
  }
  models_asked_ = true;
  emit(StoreModels{screening_->models});
}

void Agent::on(const ModelsStored& event) {
  if (!models_asked_ || tessdata_) return;
  tessdata_ = event.tessdata;
  advance_all();
}

void Agent::on(const ModelsFailed& event) {
  if (!models_asked_ || tessdata_) return;
  notice(AgentNoticeLevel::error, "the models cannot be stored: " + event.text);
  models_asked_ = false;
  models_retry_at_ = now_ + models_retry;
  // One of them may be gone from the store: fetching what is there costs nothing.
  for (const ModelRef& model : screening_->models) {
    blobs_.lost(model.hash);
    if (blobs_.want(model.hash, false)) emit(FetchBlob{model.hash, false});
  }
}

// ---- blobs ----

void Agent::on(const BlobArrived& event) {
  blobs_.arrived(event);
  store_models_when_here();
  advance_all();
}

void Agent::on(const BlobFailed& event) {
  const std::uint32_t missing = blobs_.failed(event, now_);
  if (missing < missing_tries) {
    if (missing > 0) notice(AgentNoticeLevel::warning, "blob " + to_hex(event.hash).substr(0, 12) + ": " + event.text);
    return;
  }
  if (!screening_) return;
  for (std::size_t i = 0; i < screening_->pages.size(); ++i) {
    const PageSpec& page = screening_->pages[i];
    if (page.file == event.hash || page.ground_truth == event.hash) {
      page_failed(PageIndex{static_cast<std::uint32_t>(i)}, event.text);
    }
  }
  const bool is_model = std::any_of(screening_->models.begin(), screening_->models.end(),
                                    [&](const ModelRef& model) { return model.hash == event.hash; });
  if (!is_model) blobs_.forget(event.hash);
}

void Agent::page_failed(PageIndex page, const std::string& text) {
  for (Lane& lane : lanes_) {
    for (std::size_t i = 0; i < lane.queue.size();) {
      QueuedBatch& queued = lane.queue[i];
      const bool runs = i == 0 && lane.evaluating;
      if (queued.batch.page != page || runs) {
        ++i;
        continue;
      }
      while (const auto position = queued.first_unfinished()) {
        fail_evaluation(queued, *position, {FailureKind::page_unreadable, "fetch", text, {}});
      }
      say(BatchFinished{queued.batch.batch});
      lane.queue.erase(lane.queue.begin() + static_cast<std::ptrdiff_t>(i));
    }
    advance(lane);
  }
}

void Agent::want_page(PageIndex page) {
  const PageSpec& spec = screening_->pages[page.value];
  if (blobs_.want(spec.file, false)) emit(FetchBlob{spec.file, false});
  if (spec.ground_truth && blobs_.want(*spec.ground_truth, true)) emit(FetchBlob{*spec.ground_truth, true});
}

bool Agent::page_is_here(PageIndex page) const {
  const PageSpec& spec = screening_->pages[page.value];
  return blobs_.has(spec.file) && (!spec.ground_truth || blobs_.has(*spec.ground_truth));
}

void Agent::on(const PageBytesLost& event) {
  Lane* lane = find_lane(event.lane);
  if (lane == nullptr) return;
  notice(AgentNoticeLevel::warning, "page bytes are gone from the cache and are fetched again: " + event.text);
  blobs_.lost(event.hash);
  if (lane->state == SlotState::evaluating) {
    lane->state = SlotState::ready;
    lane->evaluating = false;
    lane->evaluate_id = BatchId{};
    lane->loaded_page.reset();
  }
  advance(*lane);
}

}  // namespace ocrs
