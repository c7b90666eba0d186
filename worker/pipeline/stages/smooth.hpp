// open.smooth: choice smooth = off, gaussian, median; factor smooth_size, made odd upwards; size 1 does nothing.
// Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction smooth_stage();

}  // namespace ocrs
