// high_fidelity.clahe: local histogram equalisation. Factors clahe_clip, clahe_tile (tiles per side). Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction clahe_stage();

}  // namespace ocrs
