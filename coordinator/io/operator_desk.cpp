#include "coordinator/io/operator_desk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <nlohmann/json.hpp>
#include <utility>

#include "coordinator/core/design.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json evaluations_of(const SchedulerCounts& counts) {
  return {{"total", counts.total},     {"done", counts.done},
          {"failed", counts.failed},   {"missing", counts.missing},
          {"dropped", counts.dropped}, {"cancelled", counts.cancelled},
          {"pending", counts.pending}, {"leased", counts.leased},
          {"retry", counts.retry},     {"uncommitted", counts.uncommitted}};
}

Json counters_of(const SchedulerCounters& counters) {
  return {{"results", counters.results},       {"late", counters.late},           {"duplicates", counters.duplicates},
          {"different", counters.different},   {"deaths", counters.deaths},       {"requeued", counters.requeued},
          {"batches", counters.batches},       {"retracted", counters.retracted}, {"copies", counters.copies},
          {"unexpected", counters.unexpected}, {"rejected", counters.rejected}};
}

Json worker_of(const WorkerView& view) {
  Json json = {{"worker", view.label}, {"uuid", view.uuid}, {"host", view.host_name}, {"host_id", view.host_id}};
  json["state"] = to_string(view.state);
  json["lanes"] = view.lanes;
  json["lanes_busy"] = view.lanes_busy;
  json["leased"] = view.leased;
  json["done"] = view.done;
  json["failed"] = view.failed;
  json["deaths"] = view.deaths;
  json["returned"] = view.returned;
  json["duplicates"] = view.duplicates;
  json["mean_ms"] = view.mean_ms;
  json["per_second"] = view.per_second;
  json["heard_s_ago"] = view.heard_s_ago;
  json["load"] = view.load;
  json["memory_available_bytes"] = view.memory_available_bytes;
  json["build"] = view.build;
  json["cpu"] = view.hardware.cpu;
  json["cores"] = view.hardware.cores;
  json["memory_bytes"] = view.hardware.memory_bytes;
  json["gpus"] = Json::array();
  for (const auto& gpu : view.hardware.gpus) json["gpus"].push_back(gpu.name);
  json["admitted"] = view.admitted;
  json["other_numbers"] = view.other_numbers;
  json["set_aside"] = view.aside;
  return json;
}

OperatorDesk::Answer refused(std::string why) { return {{false, std::move(why), "{}"}, {}, {}, false}; }

}  // namespace

std::vector<Point> points_in_schedule_order(const Screening& screening, std::uint32_t first, std::uint32_t points) {
  const auto made = design_points(screening.pipeline, screening.design, first, points - first);
  std::vector<Point> ordered;
  for (const std::size_t position : schedule_order(screening.pipeline, made)) ordered.push_back(made[position]);
  return ordered;
}

std::string extension_refusal(std::uint32_t had, std::uint32_t points) {
  if (!std::has_single_bit(points)) return fmt::format("{} points: expected a power of two", points);
  if (points < had) return fmt::format("the design has {} points already; it grows but does not shrink", had);
  return {};
}

OperatorDesk::OperatorDesk(const Scheduler& scheduler, Journal& journal, const Screening& screening)
    : scheduler_(scheduler), journal_(journal), screening_(screening), points_(screening.design.points) {}

OperatorDesk::Answer OperatorDesk::answer(const ControlRequest& request, const LoopState& loop, TimePoint now) {
  if (!is_read_only(request.verb) && loop.stopping) return refused("the coordinator is about to end");
  switch (request.verb) {
    case ControlVerb::status:
      return {{true, "", status(loop)}, {}, {}, false};
    case ControlVerb::workers:
      return {{true, "", workers(now)}, {}, {}, false};
    case ControlVerb::explain:
      return explain(request.evaluation);
    case ControlVerb::pause:
      return {
          {true, keep(paused_setting, "1"), "{}"}, {OperatorSaid{OperatorVerb::pause}}, "it is paused already", false};
    case ControlVerb::resume:
      return {{true, keep(paused_setting, ""), "{}"}, {OperatorSaid{OperatorVerb::resume}}, "it was not paused", true};
    case ControlVerb::cancel:
      return {{true, keep(cancelled_setting, "1"), "{}"},
              {OperatorSaid{OperatorVerb::cancel}},
              "it is cancelled already",
              false};
    case ControlVerb::retry_failed:
      if (!scheduler_.journal_works()) return refused("the journal cannot be written now: " + loop.journal_trouble);
      return {{true, "", "{}"}, {RetryFailed{}}, "there is nothing to try again", false};
    case ControlVerb::drain:
      return drain(request.worker, now);
    case ControlVerb::extend:
      return extend(request.points);
    case ControlVerb::fill:
      return fill();
  }
  return refused("unknown verb");
}

