#include "common/io/signals.hpp"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "common/core/result.hpp"

namespace ocrs {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  OCRS_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0, "blocking signals");
  std::signal(SIGPIPE, SIG_IGN);
}

SignalFd::SignalFd(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  fd_.reset(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd_) throw StartupError(std::string("cannot receive signals: ") + std::strerror(errno));
}

std::optional<int> SignalFd::next() {
  signalfd_siginfo info{};
  ssize_t got = 0;
  do got = ::read(fd_.get(), &info, sizeof info);
  while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace ocrs
