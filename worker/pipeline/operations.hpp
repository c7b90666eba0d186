// The image operations stages are made of, each a pure function: 8-bit 1-channel image in (const, not empty), new image
// out, of the same size
// but for resized() and within_width(). This is the seam for faster implementations (kernels/): whatever stands behind
// these functions must give the bits of the OpenCV 4.6 call named at each. Any thread.
#pragma once

#include <opencv2/core/mat.hpp>

namespace ocrs {

/// Where long dark lines are: 255, else 0. Otsu-inverse threshold; MORPH_OPEN twice with a length_h x 1 and with a
/// 1 x length_v rectangle; their saturating sum; dilated by a 3x3 square `dilations` times. Even lengths are kept as
/// they are (OpenCV's anchor then shifts the opening). Lengths below 1 count as 1, dilations below 0 as 0.
[[nodiscard]] cv::Mat line_mask(const cv::Mat& grey, int length_h, int length_v, int dilations);

/// A copy with every pixel that is not 0 in `mask` set to 255.
[[nodiscard]] cv::Mat painted_white(const cv::Mat& grey, const cv::Mat& mask);

/// cv::inpaint(radius 3, Telea) of the pixels that are not 0 in `mask`; a single row or column is doubled for it,
/// because OpenCV reads outside of such an image.
[[nodiscard]] cv::Mat inpainted(const cv::Mat& grey, const cv::Mat& mask);

/// cv::resize to width x height: INTER_AREA when a side shrinks, else INTER_CUBIC.
[[nodiscard]] cv::Mat resized(const cv::Mat& grey, int width, int height);

/// `grey` itself (not a copy) when width_max is 0 or its width is within it, else reduced by INTER_AREA to that width;
/// the height keeps the proportion, rounded, at least 1.
[[nodiscard]] cv::Mat within_width(const cv::Mat& grey, int width_max);

/// cv::threshold BINARY | OTSU.
[[nodiscard]] cv::Mat otsu_threshold(const cv::Mat& grey);

/// cv::medianBlur; size odd and > 0.
[[nodiscard]] cv::Mat median_blur(const cv::Mat& grey, int size);

/// cv::GaussianBlur, size x size, sigma 0, default border; size odd and > 0.
[[nodiscard]] cv::Mat gaussian_blur(const cv::Mat& grey, int size);

/// cv::divide(grey, gaussian_blur(grey, size), 255) in 8 bits: 0 where the blur is 0.
[[nodiscard]] cv::Mat divided_by_blur(const cv::Mat& grey, int size);

/// cv::fastNlMeansDenoising(h, template 7, search `window`); h > 0, window odd.
[[nodiscard]] cv::Mat non_local_means(const cv::Mat& grey, float h, int window);

/// 255 - |grey - medianBlur(dilate(grey, dilate x dilate), blur)|, stretched to 0-255 (cv::normalize MINMAX: an image
/// of one level becomes 0). Both sizes odd and > 0.
[[nodiscard]] cv::Mat flattened(const cv::Mat& grey, int dilate, int blur);

/// cv::createCLAHE(clip, tiles x tiles); tiles > 0.
[[nodiscard]] cv::Mat equalised(const cv::Mat& grey, double clip, int tiles);

/// The 8-bit Gaussian mean inside cv::adaptiveThreshold(GAUSSIAN_C, block); block odd and >= 3. It does not depend on
/// C.
[[nodiscard]] cv::Mat adaptive_mean(const cv::Mat& grey, int block);

/// 255 where grey > mean - c, else 0: with adaptive_mean(grey, block) and c = ceil(C), the bits of
/// cv::adaptiveThreshold(255, GAUSSIAN_C, BINARY, block, C).
[[nodiscard]] cv::Mat above_mean(const cv::Mat& grey, const cv::Mat& mean, int c);

/// Sauvola and Pietikäinen, Pattern Recognition 33 (2000): 255 where grey > m (1 + k (s / 128 - 1)), else 0; mean m and
/// population standard deviation s over (2n+1)² pixels around, the image's edge pixels repeated outside of it.
/// Sums are integers; n is held within 1-1000.
[[nodiscard]] cv::Mat sauvola_threshold(const cv::Mat& grey, int n, double k);

/// Linear stretch that takes the 1st percentile to 0 and the 99th to 255, clipped outside. The p-th percentile is the
/// smallest level with at least p % of the pixels at or below it; equal percentiles leave the image as it is.
[[nodiscard]] cv::Mat stretched(const cv::Mat& grey);

/// The value itself when odd, else one more; at least `least`, which must be odd.
[[nodiscard]] int odd_upwards(int value, int least);

}  // namespace ocrs
