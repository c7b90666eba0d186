// Scanner: from the sheet in hand to the stored picture: how it lay, what lay around it, the light, the lens, the
// sensor. Pure; randomness comes in by seed.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "deploy/demo_pages/damage.hpp"

namespace ocrs::demo {

/// 8-bit grey picture of a sheet (reflectance 0 … 1); `facing` is the reflectance of the page beside it, if any lies
/// there (Bed::facing_page), else it is not looked at.
[[nodiscard]] cv::Mat1b scanned(const cv::Mat1f& sheet, const cv::Mat1f& facing, const Damage& damage,
                                std::uint64_t seed);

}  // namespace ocrs::demo
