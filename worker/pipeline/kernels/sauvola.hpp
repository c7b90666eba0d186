// Sauvola's threshold of 8-bit grey images, in time that does not depend on the window, for every instruction set
// Highway knows; the best one of the machine is chosen at run time. Bit for bit what the formula gives in doubles.
//
// Window sums are differences of running sums. A pixel whose level is far enough from the threshold computed in 32-bit
// floats, whose error is bounded, is decided by it; the others, few, by the formula in doubles on exact integers.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs::kernels {

/// Sauvola and Pietikäinen, Pattern Recognition 33 (2000): 255 where grey > m (1 + k (s / 128 - 1)), else 0; mean m and
/// population standard deviation s over (2n+1)² pixels around, edge pixels repeated outside. `grey`: 8-bit, 1 channel,
/// not empty; n in 1-1000; k finite.
[[nodiscard]] cv::Mat sauvola(const cv::Mat& grey, int n, double k);

}  // namespace ocrs::kernels
