// The command line of `ocrscreen`: arguments to verbs. The only user of CLI11 in the coordinator.
#pragma once

#include "coordinator/core/surrogate.hpp"

namespace ocrs {

/// `surrogate` serves the analysis of the verbs that make one.
/// Runs the verb and returns the exit code; a wrong command line is told on stderr and gives 2.
[[nodiscard]] int run_coordinator_cli(int argc, char** argv, Surrogate& surrogate);

}  // namespace ocrs
