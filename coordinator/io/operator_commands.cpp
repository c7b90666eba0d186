// The verbs that speak to the coordinator at work in a DIR: status, watch, workers, pause, resume, cancel,
// retry-failed, drain, extend, explain.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "coordinator/io/commands.hpp"
#include "coordinator/io/control_client.hpp"
#include "coordinator/io/explain.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/operator_desk.hpp"
#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/progress.hpp"
#include "coordinator/io/sqlite_journal.hpp"
#include "coordinator/io/status.hpp"

namespace ocrs {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

/// What the coordinator at work in DIR says; nullopt = none is. A refusal ends the command.
std::optional<ControlReply> ask(const OutputPaths& paths, const ControlRequest& request) {
  const auto answer = ask_coordinator(paths.control_socket(), request);
  if (!answer) throw StartupError(answer.error().text);
  if (*answer && !(*answer)->ok) throw StartupError((*answer)->text);
  return *answer;
}

Json data_of(const ControlReply& reply) {
  Json json = Json::parse(reply.data, nullptr, false);
  return json.is_object() ? json : Json::object();
}

void print(const Json& json, int indent = 2) {
  fmt::print("{}\n", json.dump(indent, ' ', false, Json::error_handler_t::replace));
  std::fflush(stdout);
}

template <class Value>
Value field(const Json& json, const char* key, Value otherwise) {
  const auto found = json.find(key);
  if (found == json.end()) return otherwise;
  try {
    return found->get<Value>();
  } catch (const nlohmann::json::exception&) {
    return otherwise;
  }
}

/// A peer's text on one line of a terminal.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

ProgressNumbers numbers_of(const Json& live) {
  const Json counts = live.value("evaluations", Json::object());
  ProgressNumbers numbers;
  numbers.total = field<std::uint64_t>(counts, "total", 0);
  numbers.failed = field<std::uint64_t>(counts, "failed", 0);
  numbers.missing = field<std::uint64_t>(counts, "missing", 0);
  numbers.finished = field<std::uint64_t>(counts, "done", 0) + numbers.failed + numbers.missing;
  numbers.workers = field<std::uint32_t>(live, "workers", 0);
  numbers.lanes = field<std::uint32_t>(live, "lanes", 0);
  numbers.per_second = field<double>(live, "per_second", 0);
  const double remaining = field<double>(live, "remaining_s", -1);
  if (remaining >= 0) numbers.remaining = std::chrono::seconds{static_cast<std::int64_t>(std::min(remaining, 1e9))};
  const std::string state = field<std::string>(live, "state", "");
  if (state != "running") numbers.state = state;
  const std::string trouble = field<std::string>(live, "trouble", "");
  if (!trouble.empty()) numbers.state = "paused: " + shown(trouble);
  return numbers;
}

std::string live_text(const Json& live) {
  return fmt::format("{}: {}\n", field<std::string>(live, "state", ""), progress_text(numbers_of(live), 0));
}

std::string worker_note(const Json& worker) {
  std::string note;
  const auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
  if (const auto aside = field<std::string>(worker, "set_aside", ""); !aside.empty()) add("set aside: " + shown(aside));
  if (!field<bool>(worker, "admitted", true)) add("its canary is awaited");
  if (field<bool>(worker, "other_numbers", false)) add("numbers of its own class");
  return note;
}

std::string workers_text(const Json& list) {
  if (list.empty()) return "no worker has joined yet\n";
  std::string text = fmt::format("{:<32} {:<9} {:>9} {:>8} {:>7} {:>7} {:>8} {:>8}  {}\n", "worker", "state", "lanes",
                                 "done", "failed", "deaths", "per s", "heard", "");
  for (const Json& worker : list) {
    const std::string lanes =
        fmt::format("{}/{}", field<unsigned>(worker, "lanes_busy", 0), field<unsigned>(worker, "lanes", 0));
    text += fmt::format("{:<32} {:<9} {:>9} {:>8} {:>7} {:>7} {:>8.2f} {:>6.0f} s  {}\n",
                        shown(field<std::string>(worker, "worker", "")), field<std::string>(worker, "state", ""), lanes,
                        field<std::uint64_t>(worker, "done", 0), field<std::uint64_t>(worker, "failed", 0),
                        field<std::uint64_t>(worker, "deaths", 0), field<double>(worker, "per_second", 0),
                        field<double>(worker, "heard_s_ago", 0), worker_note(worker));
  }
  return text;
}

constexpr char nobody_text[] = "no coordinator is at work there";

}  // namespace

int status_command(const std::filesystem::path& dir, bool json) {
  const OutputPaths paths = existing_output(dir);
  const auto results = results_of_folder(dir);
  if (!results) throw StartupError(results.error().text);
  const auto live = ask(paths, {});
  if (!json) {
    fmt::print("{}{}", status_text(*results), live ? live_text(data_of(*live)) : "");
    return exit_complete;
  }
  Json told = Json::parse(status_json(*results));
  told["coordinator"] = live ? data_of(*live) : Json(nullptr);
  print(told);
  return exit_complete;
}

