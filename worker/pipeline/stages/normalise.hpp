// standard.normalise: divides the page by its blurred self, which levels shading. Factor norm_kernel (k = 2n + 1).
// Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction normalise_stage();

}  // namespace ocrs
