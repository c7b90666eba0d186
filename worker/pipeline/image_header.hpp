// What an image file says of itself before any pixel is decoded: format, frames, sizes, alpha, orientation, resolution.
// Reads PNG, JPEG, TIFF (classic, not BigTIFF), WebP, BMP, PNM (P1-P6) and JPEG 2000 (JP2 and code stream) in memory,
// bounded by the bytes that are there: hostile sizes, offsets and loops end in an error or an absent field. Decodes
// nothing. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

enum class ImageFormat { png, jpeg, tiff, webp, bmp, pnm, jp2 };
[[nodiscard]] std::string_view to_string(ImageFormat format);  // "PNG", "JPEG", …

/// How transparency is stored.
enum class Alpha {
  none,
  straight,       // a channel or palette entries beside full colours
  premultiplied,  // colours already multiplied by it
  grey_key,       // PNG: one grey level (FrameHeader::transparent_grey) is transparent
};

struct FrameHeader {
  std::uint64_t width = 0, height = 0;  // px as stored, before orientation; both > 0
  int orientation = 1;                  // EXIF 1-8, of TIFF, JPEG and PNG; 5-8 swap width and height
  int bits = 8;                         // per sample, where the format says
  int samples = 1;                      // per pixel, where the format says
  Alpha alpha = Alpha::none;
  std::uint16_t transparent_grey = 0;
  std::optional<double> dpi;  // horizontal resolution tag in dots per inch, 150-1200 only
  bool compressed = false;    // TIFF
  std::uint32_t offset = 0;   // TIFF: of the frame's directory
};

struct ImageHeader {
  ImageFormat format = ImageFormat::png;
  std::vector<FrameHeader> frames;  // one, or one per page of a TIFF (thumbnails and masks left out)
  bool big_endian = false;          // TIFF
};

/// A TIFF of more pages is refused.
inline constexpr std::size_t frames_max = 10'000;

/// The error is one sentence without the file's name. A JPEG without its end marker is an error: libjpeg would fill
/// what is missing with grey and say nothing.
[[nodiscard]] Result<ImageHeader> read_image_header(std::string_view bytes);

}  // namespace ocrs
