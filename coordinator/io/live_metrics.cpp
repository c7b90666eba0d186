// The only user of prometheus-cpp: its text serialiser over families made from one moment.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "coordinator/io/live_json.hpp"

namespace ocrs {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric metric(MetricType type, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric one;
  one.label = std::move(labels);
  if (type == MetricType::Counter) one.counter.value = value;
  if (type == MetricType::Gauge) one.gauge.value = value;
  return one;
}

MetricFamily single(const char* name, const char* help, MetricType type, double value) {
  return {name, help, type, {metric(type, value)}};
}

MetricFamily evaluations_by_state(const SchedulerCounts& counts) {
  MetricFamily family{"ocrscreen_evaluations", "Evaluations by state", MetricType::Gauge, {}};
  const std::pair<const char*, std::uint64_t> states[] = {{"pending", counts.pending}, {"leased", counts.leased},
                                                          {"retry", counts.retry},     {"done", counts.done},
                                                          {"failed", counts.failed},   {"missing", counts.missing},
                                                          {"dropped", counts.dropped}, {"cancelled", counts.cancelled}};
  for (const auto& [state, count] : states) {
    family.metric.push_back(metric(MetricType::Gauge, static_cast<double>(count), {{"state", state}}));
  }
  return family;
}

template <class Value>
MetricFamily per_worker(const char* name, const char* help, MetricType type, const LiveMoment& moment, Value value) {
  MetricFamily family{name, help, type, {}};
  for (const WorkerView& worker : moment.workers) {
    family.metric.push_back(metric(type, static_cast<double>(value(worker)), {{"worker", worker.label}}));
  }
  return family;
}

}  // namespace

std::string live_metrics(const LiveMoment& moment) {
  const auto counter = [](const char* name, const char* help, std::uint64_t value) {
    return single(name, help, MetricType::Counter, static_cast<double>(value));
  };
  const SchedulerCounts& counts = moment.counts;
  const SchedulerCounters& counters = moment.counters;
  std::vector<MetricFamily> families;
  families.push_back(evaluations_by_state(counts));
  families.push_back(single("ocrscreen_evaluations_open", "Evaluations that are not finished: the queue",
                            MetricType::Gauge, static_cast<double>(counts.pending + counts.leased + counts.retry)));
  families.push_back(single("ocrscreen_evaluations_per_second", "Finished evaluations per second over the last minutes",
                            MetricType::Gauge, moment.per_second));
  if (moment.remaining_s) {
    families.push_back(single("ocrscreen_remaining_seconds", "Expected time until nothing is open", MetricType::Gauge,
                              *moment.remaining_s));
  }
  families.push_back(single("ocrscreen_workers", "Workers that may be given work", MetricType::Gauge, counts.workers));
  families.push_back(single("ocrscreen_lanes", "Evaluator slots of these workers", MetricType::Gauge, counts.lanes));
  families.push_back(counter("ocrscreen_results_total", "First results of evaluations", counters.results));
  families.push_back(counter("ocrscreen_results_late_total", "Results that came after their lease", counters.late));
  families.push_back(counter("ocrscreen_results_duplicate_total", "Repeated or copied results", counters.duplicates));
  families.push_back(
      counter("ocrscreen_results_different_total", "Duplicates with other numbers than the first", counters.different));
  families.push_back(counter("ocrscreen_evaluator_deaths_total", "Evaluators that died", counters.deaths));
  families.push_back(counter("ocrscreen_requeued_total", "Leases that ended without a result", counters.requeued));
  families.push_back(counter("ocrscreen_batches_total", "Batches handed out", counters.batches));
  families.push_back(counter("ocrscreen_rejected_total", "Handshakes and workers refused", counters.rejected));
  families.push_back(per_worker("ocrscreen_worker_evaluations_done", "Evaluations done by a worker", MetricType::Gauge,
                                moment, [](const WorkerView& worker) { return worker.done; }));
  families.push_back(per_worker("ocrscreen_worker_evaluations_per_second", "Measured speed of a worker",
                                MetricType::Gauge, moment, [](const WorkerView& worker) { return worker.per_second; }));
  families.push_back(per_worker("ocrscreen_worker_lanes_busy", "Slots of a worker that are at work", MetricType::Gauge,
                                moment, [](const WorkerView& worker) { return worker.lanes_busy; }));
  families.push_back(per_worker("ocrscreen_worker_heard_seconds", "Time since a worker was heard", MetricType::Gauge,
                                moment, [](const WorkerView& worker) { return worker.heard_s_ago; }));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ocrs
