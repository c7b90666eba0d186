// Signals as readable events of a poll loop. block_signals() belongs at the start of main, before the first thread,
// so that every thread inherits the mask; SignalFd then hands the signals over one by one.
#pragma once

#include <initializer_list>
#include <optional>

#include "common/io/fd.hpp"

namespace ocrs {

/// Blocks these signals in this thread and the threads it makes later, and ignores SIGPIPE in the whole process.
/// Children made by ChildProcess start with nothing blocked.
void block_signals(std::initializer_list<int> signals);

class SignalFd {
 public:
  /// The signals must be blocked already. Throws StartupError when the kernel refuses.
  explicit SignalFd(std::initializer_list<int> signals);
  [[nodiscard]] int descriptor() const { return fd_.get(); }  // readable while a signal waits
  /// The next waiting signal's number; never blocks.
  [[nodiscard]] std::optional<int> next();

 private:
  UniqueFd fd_;
};

}  // namespace ocrs
