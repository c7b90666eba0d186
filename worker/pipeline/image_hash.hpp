// A 128-bit fingerprint of an image's size and pixels, by which equal images are recognised inside one evaluator.
// Not cryptographic and never written to disk or sent; files and readings are named by BLAKE2b (common/io/hash.hpp).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <opencv2/core/mat.hpp>

namespace ocrs {

struct ImageHash {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const ImageHash&) const = default;
};

/// Of an 8-bit 1-channel image (rows need not be contiguous): MurmurHash3 x64_128 (Austin Appleby, public domain) over
/// width, height and the rows from top to bottom. An empty image has a hash as well.
[[nodiscard]] ImageHash image_hash(const cv::Mat& image);

}  // namespace ocrs

template <>
struct std::hash<ocrs::ImageHash> {
  std::size_t operator()(const ocrs::ImageHash& image) const noexcept { return static_cast<std::size_t>(image.low); }
};
