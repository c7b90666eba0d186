// Wear: from a set sheet to the object in the archive: ink that faded, ran or was rubbed, on paper with its grain,
// stains, folds, holes, a stamp, and the other side showing through. Pure; randomness comes in by seed.
#pragma once

#include <cstdint>

#include "deploy/demo_pages/damage.hpp"
#include "deploy/demo_pages/sheet.hpp"

namespace ocrs::demo {

/// Reflectance of the sheet, 0 = black … 1 = white. `back` is the ink of the other side as read from there.
[[nodiscard]] cv::Mat1f worn(const cv::Mat1b& ink, const cv::Mat1b& back, const Damage& damage, std::uint64_t seed);

}  // namespace ocrs::demo
