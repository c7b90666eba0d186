// Exit codes by which one of our programs tells another how it ended. Those of `ocrscreen` for people are in
// coordinator/io/commands.hpp.
#pragma once

#include <cstdint>

namespace ocrs {

/// A worker that a coordinator started for itself and then drained: not to be started again. Other workers end with 0.
inline constexpr std::int32_t local_drained_exit_code = 3;

}  // namespace ocrs
