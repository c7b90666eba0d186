// standard.binarise: adaptive threshold; factors bin_block (block 2n + 1), bin_c. open.binarise: choice binarise = off,
// otsu, adaptive, sauvola; factors bin_block, bin_c; sauvola_window (2n + 1), sauvola_k. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction standard_binarise_stage();
[[nodiscard]] StageFunction open_binarise_stage();

}  // namespace ocrs
