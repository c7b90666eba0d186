#include "worker/io/agent_shell.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/io/compression.hpp"
#include "common/io/host.hpp"
#include "common/io/logging.hpp"
#include "worker/io/hwloc_topology.hpp"

namespace ocrs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds tick_interval{500};
constexpr std::chrono::seconds memory_interval{2};

AgentOptions agent_options(const ShellOptions& shell, const StateFolder& state) {
  AgentOptions options = shell.agent;
  options.uuid = state.uuid();
  options.lanes = static_cast<std::uint32_t>(shell.placement.slots.size());
  options.plan = [topology = shell.topology, lanes = options.lanes](const ScreeningSpec& screening,
                                                                    std::optional<std::uint64_t> measured) {
    const std::uint64_t assumed = slot_bytes(largest_page_pixels(screening));
    const std::uint64_t each = measured.value_or(assumed);
    return LanePlan{slots_that_fit(topology, lanes, each), recycle_limit(std::max(assumed, each)), each};
  };
  options.memory_low_bytes = memory_low_mark(shell.topology);
  options.memory_high_bytes = memory_high_mark(shell.topology);
  options.compress = [](std::string_view reading) { return compress(reading); };
  const std::string seed = random_bytes(sizeof options.seed);
  for (const char byte : seed) options.seed = options.seed << 8 | static_cast<unsigned char>(byte);
  return options;
}

}  // namespace

AgentShell::AgentShell(ShellOptions options)
    : options_(std::move(options)),
      state_(StateFolder::open(options_.cache)),
      store_(state_.path(), options_.cache_bytes_max),
      spool_(state_.path() / "spool"),
      signals_({SIGTERM, SIGINT, SIGHUP}),
      link_(context_, options_.socket, options_.endpoints),
      fetcher_(context_, options_.socket, store_),
      slots_(options_.placement.slots.size()),
      agent_(agent_options(options_, state_)) {}

AgentTime AgentShell::now() const {
  return std::chrono::duration_cast<AgentTime>(std::chrono::steady_clock::now().time_since_epoch());
}

int AgentShell::run() {
  if (std::vector<ResultMessage> results = spool_.results(); !results.empty()) feed(SpoolLoaded{std::move(results)});
  feed(AgentStarted{});
  while (!exit_code_) {
    keep_spool();
    wait();
    take_signals();
    for (AgentEvent& event : link_.events()) feed(std::move(event));
    for (BlobFetcher::Answer& answer : fetcher_.answers()) {
      std::visit([this](auto& known) { feed(std::move(known)); }, answer);
    }
    for (std::uint32_t lane = 0; lane < slots_.size(); ++lane) take_reports(LaneIndex{lane});
    if (now() - ticked_ >= tick_interval) tick();
  }
  keep_spool();
  return *exit_code_;
}

void AgentShell::feed(AgentEvent event) {
  events_.push_back(std::move(event));
  // Effects may bring events of their own; these wait until the effects before them are carried out.
  if (std::exchange(feeding_, true)) return;
  while (!events_.empty() && !exit_code_) {
    const AgentEvent next = std::move(events_.front());
    events_.pop_front();
    if (const auto* lost = std::get_if<PageBytesLost>(&next)) slots_[lost->lane.value].deaf = false;
    for (const AgentEffect& effect : agent_.handle(next, now())) {
      std::visit([this](const auto& known) { carry_out(known); }, effect);
    }
  }
  feeding_ = false;
}

void AgentShell::wait() {
  std::vector<WaitItem> items;
  const auto watch = [&](int descriptor, bool writes = false) {
    if (descriptor >= 0) items.push_back({nullptr, descriptor, writes});
  };
  for (void* socket : link_.handles()) items.push_back({socket});
  watch(signals_.descriptor());
  watch(fetcher_.descriptor());
  for (const Slot& slot : slots_) {
    if (!slot.process) continue;
    if (slot.process->reads()) watch(slot.process->socket(), slot.process->wants_write());
    watch(slot.process->error_output());
    watch(slot.process->pidfd());
  }
  const AgentTime left = ticked_ + tick_interval - now();
  wait_ready(items, std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left)));
}

void AgentShell::take_signals() {
  while (const std::optional<int> signal = signals_.next()) {
    const bool is_interrupt = *signal == SIGINT;
    feed(StopRequested{false, is_interrupt ? 130 : 0, is_interrupt ? "interrupted" : "asked to stop"});
  }
}

