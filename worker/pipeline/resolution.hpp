// How many dots per inch a page without a resolution tag probably has, and how noisy it is: rough, documented, the same
// on every machine. Used for listing pages, for px300 factors and for the stratified sample. Pure; any thread.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs {

/// 150-600, from the height of letters, else from the width of the page (PIPELINE.md "Resolution").
[[nodiscard]] double estimated_dpi(const cv::Mat& grey);

/// Standard deviation of additive noise in grey levels (Immerkær, Fast Noise Variance Estimation, CVIU 1996, eq. 6):
/// sqrt(pi/2) / (6 (W-2) (H-2)) times the sum of |grey * N|, N = (1 -2 1; -2 4 -2; 1 -2 1), inside pixels only.
/// 0 when width or height is below 3.
[[nodiscard]] double noise_sigma(const cv::Mat& grey);

}  // namespace ocrs
