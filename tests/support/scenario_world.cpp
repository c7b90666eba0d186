#include "tests/support/scenario_world.hpp"

#include <algorithm>
#include <cmath>

#include "common/core/codec.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs::test {

namespace {
constexpr double tick_s = 1;
constexpr double commit_s = 0.05;
constexpr double journal_retry_s = 2;

ContentHash reading_of(const EvaluationId& id) {
  return numbered_hash(0x10000 + id.page.value * 4096 + static_cast<std::uint64_t>(id.point.value + 1));
}
}  // namespace

ScenarioWorld::ScenarioWorld(WorldOptions options)
    : options_(std::move(options)), random_(options_.seed), points_(options_.points), workers_(options_.workers) {
  start_coordinator();
  for (std::uint32_t index = 0; index < options_.workers; ++index) {
    workers_[index].speed = 0.5 + uniform();
    schedule(uniform(), [this, index] { start_worker(index); });
  }
  fault(options_.kill_worker_s, [this] {
    const auto index = static_cast<std::uint32_t>(random_() % workers_.size());
    if (!workers_[index].agent) return;
    ++faults_.workers_killed;
    kill_worker(index);
    schedule(1 + 30 * uniform(), [this, index] { start_worker(index); });
  });
  fault(options_.stop_worker_s, [this] {
    const auto index = static_cast<std::uint32_t>(random_() % workers_.size());
    if (workers_[index].agent) ++faults_.workers_stopped;
    feed_agent(index, StopRequested{false, 0, "SIGTERM"});
  });
  fault(options_.kill_evaluator_s, [this] {
    const auto index = static_cast<std::uint32_t>(random_() % workers_.size());
    if (!workers_[index].agent) return;
    const auto lane = static_cast<std::uint32_t>(random_() % options_.lanes);
    if (!workers_[index].slots[lane].alive) return;
    ++faults_.evaluators_killed;
    slot_dies(index, lane, 9);
  });
  fault(options_.kill_coordinator_s, [this] {
    kill_coordinator();
    schedule(0.2 + 20 * uniform() * uniform(), [this] { start_coordinator(); });
  });
  fault(options_.journal_failure_s, [this] {
    journal_.failure = "disk full";
    schedule(0.5 + 10 * uniform(), [this] { journal_.failure.reset(); });
  });
  fault(options_.pause_s, [this] {
    feed_coordinator(OperatorSaid{OperatorVerb::pause});
    paused_ = true;
    schedule(1 + 10 * uniform(), [this] {
      paused_ = false;
      feed_coordinator(OperatorSaid{OperatorVerb::resume});
    });
  });
}

// ---- time ----

void ScenarioWorld::schedule(double seconds, std::function<void()> action) {
  const Time at = now_ + Time{static_cast<std::int64_t>(1e6 * std::max(seconds, 0.0))};
  queue_.emplace(std::pair{at, ++scheduled_}, std::move(action));
}

void ScenarioWorld::fault(double mean_s, std::function<void()> action) {
  if (mean_s <= 0) return;
  for (double at = 0; (at += -mean_s * std::log(1 - uniform())) < options_.faults_until_s;) schedule(at, action);
}

void ScenarioWorld::at(double seconds, const SchedulerEvent& event) {
  complete_ = false;
  schedule(seconds, [this, event] {
    // Without a coordinator the operator tries again.
    if (!scheduler_) return at(1, event);
    if (const auto* extend = std::get_if<ExtendTo>(&event)) {
      points_ = std::max(points_, static_cast<std::uint32_t>(extend->points.size()) - 1);
    }
    feed_coordinator(event);
  });
}

void ScenarioWorld::wrong(const std::string& what) {
  if (!trouble_.empty()) return;
  trouble_ = "seed " + std::to_string(options_.seed) + ", at " + std::to_string(seconds()) + " s, event " +
             std::to_string(handled_) + ": " + what;
}

bool ScenarioWorld::is_over() const {
  if (!complete_ || !scheduler_ || !rows_.empty()) return false;
  return std::all_of(workers_.begin(), workers_.end(), [](const Process& worker) { return worker.spool.empty(); });
}