void AgentShell::take_reports(LaneIndex lane) {
  Slot& slot = slots_[lane.value];
  if (!slot.process) return;
  for (EvaluatorReport& report : slot.process->reports()) {
    const auto* ready = std::get_if<Ready>(&report);
    if (ready != nullptr && !slot.is_ready) {
      slot.is_ready = true;
      feed(SlotReady{lane, ready->engine});
    } else {
      feed(SlotReport{lane, std::move(report)});
    }
  }
  if (std::optional<SlotDied> death = slot.process->death(lane)) {
    slot = Slot{};
    feed(std::move(*death));
  }
}

void AgentShell::tick() {
  ticked_ = now();
  if (ticked_ - measured_ >= memory_interval) {
    measured_ = ticked_;
    memory_free_ = memory_free_now();
  }
  feed(AgentTick{load_now(), memory_free_});
}

void AgentShell::keep_spool() {
  const Result<void> kept = spool_.flush();
  if (kept.ok()) {
    spool_complained_ = false;
  } else if (!std::exchange(spool_complained_, true)) {
    log_warning("results cannot be kept on disk for now, a kill of this worker would lose them: {}", kept.error().text);
  }
}

// ---- effects ----

void AgentShell::carry_out(const OpenConnection&) { link_.open(); }
void AgentShell::carry_out(const CloseConnection&) { link_.close(); }
void AgentShell::carry_out(const SendToCoordinator& effect) { link_.send(effect.message); }

void AgentShell::carry_out(const UseBlobEndpoint& effect) {
  const Result<std::string> endpoint = link_.resolved(effect.endpoint);
  if (endpoint.ok()) {
    fetcher_.use_endpoint(*endpoint);
  } else {
    log_error("the coordinator's blob endpoint \"{}\" cannot be used: {}", effect.endpoint, endpoint.error().text);
  }
}

void AgentShell::carry_out(const FetchBlob& effect) { fetcher_.fetch(effect); }

void AgentShell::carry_out(const StoreModels& effect) {
  const Result<std::filesystem::path> tessdata = store_.store_models(effect.models);
  if (tessdata.ok()) {
    feed(ModelsStored{tessdata->string()});
  } else {
    feed(ModelsFailed{tessdata.error().text});
  }
}

void AgentShell::carry_out(const StartSlot& effect) {
  SlotOptions slot;
  slot.program = options_.program;
  slot.processing_units = options_.placement.slots[effect.lane.value].units;
  slot.address_space_bytes_max = address_space_limit(options_.topology);
  Result<SlotProcess> started = SlotProcess::start(slot);
  if (started.ok()) {
    slots_[effect.lane.value].process.emplace(std::move(started).value());
  } else {
    feed(SlotDied{effect.lane, 0, 127, false, started.error().text});
  }
}

void AgentShell::carry_out(const KillSlot& effect) {
  if (std::optional<SlotProcess>& process = slots_[effect.lane.value].process) process->kill();
}

void AgentShell::carry_out(const SlotCommand& effect) {
  Slot& slot = slots_[effect.lane.value];
  if (!slot.process || slot.deaf) return;
  UniqueFd bytes;
  if (effect.page_bytes) {
    Result<UniqueFd> opened = store_.open(*effect.page_bytes);
    if (!opened) {
      slot.deaf = true;
      feed(PageBytesLost{effect.lane, *effect.page_bytes, opened.error().text});
      return;
    }
    bytes = std::move(opened).value();
  }
  slot.process->send(effect.command, std::move(bytes));
}

void AgentShell::carry_out(const SpoolWrite& effect) { spool_.write(effect.result); }
void AgentShell::carry_out(const SpoolErase& effect) { spool_.erase(effect.run, effect.evaluations); }

void AgentShell::carry_out(const DropPages&) {
  fetcher_.forget();
  if (!options_.keep_cache) store_.drop_pages();
}

void AgentShell::carry_out(const AgentExit& effect) {
  if (!effect.text.empty()) log_text(effect.code == 2 ? LogLevel::error : LogLevel::info, effect.text);
  exit_code_ = effect.code;
}

void AgentShell::carry_out(const AgentNotice& effect) {
  constexpr LogLevel levels[] = {LogLevel::info, LogLevel::warning, LogLevel::error};
  log_text(levels[static_cast<std::size_t>(effect.level)], effect.text);
}

}  // namespace ocrs
