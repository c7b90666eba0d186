// standard.remove_lines: paints long straight dark lines white, in plain pixels. Factors line_h, line_v, dilate_iter.
// Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction remove_lines_stage();

}  // namespace ocrs