void ScenarioWorld::run() {
  while (trouble_.empty() && !is_over()) {
    if (queue_.empty()) return wrong("nothing will ever happen again");
    auto next = queue_.extract(queue_.begin());
    now_ = next.key().first;
    if (seconds() > options_.give_up_s) {
      const SchedulerCounts counts = scheduler_ ? scheduler_->counts() : SchedulerCounts{};
      return wrong("it is stuck: pending " + std::to_string(counts.pending) + " leased " +
                   std::to_string(counts.leased) + " retry " + std::to_string(counts.retry) + " uncommitted " +
                   std::to_string(counts.uncommitted) + " lanes " + std::to_string(counts.lanes));
    }
    next.mapped()();
  }
}

// ---- the coordinator ----

SchedulerSettings ScenarioWorld::settings(std::uint32_t points) const {
  SchedulerSettings settings = sample_settings(options_.pages, points);
  settings.heartbeat_s = 2;
  settings.suspect_s = 8;
  settings.lease_s = 40;
  settings.batch_target_s = options_.batch_target_s;
  settings.screening.limits.deadline_s = 20;
  settings.screening.models = {{"eng", numbered_hash(9), 100}};
  settings.first_batch = incarnation_ << 32;
  if (options_.canary) {
    settings.canary.emplace();
    settings.canary->id = evaluation(0, -1);
    settings.canary->scores = scores_of(settings.canary->id);
    settings.canary->reading = reading_of(settings.canary->id);
    settings.canary_host = "host0";
  }
  return settings;
}

void ScenarioWorld::start_coordinator() {
  if (scheduler_) return;
  ++incarnation_;
  SchedulerMemory memory;
  memory.evaluations = journal_.evaluations().value();
  for (const AttemptRow& row : journal_.attempt_rows) {
    memory.attempts.push_back({row.id, row.attempt, row.failure, row.worker, row.host});
  }
  memory.paused = paused_;
  scheduler_ = std::make_unique<Scheduler>(settings(points_), memory);
  tick_coordinator(incarnation_);
}

void ScenarioWorld::tick_coordinator(std::uint64_t incarnation) {
  schedule(tick_s, [this, incarnation] {
    if (!scheduler_ || incarnation_ != incarnation) return;
    feed_coordinator(Tick{});
    tick_coordinator(incarnation);
  });
}

void ScenarioWorld::kill_coordinator() {
  if (!scheduler_ || complete_) return;
  ++faults_.coordinators_killed;
  faults_.rows_lost += rows_.size();
  scheduler_.reset();
  rows_.clear();
  tickets_.clear();
  commit_due_ = journal_failing_ = false;
  // Some workers are told by their transport, for others the socket reconnects silently.
  for (std::uint32_t index = 0; index < workers_.size(); ++index) {
    if (workers_[index].connection_up && chance(0.5)) feed_agent_later(index, uniform(), ConnectionDown{"reset"});
  }
}

void ScenarioWorld::feed_coordinator(const SchedulerEvent& event) {
  if (!scheduler_ || !trouble_.empty()) return;
  ++handled_;
  for (SchedulerEffect& effect : scheduler_->handle(event, now_)) carry_out(std::move(effect));
  if (const auto broken = scheduler_->broken_invariant()) wrong("coordinator: " + *broken);
}

void ScenarioWorld::carry_out(SchedulerEffect effect) {
  if (auto* send = std::get_if<SendToWorker>(&effect)) {
    to_worker(send->to.routing, send->message);
  } else if (auto* commit_row = std::get_if<CommitFinal>(&effect)) {
    FinalRow row;
    row.status = commit_row->status;
    row.result = commit_row->result;
    row.reading = commit_row->reading;
    row.worker = commit_row->worker;
    rows_.emplace_back(std::move(row));
    tickets_.push_back(commit_row->ticket);
  } else if (auto* attempt = std::get_if<CommitAttempt>(&effect)) {
    rows_.emplace_back(AttemptRow{attempt->id, attempt->attempt, attempt->failure, attempt->worker, attempt->host, 0});
  } else if (auto* reopen = std::get_if<CommitReopen>(&effect)) {
    for (const EvaluationId& id : reopen->evaluations) {
      rows_.emplace_back(ReopenRow{id});
      final_acknowledged_.erase(id);
    }
    complete_ = false;
  } else if (std::holds_alternative<ScreeningComplete>(effect)) {
    complete_ = true;
  }
  if (rows_.empty() || std::exchange(commit_due_, true)) return;
  schedule(commit_s * uniform(), [this] { commit(); });
}

