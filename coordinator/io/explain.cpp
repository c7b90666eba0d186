#include "coordinator/io/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "coordinator/io/screening_results.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

std::string time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  if (ms <= 0 || !::gmtime_r(&seconds, &utc)) return "at an unknown time";
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return std::string(text.data(), size);
}

/// Lines an evaluator printed, indented; control characters cannot move the cursor.
std::string quoted(const std::string& lines) {
  std::string text = "      | ";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const char c = lines[i];
    if (c == '\n') {
      if (i + 1 < lines.size()) text += "\n      | ";
    } else {
      text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
  }
  return text + "\n";
}

std::string failure_text(const Failure& failure) {
  std::string text = std::string(to_string(failure.kind)) + " in " + (failure.node.empty() ? "?" : failure.node);
  if (!failure.text.empty()) text += ": " + failure.text;
  text += "\n";
  if (!failure.stderr_tail.empty()) text += quoted(failure.stderr_tail);
  return text;
}

Json failure_json(const Failure& failure) {
  return {{"kind", to_string(failure.kind)},
          {"node", failure.node},
          {"text", failure.text},
          {"stderr_tail", failure.stderr_tail}};
}

bool has_page_name(const Page& page, const std::string& name) {
  return std::find(page.names.begin(), page.names.end(), name) != page.names.end();
}

Result<std::vector<std::uint32_t>> pages_named(const Screening& screening, const std::optional<std::string>& wanted) {
  std::vector<std::uint32_t> pages;
  for (std::uint32_t page = 0; page < screening.pages.size(); ++page) {
    if (!wanted || has_page_name(screening.pages[page], *wanted)) pages.push_back(page);
  }
  if (!pages.empty()) return pages;
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(wanted->data(), wanted->data() + wanted->size(), number);
  if (failure == std::errc() && end == wanted->data() + wanted->size() && number < screening.pages.size()) {
    return std::vector<std::uint32_t>{number};
  }
  std::string close;
  for (const Page& page : screening.pages) {
    if (page.names.front().find(*wanted) == std::string::npos || close.size() > 500) continue;
    close += (close.empty() ? "; there is " : ", ") + page.names.front();
  }
  return Error{
      fmt::format("no page is named '{}', and it is no number below {}{}", *wanted, screening.pages.size(), close)};
}

std::string story_text(const EvaluationStory& story) {
  std::string text = fmt::format("point {} on {}: ", story.id.point.value, story.page);
  const std::string state = story.state.empty() ? "not evaluated yet" : story.state;
  text += story.end ? std::string(to_string(story.end->status)) : state;
  text += fmt::format("\n  setting: {}\n", story.setting);
  for (const AttemptRow& death : story.deaths) {
    text += fmt::format("  attempt {} on {} (host {}), {}:\n    {}", death.attempt.value, death.worker, death.host,
                        time_text(death.time_ms), failure_text(death.failure));
  }
  for (const std::string& holder : story.holders) text += "  now with " + holder + "\n";
  if (story.deaths.empty() && !story.end && story.attempts > 0) {
    text += fmt::format("  handed out {} times\n", story.attempts);
  }
  if (!story.end) return text;
  const EvaluationResult& result = story.end->result;
  text += fmt::format("  attempt {} on {}, {}: {}", result.attempt.value, story.end->worker,
                      time_text(story.end->time_ms), std::string(to_string(story.end->status)));
  if (result.failure) return text + "\n    " + failure_text(*result.failure);
  text += fmt::format(", confidence {:.2f}, {} words", result.scores.confidence, result.scores.words);
  if (result.scores.cer) text += fmt::format(", cer {:.4f}", *result.scores.cer);
  text += fmt::format(", {:.0f} ms on {}", result.cost.elapsed_ms, result.backend.empty() ? "?" : result.backend);
  if (!result.cost.recognised) text += ", sharing another evaluation's reading";
  text += "\n";
  const std::uint32_t explained = static_cast<std::uint32_t>(story.deaths.size()) + 1;
  if (result.attempt.value > explained) {
    text += fmt::format("  {} further tries ended without blame: handed back, drained, or their worker was lost\n",
                        result.attempt.value - explained);
  }
  return text;
}

Json story_json(const EvaluationStory& story) {
  Json json = {{"point", story.id.point.value}, {"page", story.page}, {"setting", story.setting}};
  json["status"] = story.end ? Json(to_string(story.end->status)) : Json(nullptr);
  json["state"] = story.state.empty() ? Json(nullptr) : Json(story.state);
  json["holders"] = story.holders;
  Json tries = Json::array();
  for (const AttemptRow& death : story.deaths) {
    tries.push_back({{"attempt", death.attempt.value},
                     {"worker", death.worker},
                     {"host", death.host},
                     {"time_ms", death.time_ms},
                     {"failure", failure_json(death.failure)}});
  }
  json["attempts"] = std::move(tries);
  json["end"] = nullptr;
  if (story.end) {
    const EvaluationResult& result = story.end->result;
    json["end"] = {{"attempt", result.attempt.value},
                   {"worker", story.end->worker},
                   {"time_ms", story.end->time_ms},
                   {"backend", result.backend},
                   {"elapsed_ms", result.cost.elapsed_ms}};
    json["end"]["failure"] = result.failure ? failure_json(*result.failure) : Json(nullptr);
  }
  return json;
}

}  // namespace

Result<std::vector<EvaluationStory>> stories_of(SqliteJournal& journal, std::int64_t point,
                                                const std::optional<std::string>& page) {
  const auto results = read_results(journal);
  if (!results) return results.error();
  const Screening& screening = results->record.screening;
  if (point < -1 || point >= std::int64_t{screening.design.points}) {
    return Error{fmt::format("there is no point {}: they are -1 (the untouched page) to {}", point,
                             screening.design.points - 1)};
  }
  const auto pages = pages_named(screening, page);
  if (!pages) return pages.error();
  const auto attempts = journal.attempts();
  if (!attempts) return attempts.error();
  std::vector<EvaluationStory> stories;
  for (const std::uint32_t index : *pages) {
    EvaluationStory& story = stories.emplace_back();
    story.id = {PageIndex{index}, PointIndex{point}};
    story.page = screening.pages[index].names.front();
    story.setting = setting_text(*results, story.id.point);
    for (const AttemptRow& row : *attempts) {
      if (row.id == story.id) story.deaths.push_back(row);
    }
  }
  for (const StoredEvaluation& stored : results->evaluations) {
    for (EvaluationStory& story : stories) {
      if (story.id == stored.result.id) story.end = stored;
    }
  }
  return stories;
}

std::string stories_text(const std::vector<EvaluationStory>& stories) {
  std::string text;
  for (const EvaluationStory& story : stories) text += story_text(story);
  return text;
}

std::string stories_json(const std::vector<EvaluationStory>& stories) {
  Json json = Json::array();
  for (const EvaluationStory& story : stories) json.push_back(story_json(story));
  return Json{{"evaluations", std::move(json)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ocrs
