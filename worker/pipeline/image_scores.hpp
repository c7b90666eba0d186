// Scores that need no text: what DESIGN §4 calls sharpness, contrast and cnr, of the last stage's output.
// Pure functions of 8-bit 1-channel images; any thread.
#pragma once

#include <opencv2/core/mat.hpp>
#include <optional>

namespace ocrs {

struct ImageScores {
  double sharpness = 0;       // variance of the Laplacian, grey levels squared
  double contrast = 0;        // population standard deviation of the grey levels
  std::optional<double> cnr;  // (mean light - mean dark) / sqrt(variance light + variance dark), classes by Otsu;
                              // empty when both variances are 0 or there is one class only
  bool operator==(const ImageScores&) const = default;
};

/// All three; 0, 0 and empty for an empty image.
[[nodiscard]] ImageScores image_scores(const cv::Mat& grey);

/// Population variance of cv::Laplacian(grey, CV_64F) (3x3 kernel 0 1 0 / 1 -4 1 / 0 1 0, border reflected without
/// repeating the edge), summed in integers: the same bits on every machine.
[[nodiscard]] double laplacian_variance(const cv::Mat& grey);

}  // namespace ocrs
