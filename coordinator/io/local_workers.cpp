#include "coordinator/io/local_workers.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/core/exit_codes.hpp"

namespace ocrs {

namespace {
using namespace std::chrono_literals;
constexpr TimePoint long_enough = 60s;  // a worker that lived so long has started well
constexpr std::uint32_t short_lives_max = 3;
constexpr std::size_t line_bytes_max = 4096;
}  // namespace

LocalWorkers::LocalWorkers(LocalWorkersPlan plan) : plan_(std::move(plan)) { agents_.resize(plan_.agents); }

Result<void> LocalWorkers::tend(TimePoint now) {
  for (Agent& agent : agents_) {
    if (agent.process) {
      read_log(agent);
      const auto exit = agent.process->try_reap();
      if (!exit) continue;
      read_log(agent);
      const std::string last_words = agent.tail.text();
      agent.process.reset();
      if (stopping_) continue;
      if (!exit->signalled && exit->code == local_drained_exit_code) {
        agent.drained = true;
        lines_.push_back("the local worker is drained; `ocrscreen resume` starts it again");
        continue;
      }
      agent.short_lives = now - agent.started < long_enough ? agent.short_lives + 1 : 0;
      lines_.push_back("the local worker " + to_string(*exit) + "; it is started again");
      // Only a refusal counts as hopeless: a worker that is killed again and again may be somebody's test of us.
      const bool refuses = !exit->signalled && exit->code == 2;
      if (refuses && agent.short_lives >= short_lives_max) {
        return Error{"the local worker cannot start: " + last_words};
      }
      agent.start_at = now + std::min<TimePoint>(200ms * (1 << std::min(agent.short_lives, 7u)), 30s);
      continue;
    }
    if (stopping_ || agent.drained || now < agent.start_at) continue;
    ChildOptions options;
    options.executable = plan_.program;
    const bool keyed = !plan_.join.empty();
    options.arguments = {keyed ? "--join" : "--connect", keyed ? plan_.join.string() : plan_.endpoint, "--slots",
                         plan_.fill_machine ? "auto" : "1", "--local"};
    auto process = ChildProcess::spawn(options);
    if (!process) return process.error();
    agent.process = std::move(*process);
    agent.started = now;
    agent.partial.clear();
    agent.tail = ErrorTail{};
  }
  return {};
}

void LocalWorkers::read_log(Agent& agent) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(agent.process->error_output(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    agent.tail.take(bytes);
    for (const char c : bytes) {
      if (c == '\n' || agent.partial.size() >= line_bytes_max) {
        lines_.push_back(std::move(agent.partial));
        agent.partial.clear();
      }
      if (c != '\n') agent.partial.push_back(c);
    }
  }
}

std::vector<std::string> LocalWorkers::lines() { return std::exchange(lines_, {}); }

void LocalWorkers::start_drained() {
  for (Agent& agent : agents_) agent.drained = false;
}

void LocalWorkers::stop() {
  stopping_ = true;
  for (Agent& agent : agents_) {
    if (agent.process) ::kill(agent.process->pid(), SIGTERM);
  }
}

void LocalWorkers::kill() {
  stopping_ = true;
  for (Agent& agent : agents_) {
    if (agent.process) agent.process->kill();
    agent.process.reset();
  }
}

bool LocalWorkers::any() const {
  return std::any_of(agents_.begin(), agents_.end(), [](const Agent& agent) { return agent.process.has_value(); });
}

}  // namespace ocrs
