// high_fidelity.flatten: subtracts the paper, found by dilation and median. Factors bg_dilate, bg_blur, each made odd
// upwards. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction flatten_stage();

}  // namespace ocrs
