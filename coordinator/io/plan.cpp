#include "coordinator/io/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>
#include <optional>
#include <thread>

#include "common/core/codec.hpp"
#include "common/io/compression.hpp"
#include "coordinator/core/design.hpp"
#include "coordinator/core/race.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/models.hpp"
#include "coordinator/io/progress.hpp"

namespace ocrs {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto budget = 3min;              // no new page is begun after this
constexpr double journal_row_bytes = 700;  // a final row with its costs, as SQLite stores it

struct Measured {
  std::map<std::size_t, double> page_ms;    // page -> mean ms of an evaluation there
  std::vector<double> stage_ms;             // sums per stage
  double recognise_ms = 0, elapsed_ms = 0;  // sums
  double reading_bytes = 0;                 // sum, compressed
  std::size_t evaluations = 0, failed = 0;
};

/// Pages from the smallest to the largest in an order that is representative wherever it is cut off: middle first.
std::vector<std::size_t> measuring_order(const Screening& screening) {
  std::vector<std::size_t> by_size(screening.pages.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  const auto pixels = [&](std::size_t page) {
    return std::uint64_t{screening.pages[page].spec.width} * screening.pages[page].spec.height;
  };
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) { return pixels(a) < pixels(b); });
  std::vector<std::size_t> order;
  std::vector<bool> taken(by_size.size(), false);
  for (std::size_t parts = 2; order.size() < by_size.size(); parts *= 2) {
    for (std::size_t part = 1; part < parts; ++part) {
      const std::size_t at = part * by_size.size() / parts;
      if (!taken[at]) order.push_back(by_size[at]);
      taken[at] = true;
    }
    if (parts > 2 * by_size.size()) {
      for (std::size_t at = 0; at < by_size.size(); ++at) {
        if (!taken[at]) order.push_back(by_size[at]);
      }
      break;
    }
  }
  return order;
}

double megapixels(const Page& page) { return double(page.spec.width) * double(page.spec.height) / 1e6; }

Measured measure(const Screening& screening, EvaluatorClient& evaluator) {
  Measured measured;
  measured.stage_ms.resize(screening.pipeline.stages.size());
  const std::uint32_t count = screening.design.points;
  const Clock::time_point until = Clock::now() + budget;
  std::uint32_t next = 0;
  for (const std::size_t index : measuring_order(screening)) {
    if (Clock::now() >= until) break;
    const Page& page = screening.pages[index];
    // Another stretch of the design on every page, so that all its regions are sampled.
    std::vector<Point> points;
    for (int i = 0; i < 3; ++i) {
      points.push_back(design_points(screening.pipeline, screening.design, next, 1).front());
      next = (next + 1) % count;
    }
    std::fprintf(stderr, "measuring %s (%.1f Mpx)\n", page.names.front().c_str(), megapixels(page));
    auto results =
        evaluator.evaluate(PageIndex{static_cast<std::uint32_t>(index)}, page.file, page.ground_truth, points);
    if (!results) {
      std::fprintf(stderr, "%s: %s\n", page.names.front().c_str(), results.error().text.c_str());
      continue;
    }
    double page_ms = 0;
    for (const Evaluated& evaluated : *results) {
      const Cost& cost = evaluated.result.cost;
      for (std::size_t i = 0; i < cost.stages_run.size() && i < cost.stage_ms.size(); ++i) {
        if (cost.stages_run[i] < measured.stage_ms.size()) measured.stage_ms[cost.stages_run[i]] += cost.stage_ms[i];
      }
      measured.recognise_ms += cost.recognise_ms;
      page_ms += cost.elapsed_ms;
      measured.reading_bytes += double(compress(evaluated.reading).size());
      measured.failed += evaluated.result.failure.has_value() ? 1 : 0;
      ++measured.evaluations;
    }
    measured.elapsed_ms += page_ms;
    if (!results->empty()) measured.page_ms[index] = page_ms / double(results->size());
  }
  return measured;
}

}  // namespace