std::string OperatorDesk::status(const LoopState& loop) const {
  const SchedulerCounts counts = scheduler_.counts();
  const ProgressForecast forecast = scheduler_.forecast();
  std::string state = "running";
  if (counts.workers == 0) state = "waiting for workers";
  if (scheduler_.is_paused()) state = "paused";
  if (!loop.journal_trouble.empty()) state = "journal failing";
  if (scheduler_.is_complete()) state = "complete";
  if (scheduler_.is_cancelled()) state = "cancelled";
  if (loop.stopping) state = "stopping";
  Json json = {{"state", state}, {"pid", ::getpid()}, {"trouble", loop.journal_trouble}};
  json["paused"] = scheduler_.is_paused();
  json["points"] = points_;
  json["evaluations"] = evaluations_of(counts);
  json["workers"] = counts.workers;
  json["lanes"] = counts.lanes;
  json["hosts"] = counts.hosts;
  json["per_second"] = loop.per_second;
  json["expected_per_second"] = forecast.per_second;
  json["remaining_s"] = forecast.remaining_s ? Json(*forecast.remaining_s) : Json(nullptr);
  json["counters"] = counters_of(scheduler_.counters());
  return dumped(json);
}

std::string OperatorDesk::workers(TimePoint now) const {
  Json list = Json::array();
  for (const WorkerView& view : scheduler_.workers(now)) list.push_back(worker_of(view));
  return dumped({{"workers", std::move(list)}});
}

OperatorDesk::Answer OperatorDesk::explain(const EvaluationId& id) const {
  const auto view = scheduler_.explain(id);
  if (!view) return refused("the screening has no such evaluation");
  Json json = {{"state", to_string(view->state)}, {"attempts", view->attempts}, {"holders", view->holders}};
  json["reason"] = view->reason;
  return {{true, "", dumped(json)}, {}, {}, false};
}

OperatorDesk::Answer OperatorDesk::drain(const std::string& name, TimePoint now) const {
  std::size_t matches = 0, connected = 0;
  for (const WorkerView& view : scheduler_.workers(now)) {
    if (view.state == WorkerState::gone) continue;
    ++connected;
    matches += name == view.host_name || name == view.host_id || name == view.label || view.uuid.starts_with(name);
  }
  if (matches == 0) {
    return refused(
        fmt::format("no connected worker is named '{}'; `ocrscreen workers` lists the {} there are", name, connected));
  }
  const std::string told = fmt::format("{} worker{} of that name: what is started is finished, the rest is handed back",
                                       matches, matches == 1 ? "" : "s");
  return {{true, told, "{}"}, {DrainWorker{name}}, "", false};
}

OperatorDesk::Answer OperatorDesk::extend(std::uint32_t points) {
  if (const std::string why = extension_refusal(points_, points); !why.empty()) return refused(why);
  if (points == points_) return {{true, fmt::format("the design has {} points already", points), "{}"}, {}, {}, false};
  if (scheduler_.is_cancelled()) return refused("the screening is cancelled");
  // Kept first: results of points that the journal does not know of would be nobody's after a restart.
  for (const char* const setting : {extended_setting, "points"}) {
    if (auto kept = journal_.set(setting, std::to_string(points)); !kept) return refused(kept.error().text);
  }
  Answer answer{{true, "", "{}"}, {ExtendTo{points_in_schedule_order(screening_, points_, points)}}, "", false};
  points_ = points;
  return answer;
}

OperatorDesk::Answer OperatorDesk::fill() {
  if (scheduler_.is_cancelled()) return refused("the screening is cancelled");
  if (auto kept = journal_.set(filled_setting, "1"); !kept) return refused(kept.error().text);
  return {{true, "", "{}"}, {FillDropped{}}, "", false};
}

std::string OperatorDesk::keep(const char* setting, const std::string& value) {
  const auto kept = journal_.set(setting, value);
  return kept ? std::string{} : "a restart will not remember this: " + kept.error().text;
}

}  // namespace ocrs
