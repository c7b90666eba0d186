// open.contrast: choice contrast = off, clahe (as clahe), stretch (1st to 99th percentile); factors clahe_clip,
// clahe_tile. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction contrast_stage();

}  // namespace ocrs