void ScenarioWorld::commit() {
  commit_due_ = false;
  if (!scheduler_ || rows_.empty()) return;
  if (auto appended = journal_.append(rows_); !appended) {
    if (!std::exchange(journal_failing_, true)) feed_coordinator(JournalFailed{appended.error().text});
    commit_due_ = true;
    schedule(journal_retry_s, [this] { commit(); });
    return;
  }
  rows_.clear();
  const Committed committed{std::exchange(tickets_, {})};
  if (std::exchange(journal_failing_, false)) feed_coordinator(JournalWorks{});
  feed_coordinator(committed);
}

// What must never be sent, whatever happened before.
void ScenarioWorld::check_sent(std::uint32_t worker, const CoordinatorMessage& message) {
  if (const auto* acknowledge = std::get_if<Acknowledge>(&message)) {
    for (const HeldEvaluation& held : acknowledge->evaluations) {
      if (held.attempt == canary_attempt) continue;
      const auto& spool = workers_[worker].spool;
      const auto spooled = spool.find({held.id, held.attempt});
      const bool scored = spooled != spool.end() && !spooled->second.result.failure;
      const bool journaled = journal_.finals.contains(held.id);
      if (scored && !journaled) wrong("a result is acknowledged that is not on disk");
      if (journaled) final_acknowledged_.insert(held.id);
    }
  } else if (const auto* batch = std::get_if<Batch>(&message)) {
    for (const Point& point : batch->points) {
      if (batch->attempts.front() == canary_attempt) continue;
      if (final_acknowledged_.contains({batch->page, point.index})) wrong("an acknowledged evaluation is run again");
    }
  }
}

// ---- workers ----

void ScenarioWorld::start_worker(std::uint32_t index) {
  Process& worker = workers_[index];
  if (worker.agent || worker.ended) return;
  ++worker.life;
  AgentOptions options;
  options.build = "0.1.0";
  options.uuid = numbered_uuid(index + 1);
  options.host_id = options.host_name = "host" + std::to_string(index % options_.hosts);
  options.engine = {"5.3.0", "1.82.0", "4.6.0"};
  options.lanes = options_.lanes;
  options.seed = random_();
  worker.agent = std::make_unique<Agent>(options);
  worker.slots.assign(options_.lanes, Slot{});
  SpoolLoaded spooled;
  for (const auto& [key, result] : worker.spool) spooled.results.push_back(result);
  feed_agent(index, spooled);
  feed_agent(index, AgentStarted{});
  tick_worker(index, worker.life);
}

void ScenarioWorld::tick_worker(std::uint32_t index, std::uint64_t life) {
  schedule(tick_s, [this, index, life] {
    if (workers_[index].life != life || !workers_[index].agent) return;
    feed_agent(index, AgentTick{});
    tick_worker(index, life);
  });
}

void ScenarioWorld::kill_worker(std::uint32_t index) {
  Process& worker = workers_[index];
  if (!worker.agent) return;
  worker.agent.reset();
  ++worker.life;
  for (Slot& slot : worker.slots) ++slot.life;
  worker_of_connection_.erase(worker.connection);
  worker.connection.clear();
  worker.connection_up = false;
}

void ScenarioWorld::feed_agent(std::uint32_t index, const AgentEvent& event) {
  Process& worker = workers_[index];
  if (!worker.agent || !trouble_.empty()) return;
  ++handled_;
  const std::uint64_t life = worker.life;
  for (AgentEffect& effect : worker.agent->handle(event, now_)) {
    if (worker.life == life) carry_out(index, std::move(effect));
  }
  if (!worker.agent) return;
  if (const std::string broken = worker.agent->broken_invariant(); !broken.empty()) {
    wrong("worker " + std::to_string(index) + ": " + broken);
  }
}

void ScenarioWorld::feed_agent_later(std::uint32_t index, double seconds, AgentEvent event) {
  schedule(seconds, [this, index, life = workers_[index].life, event = std::move(event)] {
    if (workers_[index].life == life) feed_agent(index, event);
  });
}

