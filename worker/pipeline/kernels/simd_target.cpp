#include "worker/pipeline/kernels/simd_target.hpp"

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace ocrs::kernels {

std::string simd_target() {
  const auto usable = static_cast<std::uint64_t>(hwy::SupportedTargets()) & static_cast<std::uint64_t>(HWY_TARGETS);
  // The lowest bit is the best target, and the one that dynamic dispatch takes.
  const std::uint64_t best = usable & (~usable + 1);
  return hwy::TargetName(static_cast<std::remove_cv_t<decltype(hwy::SupportedTargets())>>(best));
}

}  // namespace ocrs::kernels
