// Gaussian blur of 8-bit grey images, bit for bit what cv::GaussianBlur with sigma 0 gives, many times faster for large
// kernels. One source for every instruction set Highway knows; the best one of the machine is chosen at run time.
//
// OpenCV blurs 8-bit images with whole-number weights / 256 and rounds once, at the end: all in between is exact, so
// the sums may be taken in any order. Large kernels have few distinct weights: pixels of equal weight are added up
// first.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs::kernels {

/// Blurred copy of an 8-bit 1-channel image (not empty), size x size, sigma 0, border BORDER_REFLECT_101; `size` odd
/// and > 0. Left to OpenCV: small sizes, and parts of larger images, where it reads around the part and sums in float.
[[nodiscard]] cv::Mat gaussian_blur(const cv::Mat& grey, int size);

}  // namespace ocrs::kernels
