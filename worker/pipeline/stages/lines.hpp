// open.lines: choice lines = off, paint (as remove_lines with two dilations), inpaint (as inpaint_lines); factors
// line_h, line_v. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction lines_stage();

}  // namespace ocrs