void ScenarioWorld::carry_out(std::uint32_t index, AgentEffect effect) {
  Process& worker = workers_[index];
  if (std::holds_alternative<OpenConnection>(effect)) {
    worker_of_connection_.erase(worker.connection);
    worker.connection = "c" + std::to_string(++connections_);
    worker_of_connection_[worker.connection] = index;
    worker.connection_up = scheduler_ != nullptr;
    const double after = 0.01 * uniform();
    if (worker.connection_up) {
      feed_agent_later(index, after, ConnectionUp{});
    } else {
      feed_agent_later(index, after, ConnectionDown{"refused"});
    }
  } else if (std::holds_alternative<CloseConnection>(effect)) {
    worker_of_connection_.erase(worker.connection);
    worker.connection.clear();
    worker.connection_up = false;
  } else if (auto* send = std::get_if<SendToCoordinator>(&effect)) {
    to_coordinator(index, send->message);
  } else if (auto* fetch = std::get_if<FetchBlob>(&effect)) {
    if (chance(2 * options_.drop)) {
      feed_agent_later(index, uniform(), BlobFailed{fetch->hash, "the connection broke", false});
    } else {
      feed_agent_later(index, 0.3 * uniform(), BlobArrived{fetch->hash, fetch->with_bytes ? "text" : ""});
    }
  } else if (std::holds_alternative<StoreModels>(effect)) {
    feed_agent_later(index, 0.1, ModelsStored{"/tessdata"});
  } else if (auto* start = std::get_if<StartSlot>(&effect)) {
    Slot& slot = worker.slots[start->lane.value];
    ++slot.life;
    slot = Slot{slot.life, true, std::nullopt, std::nullopt};
    const SlotReady ready{start->lane, {"5.3.0", "1.82.0", "4.6.0"}};
    schedule(0.1 + 0.3 * uniform(), [this, index, life = worker.life, slot_life = slot.life, ready] {
      if (workers_[index].life != life || workers_[index].slots[ready.lane.value].life != slot_life) return;
      feed_agent(index, ready);
    });
  } else if (auto* kill = std::get_if<KillSlot>(&effect)) {
    const std::uint32_t lane = kill->lane.value;
    schedule(0.01, [this, index, lane, life = worker.life, slot_life = worker.slots[lane].life] {
      if (workers_[index].life != life || workers_[index].slots[lane].life != slot_life) return;
      workers_[index].slots[lane].evaluating.reset();
      slot_dies(index, lane, 9);
    });
  } else if (auto* command = std::get_if<SlotCommand>(&effect)) {
    slot_command(index, *command);
  } else if (auto* write = std::get_if<SpoolWrite>(&effect)) {
    worker.spool[{write->result.result.id, write->result.result.attempt}] = write->result;
  } else if (auto* erase = std::get_if<SpoolErase>(&effect)) {
    for (const HeldEvaluation& held : erase->evaluations) worker.spool.erase({held.id, held.attempt});
  } else if (auto* exit = std::get_if<AgentExit>(&effect)) {
    if (exit->code != 0) wrong("worker " + std::to_string(index) + " gives up: " + exit->text);
    kill_worker(index);
    // Somebody starts it again, as a service manager does.
    schedule(1 + 20 * uniform(), [this, index] { start_worker(index); });
  }
}

// ---- evaluators ----

void ScenarioWorld::slot_command(std::uint32_t index, const SlotCommand& command) {
  Slot& slot = workers_[index].slots[command.lane.value];
  if (const auto* load = std::get_if<LoadPage>(&command.command)) {
    if (slot.page != load->page.value) slot.page.reset();
  } else if (const auto* work = std::get_if<Evaluate>(&command.command)) {
    evaluate(index, command.lane.value, slot.life, *work, 0);
  }
}

void ScenarioWorld::slot_dies(std::uint32_t index, std::uint32_t lane, std::int32_t signal) {
  Slot& slot = workers_[index].slots[lane];
  if (slot.evaluating) ++deaths_[*slot.evaluating];
  ++slot.life;
  slot.alive = false;
  slot.page.reset();
  slot.evaluating.reset();
  feed_agent(index, SlotDied{LaneIndex{lane}, signal, 0, false, ""});
}