int plan_screening(const Screening& screening, const ScreeningSpec& spec, EvaluatorClient& evaluator) {
  evaluator.prepare(Prepare{spec, tessdata_folder().string()});
  const Measured measured = measure(screening, evaluator);
  if (measured.page_ms.empty()) throw StartupError("--plan: no page could be evaluated (the reasons are above)");

  double measured_ms = 0, measured_mpx = 0;
  for (const auto& [index, ms] : measured.page_ms) {
    measured_ms += ms;
    measured_mpx += megapixels(screening.pages[index]);
  }
  double round_ms = 0;  // one point on every page
  double page_bytes = 0;
  for (std::size_t i = 0; i < screening.pages.size(); ++i) {
    const auto found = measured.page_ms.find(i);
    round_ms +=
        found != measured.page_ms.end() ? found->second : megapixels(screening.pages[i]) * measured_ms / measured_mpx;
    std::error_code error;
    const auto size = std::filesystem::file_size(screening.pages[i].file, error);
    if (!error) page_bytes += double(size);
  }
  double model_bytes = 0;
  for (const ModelRef& model : screening.models) model_bytes += double(model.bytes);

  const auto& racing = screening.design.racing;
  const double share = racing ? race_share(*racing, screening.pages.size(), screening.design.points) : 1;
  const double rounds = share * double(screening.design.points) + 1;
  const double evaluations = rounds * double(screening.pages.size());
  const double slot_hours = round_ms * rounds / 3.6e6;
  const double per_evaluation_bytes = measured.reading_bytes / double(measured.evaluations) + journal_row_bytes;
  const auto duration = [](double hours) {
    return duration_text(std::chrono::seconds{static_cast<std::int64_t>(hours * 3600)});
  };
  const unsigned slots = std::max(1u, std::thread::hardware_concurrency());
  fmt::print("plan: {} pages x {} points and the untouched pages = {:.0f} evaluations\n", screening.pages.size(),
             screening.design.points, double(screening.pages.size()) * (double(screening.design.points) + 1));
  if (racing) {
    fmt::print("race: about {:.0f} of them are run ({:.0f} %), the others are dropped on the way\n", evaluations,
               100 * share);
  }
  fmt::print("measured: {} evaluations on {} of {} pages, {:.1f} s each on one slot{}\n", measured.evaluations,
             measured.page_ms.size(), screening.pages.size(), measured.elapsed_ms / 1000 / double(measured.evaluations),
             measured.failed > 0 ? fmt::format(", {} failed", measured.failed) : "");
  fmt::print("time: {} of one slot; about {} on this machine ({} slots), {} on ten like it\n", duration(slot_hours),
             duration(slot_hours / slots), slots, duration(slot_hours / slots / 10));
  fmt::print("disk: {:.0f} MB for journal and files\n", evaluations * per_evaluation_bytes * 1.15 / 1e6);
  fmt::print("network: {:.0f} MB of pages and models to each other worker at most, {:.0f} MB of results back\n",
             (page_bytes + model_bytes) / 1e6, evaluations * per_evaluation_bytes / 1e6);
  double rest = measured.elapsed_ms - measured.recognise_ms;
  fmt::print("where the time goes:\n");
  for (std::size_t stage = 0; stage < measured.stage_ms.size(); ++stage) {
    fmt::print("  {:<14} {:5.1f} %\n", screening.pipeline.stages[stage].name,
               100 * measured.stage_ms[stage] / measured.elapsed_ms);
    rest -= measured.stage_ms[stage];
  }
  fmt::print("  {:<14} {:5.1f} %\n", "recognition", 100 * measured.recognise_ms / measured.elapsed_ms);
  fmt::print("  {:<14} {:5.1f} %\n", "other", 100 * std::max(0.0, rest) / measured.elapsed_ms);
  fmt::print("nothing was started\n");
  return exit_complete;
}

}  // namespace ocrs
