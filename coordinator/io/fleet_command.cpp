// `ocrscreen fleet`: one ssh of the system per host, several at a time; script, answer and complaints go through memory
// files, so that no pipe can fill up and no key appears in an argument list.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "common/io/fd.hpp"
#include "common/io/file.hpp"
#include "common/io/keys.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/fleet_hosts.hpp"
#include "coordinator/io/parallel.hpp"

extern char** environ;

namespace ocrs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t file_bytes_max = 1u << 20;
constexpr off_t answer_bytes_max = 1 << 20;
constexpr std::chrono::seconds doctor_time_max{60};  // a machine that starts an evaluator for the first time

std::string contents(int fd) {
  std::string bytes(static_cast<std::size_t>(answer_bytes_max), '\0');
  const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

/// The last line that is not empty, without what a terminal would act on.
std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', end);
  std::string line = text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
  line = line.substr(0, line.find_last_not_of(" \r\n") + 1).substr(0, 400);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 32 || c == 127; }, ' ');
  return line;
}

struct SshAnswer {
  int code = -1;  // of ssh; -1 = none came in time
  std::string output, complaint;
};

Result<SshAnswer> ask(std::vector<std::string> command, const std::string& script, Clock::duration within) {
  const UniqueFd in(::memfd_create("script", MFD_CLOEXEC)), out(::memfd_create("answer", MFD_CLOEXEC)),
      err(::memfd_create("complaint", MFD_CLOEXEC));
  if (!in || !out || !err ||
      ::pwrite(in.get(), script.data(), script.size(), 0) != static_cast<ssize_t>(script.size())) {
    return Error{std::string("no memory file: ") + std::strerror(errno)};
  }
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.get(), 2);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Error{fmt::format("{} cannot be run: {}", command[0], std::strerror(failed))};

  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Clock::time_point end = Clock::now() + within;
  int status = 0;
  bool killed = false;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    struct stat size {};
    if (!killed && (Clock::now() > end || (::fstat(out.get(), &size) == 0 && size.st_size > answer_bytes_max))) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
    pollfd watched{ended.get(), POLLIN, 0};
    ::poll(&watched, ended ? 1 : 0, ended ? 200 : 20);
  }
  return SshAnswer{killed || !WIFEXITED(status) ? -1 : WEXITSTATUS(status), contents(out.get()), contents(err.get())};
}

std::vector<std::string> ssh_command(const FleetHost& host, const FleetOptions& options) {
  std::vector<std::string> command{"ssh", "-T",
                                   "-o",  "BatchMode=yes",
                                   "-o",  fmt::format("ConnectTimeout={}", options.timeout_s),
                                   "-o",  "ServerAliveInterval=5",
                                   "-o",  "ServerAliveCountMax=3"};
  if (options.ssh_config) command.insert(command.end(), {"-F", options.ssh_config->string()});
  if (host.port) command.insert(command.end(), {"-p", std::to_string(*host.port)});
  if (!host.user.empty()) command.insert(command.end(), {"-l", host.user});
  command.insert(command.end(), {"--", host.host, "sh -s"});
  return command;
}

FleetVerdict visit(const FleetHost& host, FleetVerb verb, const std::string& join_text, const FleetOptions& options) {
  const auto within = std::chrono::seconds(options.timeout_s + options.wait_s) + doctor_time_max;
  const auto answer = ask(ssh_command(host, options), fleet_script(host, verb, join_text, options.wait_s), within);
  if (!answer) return {false, answer.error().text};
  if (answer->code == 0) return fleet_verdict(verb, answer->output);
  if (answer->code == -1) return {false, fmt::format("no answer within {} s", within.count())};
  const std::string why = last_line(answer->complaint);
  return {false, fmt::format("{}: {}", answer->code == 255 ? "not reached" : "its shell failed",
                             why.empty() ? fmt::format("ssh ended with {}", answer->code) : why)};
}

/// Contents of the join files, one per host, all checked before the first host is asked.
std::vector<std::string> join_texts(const std::vector<FleetHost>& hosts) {
  std::vector<std::string> texts;
  std::string errors;
  for (const FleetHost& host : hosts) {
    std::string& text = texts.emplace_back();
    std::string wrong;
    if (host.join.empty()) {
      if (host.connect.empty()) wrong = "neither join=FILE nor connect=tcp://HOST:PORT";
    } else if (const auto checked = read_join_file(host.join); !checked) {
      wrong = checked.error().text;
    } else {
      auto read = read_file(host.join, file_bytes_max);
      if (read) text = *read;
      if (!read) wrong = read.error().text;
    }
    if (!wrong.empty()) errors += (errors.empty() ? "" : "\n") + host.name + ": " + wrong;
  }
  if (!errors.empty()) throw StartupError(errors);
  return texts;
}

}  // namespace

int fleet_command(const std::string& verb_name, const FleetOptions& options) {
  const FleetVerb verb = verb_name == "start"  ? FleetVerb::start
                         : verb_name == "stop" ? FleetVerb::stop
                                               : FleetVerb::status;
  const auto text = read_file(options.hosts, file_bytes_max);
  if (!text) throw StartupError(text.error().text);
  const auto hosts = parse_fleet_hosts(*text, options.hosts);
  if (!hosts) throw StartupError(hosts.error().text);
  const std::vector<std::string> joins =
      verb == FleetVerb::start ? join_texts(*hosts) : std::vector<std::string>(hosts->size());

  std::size_t widest = 0;
  for (const FleetHost& host : *hosts) widest = std::max(widest, host.name.size());
  std::mutex printing;
  std::atomic<std::size_t> good{0};
  const auto make_runner = [&]() -> JobRunner {
    return [&](std::size_t i) {
      const FleetVerdict verdict = visit((*hosts)[i], verb, joins[i], options);
      good += verdict.good ? 1 : 0;
      const std::lock_guard lock(printing);
      fmt::print("{:<{}}  {}  {}\n", (*hosts)[i].name, widest, verdict.good ? "ok " : "BAD", verdict.text);
      std::fflush(stdout);
    };
  };
  if (!run_in_parallel(hosts->size(), std::min<std::size_t>(options.jobs, hosts->size()), make_runner,
                       [](std::size_t) { return true; })) {
    return exit_interrupted;
  }
  fmt::print("{} of {} hosts: ok\n", good.load(), hosts->size());
  return good == hosts->size() ? exit_complete : exit_missing;
}

}  // namespace ocrs
