// The Gaussian mean that cv::adaptiveThreshold compares with, bit for bit, several times faster. One source for every
// instruction set Highway knows; the best one of the machine is chosen at run time.
//
// OpenCV sums in 32-bit floats, tap by tap, with fused multiply-additions where the machine has AVX2. The order of the
// additions is part of the result, so it is kept; what is gained comes from several sums at once that stay in
// registers.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs::kernels {

/// What cv::adaptiveThreshold(ADAPTIVE_THRESH_GAUSSIAN_C) subtracts C from: the block x block Gaussian mean around each
/// pixel, edge pixels repeated outside, rounded to 8 bits (halves to even). `grey`: 8-bit, 1 channel, not empty;
/// `block` odd and >= 3. Left to OpenCV: blocks of 3 and 5, images of one row or column, machines without AVX2.
[[nodiscard]] cv::Mat adaptive_mean(const cv::Mat& grey, int block);

}  // namespace ocrs::kernels
