#include "common/io/child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <map>

#include "common/core/utf8.hpp"
#include "common/io/frame_stream.hpp"

extern char** environ;

namespace ocrs {
namespace {

constexpr std::size_t tail_bytes_max = 2048;

// RLIMIT_AS and AddressSanitizer's shadow memory exclude each other.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool can_limit_address_space = false;
#elif defined(__has_feature)
constexpr bool can_limit_address_space = !__has_feature(address_sanitizer);
#else
constexpr bool can_limit_address_space = true;
#endif

/// Everything the child needs between fork and exec, made before the fork: there, nothing may allocate or lock.
struct Launch {
  const char* executable = nullptr;
  std::vector<char*> arguments, environment;  // null-terminated
  int socket = -1, socket_number = -1;
  int error_output = -1;  // -1 = keep stdout and stderr
  int status = -1;        // where a failure is written
  int null_input = -1;
  pid_t parent = -1;
  rlim_t address_space_max = RLIM_INFINITY;
  std::vector<unsigned long> processors;  // bit mask
  std::array<char, 16> oom_score{};       // text, empty = as it is
};

/// What the child writes when it cannot run the executable.
struct LaunchFailure {
  int step = 0, error = 0;
};
constexpr std::array<const char*, 6> launch_steps = {"cannot be run",
                                                     "cannot be given its own process group",
                                                     "cannot be tied to its parent",
                                                     "cannot be given its descriptors",
                                                     "cannot be given its memory limit",
                                                     "cannot be bound to its processors"};

[[noreturn]] void give_up(int status, int step) {
  const LaunchFailure failure{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(status, &failure, sizeof failure);
  ::_exit(127);
}

void close_descriptors(unsigned first, unsigned last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto end = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  for (unsigned fd = first; fd <= last && fd < end; ++fd) ::close(static_cast<int>(fd));
}

/// Runs in the child. Only system calls that are safe after a fork of a threaded process.
[[noreturn]] void run_child(const Launch& launch) {
  // Out of the way of the numbers that are about to be assigned.
  const int above = launch.socket_number + 1;
  const int status = ::fcntl(launch.status, F_DUPFD_CLOEXEC, above);
  if (status < 0) ::_exit(127);
  const int socket = ::fcntl(launch.socket, F_DUPFD_CLOEXEC, above);
  if (socket < 0) give_up(status, 3);

  if (::setpgid(0, 0) != 0) give_up(status, 1);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(status, 2);
  if (::getppid() != launch.parent) ::_exit(127);  // It died before the tie was made.

  if (::dup2(launch.null_input, 0) < 0) give_up(status, 3);
  if (launch.error_output >= 0 && (::dup2(launch.error_output, 1) < 0 || ::dup2(launch.error_output, 2) < 0))
    give_up(status, 3);
  if (::dup2(socket, launch.socket_number) < 0) give_up(status, 3);
  close_descriptors(3, static_cast<unsigned>(launch.socket_number) - 1);
  close_descriptors(static_cast<unsigned>(launch.socket_number) + 1, static_cast<unsigned>(status) - 1);
  close_descriptors(static_cast<unsigned>(status) + 1, UINT_MAX);

  if (!launch.processors.empty() &&
      ::sched_setaffinity(0, launch.processors.size() * sizeof(unsigned long),
                          reinterpret_cast<const cpu_set_t*>(launch.processors.data())) != 0)
    give_up(status, 5);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);  // A core file would hold page text.
  if (launch.address_space_max != RLIM_INFINITY) {
    const rlimit limit{launch.address_space_max, launch.address_space_max};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) give_up(status, 4);
  }
  if (launch.oom_score[0] != '\0') {
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
      [[maybe_unused]] const ssize_t written =
          ::write(file, launch.oom_score.data(), std::strlen(launch.oom_score.data()));
      ::close(file);
    }
  }

  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  ::execve(launch.executable, launch.arguments.data(), launch.environment.data());
  give_up(status, 0);
}

std::vector<std::string> environment_of(const ChildOptions& options) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<unsigned long> processor_mask(const std::vector<int>& processors) {
  constexpr std::size_t bits = CHAR_BIT * sizeof(unsigned long);
  std::vector<unsigned long> mask;
  for (const int processor : processors) {
    const auto number = static_cast<std::size_t>(processor);
    if (number / bits >= mask.size()) mask.resize(number / bits + 1);
    mask[number / bits] |= 1UL << (number % bits);
  }
  return mask;
}

Error system_error(const std::filesystem::path& path, const char* what) {
  return Error{path.string() + ": " + what + ": " + std::strerror(errno)};
}

/// fork with every signal blocked, so that no handler of ours runs in the child.
pid_t fork_child(const Launch& launch) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_child(launch);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace

std::string to_string(const ChildExit& exit) {
  if (!exit.signalled) return "ended with exit status " + std::to_string(exit.code);
  const char* name = ::sigdescr_np(exit.code);
  return "was killed by signal " + std::to_string(exit.code) + (name ? " (" + std::string(name) + ")" : "");
}

