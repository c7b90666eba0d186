// How many connected components a final image has: the deterministic measure of a binarisation that would keep layout
// analysis busy for minutes. Decides no limit. Pure; any thread.
#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>

namespace ocrs {

/// Number of 8-connected groups of dark pixels; dark = at or below the image's Otsu threshold as cv::threshold finds it
/// (for an image of 0 and 255 only, the pixels that are 0). `grey`: 8-bit, 1 channel.
[[nodiscard]] std::uint32_t dark_components(const cv::Mat& grey);

}  // namespace ocrs
