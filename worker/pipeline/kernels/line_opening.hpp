// Long lines of a binary image: the two openings of OpenCV's recipe for lines, their sum and its dilation, bit for bit,
// in time that does not depend on the lengths.
//
// An opening by a straight line keeps runs that are long enough (van Herk 1992; Gil and Werman 1993), so runs are found
// instead of minima: along rows by looking at every K-th pixel only, down columns with one counter per column, row by
// row. Pure, any thread.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs::kernels {

/// What this gives for an 8-bit image of 0 and 255 (not empty): cv::morphologyEx(MORPH_OPEN, 2 iterations) with a
/// length_h x 1 and with a 1 x length_v rectangle, cv::add of both, cv::dilate with a 3x3 rectangle `dilations` times.
/// Lengths >= 1, dilations >= 0. Even lengths shift the lines as OpenCV's anchor does.
[[nodiscard]] cv::Mat line_opening(const cv::Mat& dark, int length_h, int length_v, int dilations);

}  // namespace ocrs::kernels