int watch_command(const std::filesystem::path& dir, bool json) {
  const OutputPaths paths = existing_output(dir);
  ProgressLine line(stdout);
  bool seen = false;
  while (const auto live = ask(paths, {})) {
    seen = true;
    const Json data = data_of(*live);
    if (json) print(data, -1);
    const auto now = std::chrono::duration_cast<RateMeter::Time>(std::chrono::steady_clock::now().time_since_epoch());
    if (!json) line.show(numbers_of(data), now);
    std::this_thread::sleep_for(1s);
  }
  if (!json && seen) line.finish();
  if (!json) fmt::print("{}\n", seen ? "the coordinator has ended" : nobody_text);
  return status_command(dir, json);
}

int workers_command(const std::filesystem::path& dir, bool json) {
  const OutputPaths paths = existing_output(dir);
  if (const auto live = ask(paths, {.verb = ControlVerb::workers})) {
    const Json data = data_of(*live);
    if (json) print(data);
    if (!json) fmt::print("{}", workers_text(data.value("workers", Json::array())));
    return exit_complete;
  }
  const auto results = results_of_folder(dir);
  if (!results) throw StartupError(results.error().text);
  Json list = Json::array();
  for (const auto& [worker, records] : results->account.workers) {
    list.push_back({{"worker", worker}, {"state", "gone"}, {"records", records}});
    if (!json) fmt::print("{:<32} {} final records\n", shown(worker), records);
  }
  if (json) print({{"workers", std::move(list)}});
  if (!json) fmt::print("{}\n", nobody_text);
  return exit_complete;
}

int operator_command(const std::filesystem::path& dir, const ControlRequest& request, bool json) {
  const OutputPaths paths = existing_output(dir);
  const auto reply = ask(paths, request);
  if (!reply) {
    std::string text =
        fmt::format("{}: no coordinator is at work there, `{}` needs one", dir.string(), to_string(request.verb));
    if (request.verb == ControlVerb::retry_failed) text += ": give `ocrscreen run` with --retry-failed";
    throw StartupError(text);
  }
  if (json) print({{"ok", true}, {"text", reply->text}});
  if (!json) fmt::print("{}\n", shown(reply->text));
  return exit_complete;
}

int extend_command(const std::filesystem::path& dir, std::uint32_t points, bool json) {
  const OutputPaths paths = existing_output(dir);
  std::string text;
  if (const auto reply = ask(paths, {.verb = ControlVerb::extend, .points = points})) {
    text = reply->text;
  } else {
    const OutputFolder folder = OutputFolder::acquire(dir);
    const auto journal = SqliteJournal::open(folder);
    const auto record = journal->record();
    if (!record) throw StartupError(record.error().text);
    const std::uint32_t had = record->screening.design.points;
    if (const std::string why = extension_refusal(had, points); !why.empty()) throw StartupError(why);
    if (auto kept = journal->set(extended_setting, std::to_string(points)); !kept)
      throw StartupError(kept.error().text);
    if (auto kept = journal->extend_to(points); !kept) throw StartupError(kept.error().text);
    text = fmt::format("{} points instead of {}; the next `ocrscreen run` into {} evaluates the new ones", points, had,
                       dir.string());
  }
  if (json) print({{"ok", true}, {"text", text}});
  if (!json) fmt::print("{}\n", text);
  return exit_complete;
}

int fill_command(const std::filesystem::path& dir, bool json) {
  const OutputPaths paths = existing_output(dir);
  std::string text;
  if (const auto reply = ask(paths, {.verb = ControlVerb::fill})) {
    text = reply->text;
  } else {
    const OutputFolder folder = OutputFolder::acquire(dir);
    const auto journal = SqliteJournal::open(folder);
    if (auto kept = journal->set(filled_setting, "1"); !kept) throw StartupError(kept.error().text);
    text = fmt::format("the next `ocrscreen run` into {} evaluates what a race dropped", dir.string());
  }
  if (json) print({{"ok", true}, {"text", text}});
  if (!json) fmt::print("{}\n", text);
  return exit_complete;
}

int explain_command(const std::filesystem::path& dir, std::int64_t point, const std::optional<std::string>& page,
                    bool json) {
  const OutputPaths paths = existing_output(dir);
  const auto journal = SqliteJournal::open_read_only(dir);
  auto stories = stories_of(*journal, point, page);
  if (!stories) throw StartupError(stories.error().text);
  for (EvaluationStory& story : *stories) {
    const auto live = ask_coordinator(paths.control_socket(), {.verb = ControlVerb::explain, .evaluation = story.id});
    if (!live || !*live || !(*live)->ok) continue;
    const Json data = data_of(**live);
    story.state = field<std::string>(data, "state", "");
    story.attempts = field<std::uint32_t>(data, "attempts", 0);
    story.holders = field<std::vector<std::string>>(data, "holders", {});
  }
  if (json) fmt::print("{}", stories_json(*stories));
  if (!json) fmt::print("{}", stories_text(*stories));
  return exit_complete;
}

}  // namespace ocrs
