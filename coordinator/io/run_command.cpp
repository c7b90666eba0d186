#include <fmt/format.h>
#include <signal.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <set>

#include "common/core/codec.hpp"
#include "common/io/hash.hpp"
#include "common/io/host.hpp"
#include "common/io/logging.hpp"
#include "common/io/signals.hpp"
#include "common/io/socket.hpp"
#include "common/version.hpp"
#include "coordinator/core/design.hpp"
#include "coordinator/core/objective.hpp"
#include "coordinator/core/race.hpp"
#include "coordinator/core/scheduler.hpp"
#include "coordinator/io/ablate.hpp"
#include "coordinator/io/canary.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/control_server.hpp"
#include "coordinator/io/evaluator_client.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/listening.hpp"
#include "coordinator/io/live_page.hpp"
#include "coordinator/io/load_screening.hpp"
#include "coordinator/io/models.hpp"
#include "coordinator/io/operator_desk.hpp"
#include "coordinator/io/page_previews.hpp"
#include "coordinator/io/parallel_progress.hpp"
#include "coordinator/io/plan.hpp"
#include "coordinator/io/report.hpp"
#include "coordinator/io/server.hpp"
#include "coordinator/io/sqlite_journal.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {

namespace {

using namespace std::chrono_literals;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Screening load(const RunOptions& options, EvaluatorClient& evaluator) {
  const PageInspector inspector = [&](const std::filesystem::path& file, std::uint64_t max_pixels) {
    return evaluator.describe(file, max_pixels);
  };
  std::vector<std::string> warnings;
  Screening screening = load_screening(options.config, inspector, warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (options.points) screening.design.points = *options.points;
  std::set<std::string> languages;
  for (const Page& page : screening.pages) languages.insert(page.spec.languages);
  if (auto checked =
          evaluator.check_models(tessdata_folder(), {languages.begin(), languages.end()}, screening.engine.oem);
      !checked) {
    throw StartupError(fmt::format("{}: languages with ocr.oem {}: {}", options.config.string(), screening.engine.oem,
                                   checked.error().text));
  }
  return screening;
}

/// A number of agents, or nothing for auto.
std::optional<std::uint32_t> local_agents(const std::string& text) {
  constexpr std::uint32_t agents_max = 256;
  if (text == "auto") return std::nullopt;
  std::uint32_t agents = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), agents);
  if (failure != std::errc() || end != text.data() + text.size() || agents > agents_max) {
    throw StartupError(fmt::format("--local-workers {}: expected auto or a number from 0 to {}", text, agents_max));
  }
  return agents;
}

LocalWorkersPlan local_workers_plan(const std::string& text, const Listening& listening) {
  LocalWorkersPlan plan;
  plan.program = worker_program();
  plan.endpoint = endpoint_for_local(listening.control);
  plan.join = listening.local_join;
  const auto agents = local_agents(text);
  plan.fill_machine = !agents;
  if (agents) plan.agents = *agents;
  return plan;
}

ListeningOptions listening_options(const RunOptions& options) {
  return {options.bind, "", options.keys, options.insecure};
}

/// Said aloud: who may join, and how.
void tell_how_to_join(const RunOptions& options, const Listening& listening) {
  if (listening.allowed) {
    fmt::print(stderr,
               "traffic is encrypted and only keys on the list are let in; workers join with: ocrscreen-worker "
               "--join FILE (from ocrscreen keys add NAME), coordinator at {}\n",
               endpoint_for_others(listening.control));
    return;
  }
  const bool is_open = !is_loopback(parse_endpoint(listening.control).value());
  if (is_open) {
    fmt::print(stderr,
               "warning: --insecure: {} is open to every machine that reaches it, unencrypted and unchecked: they "
               "can read the pages and hand in results\n",
               listening.control);
  }
  if (options.local_workers == "0" || !options.bind.empty()) {
    fmt::print(stderr, "workers join with: ocrscreen-worker --connect {}\n", endpoint_for_others(listening.control));
  }
}

/// Whatever is wrong with the command is told before a page is read or a folder made.
void check_arguments(const RunOptions& options) {
  if (options.points && (!std::has_single_bit(*options.points) || *options.points > (1u << 20))) {
    throw StartupError(fmt::format("--points {}: expected a power of two from 1 to 1048576", *options.points));
  }
  static_cast<void>(local_agents(options.local_workers));
  if (!options.http.empty()) check_http_address(options.http);
  static_cast<void>(keys_to_use(listening_options(options)));
}

std::vector<Point> baseline_and_design(const Screening& screening) {
  std::vector<Point> points = points_in_schedule_order(screening, 0, screening.design.points);
  points.insert(points.begin(), Point{baseline_point, {}});
  return points;
}