void ScenarioWorld::evaluate(std::uint32_t index, std::uint32_t lane, std::uint64_t life, const Evaluate& command,
                             std::size_t next) {
  Process& worker = workers_[index];
  Slot& slot = worker.slots[lane];
  if (next == command.points.size()) {
    slot.evaluating.reset();
    feed_agent(index, SlotReport{LaneIndex{lane}, EvaluateDone{command.batch, 1, 1}});
    return;
  }
  const EvaluationId id{command.page, command.points[next].index};
  slot.evaluating = id;
  ++runs_;
  const std::uint64_t worker_life = worker.life;
  const auto alive = [this, index, lane, life, worker_life] {
    return workers_[index].life == worker_life && workers_[index].slots[lane].life == life;
  };
  if (slot.page != command.page.value) {
    feed_agent(index, SlotReport{LaneIndex{lane}, Started{id, "decode"}});
    if (options_.deadly_pages.contains(command.page.value)) {
      schedule(0.05, [=, this] {
        if (alive()) slot_dies(index, lane, 11);
      });
      return;
    }
    slot.page = command.page.value;
    ++stage_runs_[{index, lane, command.page.value}];
  }
  feed_agent(index, SlotReport{LaneIndex{lane}, Started{id, "recognise"}});
  const double seconds = options_.evaluation_s * worker.speed * (0.5 + uniform()) * (1 + command.page.value % 3);
  schedule(seconds, [=, this] {
    if (!alive()) return;
    if (options_.deadly.contains(id)) return slot_dies(index, lane, 11);
    Evaluated evaluated;
    evaluated.batch = command.batch;
    evaluated.result.id = id;
    evaluated.result.attempt = command.attempts[next];
    evaluated.result.scores = scores_of(id);
    evaluated.result.cost.elapsed_ms = 1000 * seconds;
    evaluated.result.reading = reading_of(id);
    evaluated.result.backend = "cpu";
    evaluated.reading = "reading of " + std::to_string(id.page.value) + "/" + std::to_string(id.point.value);
    feed_agent(index, SlotReport{LaneIndex{lane}, evaluated});
    if (alive()) evaluate(index, lane, life, command, next + 1);
  });
}

// ---- the wire ----

void ScenarioWorld::on_wire(std::function<void()> deliver) {
  const bool faults = seconds() < options_.faults_until_s;
  if (faults && chance(options_.drop)) {
    ++faults_.frames_dropped;
    return;
  }
  const int copies = faults && chance(options_.duplicate) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    // In order unless a frame is held up: equal delays keep the order they were sent in.
    const bool held_up = faults && (copy > 0 || chance(options_.reorder));
    schedule(0.001 + (held_up ? 3 * uniform() : 0), deliver);
  }
}

void ScenarioWorld::to_coordinator(std::uint32_t index, const WorkerMessage& message) {
  const std::string connection = workers_[index].connection;
  on_wire([this, connection, frame = encode(message)] {
    Result<WorkerMessage> decoded = decode_worker_message(frame);
    if (!decoded) return wrong("a worker's frame cannot be read: " + decoded.error().text);
    feed_coordinator(WorkerSaid{{connection}, std::move(*decoded)});
  });
}

void ScenarioWorld::to_worker(const std::string& connection, const CoordinatorMessage& message) {
  const auto known = worker_of_connection_.find(connection);
  if (known == worker_of_connection_.end()) {
    // The transport may or may not have noticed that nobody is there.
    if (chance(0.5)) schedule(0, [this, connection] { feed_coordinator(ConnectionLost{{connection}}); });
    return;
  }
  check_sent(known->second, message);
  on_wire([this, connection, frame = encode(message)] {
    const auto still = worker_of_connection_.find(connection);
    if (still == worker_of_connection_.end()) return;
    Result<CoordinatorMessage> decoded = decode_coordinator_message(frame);
    if (!decoded) return wrong("the coordinator's frame cannot be read: " + decoded.error().text);
    feed_agent(still->second, CoordinatorSaid{std::move(*decoded)});
  });
}

}  // namespace ocrs::test
