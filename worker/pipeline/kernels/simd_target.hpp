// Which of the instruction sets that the kernels were compiled for this processor runs them with. Pure, any thread.
#pragma once

#include <string>

namespace ocrs::kernels {

/// Highway's name: "AVX2", "SSE4", "NEON", …
[[nodiscard]] std::string simd_target();

}  // namespace ocrs::kernels