void offer_blobs(BlobServer& blobs, const Screening& screening) {
  const auto offer_file = [&](const ContentHash& hash, const std::filesystem::path& path) {
    if (auto added = blobs.add_file(hash, path); !added) throw StartupError(added.error().text);
  };
  for (const Page& page : screening.pages) {
    offer_file(page.spec.file, page.file);
    if (page.spec.ground_truth) blobs.add_bytes(*page.spec.ground_truth, page.ground_truth);
  }
  for (const ModelRef& model : screening.models) {
    offer_file(model.hash, tessdata_folder() / (model.language + ".traineddata"));
  }
}

/// nullptr unless one is asked for.
std::unique_ptr<LivePage> live_page_of(const RunOptions& options, const std::filesystem::path& dir,
                                       const std::string& title, const ContentHash& run) {
  if (options.http.empty()) return nullptr;
  auto live = std::make_unique<LivePage>(options.http, LiveTitle{title, to_hex(run)}, dir);
  fmt::print(stderr, "live page: {}{}\n", live->url(),
             live->token_file().empty() ? "" : " (not encrypted; its token is in " + live->token_file() + ")");
  return live;
}

/// Taken up where the journal left it; nothing without `design: {racing: …}`.
std::optional<Race> race_of(const Screening& screening, const std::vector<StoredEvaluation>& known) {
  if (!screening.design.racing) return std::nullopt;
  std::vector<PageTraits> traits;
  for (const Page& page : screening.pages) traits.push_back(traits_of(page));
  Race race(*screening.design.racing, traits, screening.design.points, screening.design.seed);
  race.restore(known);
  return race;
}

SchedulerMemory memory_of(SqliteJournal& journal, const std::vector<StoredEvaluation>& known) {
  SchedulerMemory memory;
  memory.evaluations = known;
  auto attempts = journal.attempts();
  if (!attempts) throw StartupError(attempts.error().text);
  for (AttemptRow& row : *attempts) {
    memory.attempts.push_back(
        {row.id, row.attempt, std::move(row.failure), std::move(row.worker), std::move(row.host)});
  }
  const auto paused = journal.get(paused_setting);
  if (!paused) throw StartupError(paused.error().text);
  memory.paused = *paused && !(*paused)->empty();
  return memory;
}

/// Of a design this large, comparing the best setting's stages is a small part of the work.
constexpr std::uint32_t points_for_ablation = 32;

/// All files are written before this, and whatever comes in its way takes nothing from the run.
void tell_what_is_owed(const ScreeningResults& results, bool here, const std::filesystem::path& dir) {
  const PointScores* best = results.ranking.best();
  if (best == nullptr || best->point == baseline_point) return;
  if (!here || results.record.screening.design.points < points_for_ablation) {
    fmt::print("what it owes to each stage: ocrscreen ablate {}\n", dir.string());
    return;
  }
  std::fflush(stdout);
  try {
    const auto outcome = ablate(results, best->point, evaluators_that_fit());
    if (outcome) fmt::print("{}", outcome->text);
    if (!outcome)
      fmt::print("what it owes to each stage was not compared to the end: ocrscreen ablate {}\n", dir.string());
  } catch (const StartupError& error) {
    fmt::print("what it owes to each stage cannot be compared: {}\n", error.what());
  }
}

int finish(SqliteJournal& journal, const OutputPaths& paths, RunEnd end, bool work_here, Surrogate& surrogate) {
  const auto read = read_results(journal);
  if (!read) throw StartupError(read.error().text);
  const ScreeningResults& results = *read;
  const auto analysis = analysis_of(results, &surrogate);
  if (!analysis) throw StartupError(analysis.error().text);
  // The manifest comes last among the other files: whoever waits for it finds the report, too.
  if (auto written = write_report(paths, {results, *analysis, journal, page_previews(results.record)}); !written)
    throw StartupError(written.error().text);
  if (auto written = write_all(paths, results, *analysis); !written) throw StartupError(written.error().text);
  fmt::print("{}", summary_text(results, *analysis, paths));
  if (end == RunEnd::cancelled) fmt::print("cancelled: give the same command again to evaluate what is missing\n");
  if (end == RunEnd::interrupted) {
    fmt::print("interrupted: give the same command again to go on\n");
    return exit_interrupted;
  }
  if (end == RunEnd::complete) tell_what_is_owed(results, work_here, paths.dir);
  return results.account.missing + results.account.pending > 0 ? exit_missing : exit_complete;
}

}  // namespace

