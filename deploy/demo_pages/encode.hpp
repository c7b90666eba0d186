// Encode: a grey picture as the bytes of a PNG or JPEG file that says it has 300 dpi (OpenCV writes no resolution).
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace ocrs::demo {

[[nodiscard]] std::vector<unsigned char> as_png(const cv::Mat1b& image);
/// Quality 1 … 100.
[[nodiscard]] std::vector<unsigned char> as_jpeg(const cv::Mat1b& image, int quality);

}  // namespace ocrs::demo
