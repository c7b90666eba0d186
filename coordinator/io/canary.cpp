#include "coordinator/io/canary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "common/io/logging.hpp"
#include "coordinator/core/scheduler.hpp"
#include "coordinator/io/models.hpp"

namespace ocrs {
namespace {

constexpr std::size_t pages_tried_max = 3;
constexpr const char* note = "manifest.numeric_classes";

std::vector<std::uint32_t> pages_by_size(const Screening& screening) {
  std::vector<std::uint32_t> order(screening.pages.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto pixels = [&](std::uint32_t page) {
    return std::uint64_t{screening.pages[page].spec.width} * screening.pages[page].spec.height;
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return pixels(a) < pixels(b); });
  return order;
}

}  // namespace

EvaluationResult read_canary(const Screening& screening, const ScreeningSpec& spec, EvaluatorClient& evaluator) {
  evaluator.prepare(Prepare{spec, tessdata_folder().string()});
  std::string why = "there is no page";
  std::size_t tried = 0;
  for (const std::uint32_t index : pages_by_size(screening)) {
    if (tried++ == pages_tried_max) break;
    const Page& page = screening.pages[index];
    auto read = evaluator.evaluate(PageIndex{index}, page.file, page.ground_truth, {Point{baseline_point, {}}});
    if (!read) {
      why = page.names.front() + ": " + read.error().text;
    } else if (read->size() != 1 || read->front().result.failure) {
      why = page.names.front() + ": " + (read->empty() ? "no answer" : read->front().result.failure->text);
    } else {
      EvaluationResult canary = std::move(read->front().result);
      canary.attempt = canary_attempt;
      log_info("the canary is {}: confidence {:.4f}", page.names.front(), canary.scores.confidence);
      return canary;
    }
    log_warning("no canary: {}", why);
  }
  throw StartupError("the numbers of other machines cannot be compared: none of the smallest pages can be read here (" +
                     why + ")");
}

Result<void> note_numeric_classes(Journal& journal, const std::vector<WorkerView>& workers) {
  using Json = nlohmann::json;
  Json classes = Json::object();
  if (auto known = journal.get(note); known && *known) {
    Json before = Json::parse(**known, nullptr, false);
    if (before.is_object()) classes = std::move(before);
  }
  if (!classes["close"].is_object()) classes["close"] = Json::object();
  for (const WorkerView& worker : workers) {
    if (!worker.other_numbers || worker.done == 0) continue;
    Json& count = classes["close"][worker.label];
    count = worker.done + (count.is_number_unsigned() ? count.get<std::uint64_t>() : 0);
  }
  return journal.set(note, classes.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace ocrs
