// open.scale: choice resize = off, on; factor scale. The width stays within 4000 px: a larger scale is lowered to that,
// sides are rounded to whole pixels, and a scale that changes neither side does nothing. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction scale_stage();

}  // namespace ocrs
