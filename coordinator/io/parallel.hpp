// Does numbered jobs on several threads while the calling thread keeps watch: for work that waits for evaluator
// children, one child per thread. Decides nothing about the jobs. Signals should be blocked before (the threads inherit
// the mask).
#pragma once

#include <cstddef>
#include <functional>

namespace ocrs {

/// What one thread does with job i; made in that thread, and gone with it.
using JobRunner = std::function<void(std::size_t job)>;

/// Jobs 0 … count - 1 in that order, on up to `threads` threads. `watch` is called by the calling thread several times
/// a second with the number of jobs finished; once it returns false no further job is begun and those under way are
/// waited for, while it goes on being called. True = all jobs were done. The first exception of a job is thrown at the
/// end.
[[nodiscard]] bool run_in_parallel(std::size_t count, std::size_t threads,
                                   const std::function<JobRunner()>& make_runner,
                                   const std::function<bool(std::size_t finished)>& watch);

}  // namespace ocrs