int run_command(const RunOptions& options, Surrogate& surrogate) {
  check_arguments(options);
  EvaluatorClient evaluator{worker_program()};
  Screening screening = load(options, evaluator);
  const auto engine = evaluator.versions();
  if (!engine) throw StartupError(engine.error().text);
  const ContentHash run = hash_bytes(identity_text(screening));
  const ScreeningSpec spec = screening_spec(screening, run);
  if (options.plan) return plan_screening(screening, spec, evaluator);

  const OutputFolder folder = OutputFolder::acquire(options.out);
  start_logging({.level = LogLevel::off, .file = folder.paths().log()});
  const auto journal = SqliteJournal::create_or_resume(folder, new_record(screening, *engine, wall_ms()));
  // `ocrscreen extend` may have asked for more.
  const auto record = journal->record();
  if (!record) throw StartupError(record.error().text);
  screening.design.points = record->screening.design.points;
  auto known = journal->evaluations();
  if (!known) throw StartupError(known.error().text);

  const std::uint64_t total = screening.pages.size() * (std::uint64_t{screening.design.points} + 1);
  fmt::print(stderr, "{}: {} pages x {} points and the untouched pages, {} evaluations{}\n", folder.dir().string(),
             screening.pages.size(), screening.design.points, total,
             known->empty() ? "" : fmt::format(", {} of them in the journal", known->size()));

  // From here on signals are events of the loop; threads that come later inherit the mask.
  block_signals({SIGINT, SIGTERM, SIGCHLD});
  SignalFd signals({SIGINT, SIGTERM, SIGCHLD});
  raise_descriptor_limit();  // one and more per worker
  WireContext context;
  ListeningOptions where = listening_options(options);
  if (const auto last = journal->get("bind"); last && *last) where.last = **last;
  Listening listening = listen(context, where, folder.dir());
  for (const auto& [setting, value] : {std::pair{"bind", listening.control}, {cancelled_setting, std::string{}}}) {
    if (auto kept = journal->set(setting, value); !kept) throw StartupError(kept.error().text);
  }
  offer_blobs(*listening.blobs, screening);
  LocalWorkers local_workers(local_workers_plan(options.local_workers, listening));
  tell_how_to_join(options, listening);

  SchedulerSettings settings;
  settings.screening = spec;
  settings.points = baseline_and_design(screening);
  settings.build = program_version;
  settings.blob_endpoint = listening.blob;
  settings.engine = *engine;
  settings.heartbeat_s = screening.cluster.heartbeat_s;
  settings.suspect_s = screening.cluster.suspect_s;
  settings.lease_s = screening.cluster.lease_s;
  // Later than every batch of an earlier incarnation, at any rate below a million batches a second.
  settings.first_batch = static_cast<std::uint64_t>(wall_ms()) * 1000;
  if (!options.bind.empty() || options.local_workers == "0") {
    settings.canary = read_canary(screening, spec, evaluator);
    settings.canary_host = machine_id();
  }
  const auto filled = journal->get(filled_setting);
  if (!filled) throw StartupError(filled.error().text);
  const bool fill = *filled && !(*filled)->empty();
  std::optional<Race> race = fill ? std::nullopt : race_of(screening, *known);
  if (race) settings.held_pages = race->held_pages();
  Scheduler scheduler(std::move(settings), memory_of(*journal, *known));
  if (scheduler.is_paused()) {
    fmt::print(stderr, "paused by an operator: `ocrscreen resume {}` goes on\n", folder.dir().string());
  }

  RankingBasis basis;
  for (const Page& page : screening.pages) basis.ground_truth.push_back(page.spec.ground_truth.has_value());
  auto objective = ranking_objective(screening.objective, basis.ground_truth);
  if (!objective) throw StartupError(objective.error().text);
  basis.objective = std::move(*objective);
  basis.points = screening.design.points;
  basis.evaluations = std::move(*known);

  ProgressLine progress(stderr);
  const std::unique_ptr<LivePage> live = live_page_of(options, folder.dir(), screening.title, run);
  ControlServer control(folder.paths().control_socket());
  OperatorDesk desk(scheduler, *journal, screening);
  Server server({*listening.router, signals, scheduler, *journal, local_workers, progress, control, desk,
                 live ? &live->state() : nullptr, listening.allowed.get()},
                std::move(basis), std::move(race));
  if (options.retry_failed) server.tell(RetryFailed{});
  if (fill) server.tell(FillDropped{});
  const RunEnd end = server.run();
  listening.blobs->stop();
  if (auto noted = note_numeric_classes(*journal, scheduler.workers(TimePoint{})); !noted) {
    throw StartupError(noted.error().text);
  }
  return finish(*journal, folder.paths(), end, options.local_workers != "0", surrogate);
}

}  // namespace ocrs
