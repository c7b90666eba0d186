// Non-local means for 8-bit grey images, bit for bit what cv::fastNlMeansDenoising gives, several times faster.
// One source for every instruction set Highway knows; the best one of the machine is chosen at run time.
//
// Method: Buades, Coll, Morel, "Non-Local Means Denoising", IPOL 2011, in OpenCV's integer form: weight tables of the
// block distance / 64, sums in 32 bits. Sums of integers may be taken in any order, so here each of the offsets of half
// the search window is done for a whole tile at once, and its weight serves both pixels of the pair.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs::kernels {

/// Denoised copy of an 8-bit 1-channel image, template window 7. `h` > 0, `window` odd, 3 to 21.
/// Falls back to OpenCV itself for h above about 27, where the weight table outgrows the kernel's.
[[nodiscard]] cv::Mat non_local_means(const cv::Mat& grey, float h, int window);

}  // namespace ocrs::kernels
