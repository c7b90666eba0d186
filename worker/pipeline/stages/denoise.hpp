// standard.denoise, high_fidelity.denoise and open.denoise: non-local means. Factors denoise_h and, but for
// high_fidelity (window 21), noise_threshold: the window is 15 where the image's variance of the Laplacian is below
// the threshold, else 21. h <= 0 does nothing. Pure; any thread.
#pragma once

#include "worker/pipeline/stage.hpp"

namespace ocrs {

[[nodiscard]] StageFunction standard_denoise_stage();
[[nodiscard]] StageFunction high_fidelity_denoise_stage();
[[nodiscard]] StageFunction open_denoise_stage();

}  // namespace ocrs
