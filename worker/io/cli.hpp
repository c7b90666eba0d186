// The command line of ocrscreen-worker: reads arguments, starts what they ask for. Decides no exit code but those of
// bad arguments; main prints what cannot start.
#pragma once

namespace ocrs {

/// Returns the exit code: 0, 2 cannot start, 130 interrupted. Throws StartupError.
[[nodiscard]] int run_worker_cli(int argc, char** argv);

}  // namespace ocrs