bool ErrorTail::read_from(int descriptor) {
  std::array<char, 4096> buffer;
  for (int round = 0; round < 64; ++round) {  // A child that never stops writing must not hold the loop.
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (got == 0) return false;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
  return true;
}

void ErrorTail::take(std::string_view bytes) {
  bytes_ += bytes;
  if (bytes_.size() > tail_bytes_max) bytes_.erase(0, bytes_.size() - tail_bytes_max);
}

std::string ErrorTail::text() const {
  std::string text;
  for (const char c : bytes_) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F ? '?' : c);
  }
  // The cut may have gone through a character; a replaced byte takes three.
  std::size_t begin = 0;
  while (begin < text.size() && begin < 3 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
  text = made_utf8(std::string_view(text).substr(begin), 3 * tail_bytes_max);
  if (text.size() <= tail_bytes_max) return text;
  begin = text.size() - tail_bytes_max;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
  return text.substr(begin);
}

Result<ChildProcess> ChildProcess::spawn(const ChildOptions& options) {
  OCRS_CHECK(options.socket_number > 2, "the child's socket would replace a standard stream");
  auto sockets = make_socket_pair();
  if (!sockets) return sockets.error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(options.executable, "cannot be started");
  UniqueFd status_read(ends[0]), status_write(ends[1]);
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(options.executable, "cannot be started");
  UniqueFd error_read(ends[0]), error_write(ends[1]);
  ::fcntl(error_read.get(), F_SETFL, O_NONBLOCK);
  const UniqueFd null_input(::open("/dev/null", O_RDONLY | O_CLOEXEC));

  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.executable.string());
  std::vector<std::string> environment = environment_of(options);
  Launch launch;
  launch.executable = arguments.front().c_str();
  launch.arguments = pointers_to(arguments);
  launch.environment = pointers_to(environment);
  launch.socket = sockets->theirs.get();
  launch.socket_number = options.socket_number;
  launch.error_output = options.own_stderr ? error_write.get() : -1;
  launch.status = status_write.get();
  launch.null_input = null_input.get();
  launch.parent = ::getpid();
  if (options.address_space_bytes_max > 0 && can_limit_address_space)
    launch.address_space_max = options.address_space_bytes_max;
  launch.processors = processor_mask(options.processors);
  if (options.oom_score_adj > 0) {
    const std::string score = std::to_string(std::min(options.oom_score_adj, 1000));
    std::copy(score.begin(), score.end(), launch.oom_score.begin());
  }

  const pid_t pid = fork_child(launch);
  if (pid < 0) return system_error(options.executable, "cannot be started");
  status_write.reset();
  error_write.reset();
  sockets->theirs.reset();
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ChildProcess child(pid, std::move(pidfd), std::move(sockets->ours),
                     options.own_stderr ? std::move(error_read) : UniqueFd());

  LaunchFailure failure;
  ssize_t got = 0;
  do got = ::read(status_read.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got == 0) return child;  // exec closed the pipe.
  child.kill();
  if (got != static_cast<ssize_t>(sizeof failure)) return Error{options.executable.string() + ": ended before it ran"};
  const auto step = std::min(static_cast<std::size_t>(failure.step), launch_steps.size() - 1);
  return Error{options.executable.string() + ": " + launch_steps[step] + ": " + std::strerror(failure.error)};
}

ChildProcess::ChildProcess(pid_t pid, UniqueFd pidfd, UniqueFd socket, UniqueFd error_output)
    : pid_(pid), pidfd_(std::move(pidfd)), socket_(std::move(socket)), stderr_(std::move(error_output)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      socket_(std::move(other.socket_)),
      stderr_(std::move(other.stderr_)),
      exit_(std::move(other.exit_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  if (pid_ > 0) kill();
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  socket_ = std::move(other.socket_);
  stderr_ = std::move(other.stderr_);
  exit_ = std::exchange(other.exit_, std::nullopt);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) kill();
}

void ChildProcess::signal_group(int signal) const {
  if (pid_ > 0 && !exit_) ::kill(-pid_, signal);
}

std::optional<ChildExit> ChildProcess::reap_with(int extra_flags) {
  if (exit_ || pid_ <= 0) return exit_;
  siginfo_t info{};
  int answer = 0;
  do answer = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | extra_flags);
  while (answer != 0 && errno == EINTR);
  if (answer == 0 && info.si_pid == 0) return std::nullopt;
  // While the leader is a zombie nobody else can have the group's number: what is left of it goes now.
  if (answer == 0) ::kill(-pid_, SIGKILL);
  do answer = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  while (answer != 0 && errno == EINTR);
  exit_ = answer == 0 ? ChildExit{info.si_code != CLD_EXITED, info.si_status} : ChildExit{false, -1};
  return exit_;
}

std::optional<ChildExit> ChildProcess::try_reap() { return reap_with(WNOHANG); }

ChildExit ChildProcess::reap() { return reap_with(0).value_or(ChildExit{false, -1}); }

ChildExit ChildProcess::kill() {
  signal_group(SIGKILL);
  return reap();
}

Result<std::filesystem::path> own_executable() {
  std::error_code failure;
  auto path = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) return Error{"the program's own file cannot be found: " + failure.message()};
  return path;
}

}  // namespace ocrs
