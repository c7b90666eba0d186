// high_fidelity.inpaint_lines: fills long straight dark lines from their surroundings. Factors inpaint_h, inpaint_v.
// Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction inpaint_lines_stage();

}  // namespace ocrs
