// Image bytes to the 8-bit grey page every pipeline starts from (DESIGN §3 "Page"), and to its description.
// Refuses from the header what has more than max_pixels; asks OpenCV's decoders only after that. Knows no file: bytes
// come in memory, sentences go out without a name for the caller to put in front. One thread at a time per call.
#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string_view>

#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"

namespace ocrs {

struct DecodedPage {
  cv::Mat grey;                   // 8-bit, 1 channel, after orientation
  std::optional<double> tag_dpi;  // resolution tag in 150-1200
};

/// Frame `frame` (0-based) of a TIFF, or the image (frame 0). As cv::imread(IMREAD_GRAYSCALE) gives it (EXIF
/// orientation applied, 16-bit samples divided by 256), except that an image with alpha is first laid on white.
[[nodiscard]] Result<DecodedPage> decode_page(std::string_view bytes, std::uint32_t frame, std::uint64_t max_pixels);

/// Decodes every frame once, one alive at a time; the first that cannot be decoded makes the error.
[[nodiscard]] PageDescription describe_page(std::string_view bytes, std::uint64_t max_pixels);

}  // namespace ocrs
