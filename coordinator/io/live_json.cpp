#include "coordinator/io/live_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "coordinator/io/report_model.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {
namespace {

std::string dumped(const ReportJson& json) { return json.dump(-1, ' ', false, ReportJson::error_handler_t::replace); }

/// Mean paired gain of a point over the pages it and the untouched page have, and how many those are.
struct Standing {
  double gain = 0;
  std::uint32_t pages = 0;
};

std::vector<Standing> standings(const ScreeningResults& results) {
  std::vector<Standing> all(results.points.size());
  for (std::uint32_t p = 0; p < results.table.pages(); ++p) {
    const auto before = page_objective(results.ranking.objective, results.table.cell(PageIndex{p}, baseline_point));
    if (!before) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const PointIndex point{static_cast<std::int64_t>(i)};
      const auto after = page_objective(results.ranking.objective, results.table.cell(PageIndex{p}, point));
      if (!after) continue;
      all[i].gain += *after - *before;
      ++all[i].pages;
    }
  }
  for (Standing& one : all) {
    if (one.pages > 0) one.gain /= one.pages;
  }
  return all;
}

struct Piece {
  double sum = 0;
  std::uint64_t points = 0;
};

/// Mean gain by option, or by eight equal pieces of the range, of the points with anything read.
ReportJson factor_plot(const ScreeningResults& results, const std::vector<Standing>& standing, std::size_t at,
                       const Factor& factor) {
  constexpr std::size_t pieces = 8;
  std::map<std::string, Piece> by_option;
  std::vector<Piece> by_range(pieces);
  const bool ranged = factor.kind != FactorKind::choice && factor.kind != FactorKind::levels;
  for (std::size_t i = 0; i < standing.size(); ++i) {
    const FactorValue& value = results.points[i].values[at];
    if (standing[i].pages == 0 || std::holds_alternative<std::monostate>(value)) continue;
    if (!ranged) {
      Piece& piece = by_option[to_text(value)];
      piece.sum += standing[i].gain;
      ++piece.points;
      continue;
    }
    const auto* whole = std::get_if<std::int64_t>(&value);
    const double number = whole ? static_cast<double>(*whole) : std::get<double>(value);
    const double share = factor.high > factor.low ? (number - factor.low) / (factor.high - factor.low) : 0;
    Piece& piece = by_range[std::min(pieces - 1, static_cast<std::size_t>(std::max(0.0, share) * pieces))];
    piece.sum += standing[i].gain;
    ++piece.points;
  }
  ReportJson plot = ReportJson::array();
  const auto add = [&](const std::string& label, const Piece& piece) {
    if (piece.points == 0) return;
    plot.push_back(
        {{"value", label}, {"points", piece.points}, {"gain", report_number(piece.sum / double(piece.points))}});
  };
  if (ranged) {
    for (std::size_t i = 0; i < pieces; ++i) {
      const double middle = factor.low + (factor.high - factor.low) * (double(i) + 0.5) / pieces;
      add(fmt::format("{:.3g}", middle), by_range[i]);
    }
  } else {
    for (const auto& [option, piece] : by_option) add(option, piece);
  }
  return plot;
}

ReportJson leaders(const ScreeningResults& results, const std::vector<Standing>& standing) {
  constexpr std::size_t shown = 10;
  std::uint32_t most = 0;
  for (const Standing& one : standing) most = std::max(most, one.pages);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < standing.size(); ++i) {
    if (standing[i].pages > 0 && 2 * standing[i].pages >= most) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return standing[a].gain > standing[b].gain; });
  if (order.size() > shown) order.resize(shown);
  ReportJson rows = ReportJson::array();
  for (const std::size_t i : order) {
    rows.push_back({{"point", i},
                    {"gain", report_number(standing[i].gain)},
                    {"pages", standing[i].pages},
                    {"setting", setting_text(results, PointIndex{static_cast<std::int64_t>(i)})}});
  }
  return rows;
}

}  // namespace

std::string live_status_json(const LiveTitle& title, const LiveMoment& moment) {
  const SchedulerCounts& counts = moment.counts;
  const SchedulerCounters& counters = moment.counters;
  ReportJson history = ReportJson::array();
  for (const auto& [time, finished] : moment.history) history.push_back({time, finished});
  const ReportJson json = {{"title", title.title},
                           {"run_id", title.run_id},
                           {"objective", moment.objective},
                           {"pages", moment.pages},
                           {"points", moment.points},
                           {"time_ms", moment.time_ms},
                           {"state", moment.state},
                           {"best", moment.best},
                           {"evaluations",
                            {{"total", counts.total},
                             {"done", counts.done},
                             {"failed", counts.failed},
                             {"missing", counts.missing},
                             {"dropped", counts.dropped},
                             {"cancelled", counts.cancelled},
                             {"pending", counts.pending},
                             {"leased", counts.leased},
                             {"retry", counts.retry}}},
                           {"workers", counts.workers},
                           {"lanes", counts.lanes},
                           {"per_second", report_number(moment.per_second)},
                           {"remaining_s", report_number(moment.remaining_s)},
                           {"counters",
                            {{"late", counters.late},
                             {"duplicates", counters.duplicates},
                             {"different", counters.different},
                             {"deaths", counters.deaths},
                             {"requeued", counters.requeued},
                             {"rejected", counters.rejected}}},
                           {"history", std::move(history)}};
  return dumped(json);
}

std::string live_workers_json(const LiveMoment& moment) {
  ReportJson rows = ReportJson::array();
  for (const WorkerView& worker : moment.workers) {
    rows.push_back({{"worker", worker.label},
                    {"host", worker.host_name},
                    {"state", to_string(worker.state)},
                    {"lanes", worker.lanes},
                    {"busy", worker.lanes_busy},
                    {"leased", worker.leased},
                    {"done", worker.done},
                    {"failed", worker.failed},
                    {"deaths", worker.deaths},
                    {"per_second", report_number(worker.per_second)},
                    {"heard_s_ago", report_number(worker.heard_s_ago)},
                    {"load", report_number(worker.load)},
                    {"other_numbers", worker.other_numbers},
                    {"aside", worker.aside}});
  }
  return dumped({{"workers", std::move(rows)}});
}

std::string live_results_json(const ScreeningResults& results) {
  const std::vector<Standing> standing = standings(results);
  const std::vector<FactorSlot> slots = factor_slots(results.record.screening.pipeline);
  ReportJson factors = ReportJson::array();
  for (std::size_t f = 0; f < slots.size(); ++f) {
    const Factor& factor = *slots[f].factor;
    if (factor.kind == FactorKind::fixed) continue;
    factors.push_back({{"name", factor.name}, {"plot", factor_plot(results, standing, f, factor)}});
  }
  return dumped({{"objective", results.ranking.objective.name},
                 {"read", results.evaluations.size()},
                 {"leaders", leaders(results, standing)},
                 {"failures", report_failures(results)},
                 {"factors", std::move(factors)}});
}

}  // namespace ocrs
