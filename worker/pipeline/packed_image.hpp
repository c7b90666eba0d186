// Holds an image as its difference from another one, when that is small: so that the outputs of several settings of a
// stage can wait side by side (line removal changes few pixels) while one whole image per level is alive. Lossless.
#pragma once

#include <cstddef>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>

namespace ocrs {

class PackedImage {
 public:
  /// nullopt when the sizes differ or the difference takes more than bytes_max; gives up as soon as that is known.
  [[nodiscard]] static std::optional<PackedImage> pack(const cv::Mat& image, const cv::Mat& base,
                                                       std::size_t bytes_max);
  /// `base` as it was when packing.
  [[nodiscard]] cv::Mat unpack(const cv::Mat& base) const;
  [[nodiscard]] std::size_t bytes() const { return changes_.size(); }

 private:
  std::string changes_;  // per stretch: equal pixels before it, its length (both base-128 numbers), its pixels
};

}  // namespace ocrs
