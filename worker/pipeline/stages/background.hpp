// open.background: choice background = off, divide (as normalise), flatten (as flatten); factors norm_kernel;
// bg_dilate, bg_blur. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction background_stage();

}  // namespace ocrs
