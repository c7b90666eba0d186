// ChildProcess runs one executable as a child in a process group of its own, connected by a socket and by its stderr.
// The child dies with the THREAD that spawned it (PR_SET_PDEATHSIG): spawn from a thread that lives as long as the
// child may. Decides nothing about restarts or blame. One thread per object.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

struct ChildOptions {
  std::filesystem::path executable;                              // run as it is, no PATH search
  std::vector<std::string> arguments;                            // without argv[0]
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of this process's environment
  int socket_number = 3;                      // the descriptor number under which the child finds its end of the socket
  std::uint64_t address_space_bytes_max = 0;  // RLIMIT_AS; 0 = as this process
  std::vector<int> processors;                // OS numbers of the processing units it may use; empty = as this process
  int oom_score_adj = 0;                      // raised (never lowered) in the child; 0 = as this process
  bool own_stderr = true;                     // false = stderr stays this process's own
};

/// How a child ended.
struct ChildExit {
  bool signalled = false;
  int code = 0;  // exit status, or the signal's number
  [[nodiscard]] bool clean() const { return !signalled && code == 0; }
  bool operator==(const ChildExit&) const = default;
};
/// "ended with exit status 3", "was killed by signal 9 (Killed)".
[[nodiscard]] std::string to_string(const ChildExit& exit);

/// Keeps the last bytes of a child's stderr, at most 2 KiB, as printable UTF-8.
class ErrorTail {
 public:
  /// Takes what is there without blocking; false = the pipe has ended.
  bool read_from(int descriptor);
  void take(std::string_view bytes);
  [[nodiscard]] std::string text() const;

 private:
  std::string bytes_;
};

class ChildProcess {
 public:
  /// Returns once the child runs the executable; an executable that cannot be run is an Error that names it.
  [[nodiscard]] static Result<ChildProcess> spawn(const ChildOptions& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  /// Kills the group and reaps the child if that has not happened.
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable once the child has ended; -1 where the kernel has no pidfd (then rely on the socket's end or SIGCHLD).
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int socket() const { return socket_.get(); }        // stream socket, this side
  [[nodiscard]] int error_output() const { return stderr_.get(); }  // non-blocking pipe; -1 with own_stderr false
  /// Closes this side of the socket: a well-behaved child then ends by itself.
  void close_socket() { socket_.reset(); }

  /// Sends a signal to the child and all of its group. Nothing happens once it is reaped.
  void signal_group(int signal) const;
  /// How it ended, if it has; whatever is left of its group is killed then. Never blocks.
  [[nodiscard]] std::optional<ChildExit> try_reap();
  /// Blocks until the child has ended.
  ChildExit reap();
  /// SIGKILL to the group, then reap.
  ChildExit kill();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd, UniqueFd socket, UniqueFd error_output);
  [[nodiscard]] std::optional<ChildExit> reap_with(int extra_flags);

  pid_t pid_ = -1;  // leader of the group
  UniqueFd pidfd_, socket_, stderr_;
  std::optional<ChildExit> exit_;
};

/// The path of the running program's own file (/proc/self/exe).
[[nodiscard]] Result<std::filesystem::path> own_executable();

}  // namespace ocrs
