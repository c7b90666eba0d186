// What makes a process fit to be an evaluator, beyond what its spawner sets before exec (own process group, death with
// the spawner, limits, processors: common/io/child_process.hpp): no threads inside the libraries, no core file, first
// to go when memory is short. Reads nothing of a screening. Called once, before anything is decoded or read.
#pragma once

#include <string_view>

#include "common/core/result.hpp"

namespace ocrs {

/// `environment` as of /proc/PID/environ (entries end with NUL): Tesseract's threads are off only if OMP_THREAD_LIMIT=1
/// was there when the program was started, because libgomp reads it before main.
[[nodiscard]] Result<void> check_thread_limit(std::string_view environment);

/// Checks this process' own thread limit and sets the rest. The Error is one sentence; the process must then end.
[[nodiscard]] Result<void> set_up_evaluator_process();

}  // namespace ocrs
