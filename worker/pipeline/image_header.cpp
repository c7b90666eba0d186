#include "worker/pipeline/image_header.hpp"

#include <cmath>

#include "worker/pipeline/header_bytes.hpp"

namespace ocrs {
namespace {

/// PNG (W3C Recommendation, third edition): chunks before the first IDAT.
Result<ImageHeader> read_png_header(std::string_view bytes) {
  HeaderBytes in(bytes, true);
  FrameHeader frame;
  if (!in.has(12, "IHDR")) return Error{"the PNG file does not begin with its header"};
  frame.width = in.u32(16);
  frame.height = in.u32(20);
  frame.bits = static_cast<int>(in.u8(24));
  const std::uint32_t colour = in.u8(25);
  if (!in.ok()) return Error{"the PNG file ends before its image does"};
  if (frame.width == 0 || frame.height == 0) return Error{"the PNG file has no width or height"};
  const bool channel = (colour & 4) != 0;
  frame.samples = (colour == 2 || colour == 6 ? 3 : 1) + (channel ? 1 : 0);
  if (channel) frame.alpha = Alpha::straight;
  for (std::uint64_t at = 33; !in.has(at + 4, "IDAT");) {
    const std::uint64_t length = in.u32(at), content = at + 8;
    if (!in.ok()) return Error{"the PNG file ends before its image does"};
    if (in.has(at + 4, "pHYs") && in.u8(content + 8) == 1) frame.dpi = plausible_dpi(in.u32(content) * 0.0254);
    if (in.has(at + 4, "eXIf")) frame.orientation = read_exif(in.part(content, length)).orientation;
    if (in.has(at + 4, "tRNS") && length > 0 && !channel) {
      frame.alpha = colour == 0 ? Alpha::grey_key : Alpha::straight;
      if (colour == 0) frame.transparent_grey = static_cast<std::uint16_t>(in.u16(content));
    }
    at = content + length + 4;
  }
  return ImageHeader{ImageFormat::png, {frame}, false};
}

/// Windows bitmaps: BITMAPCOREHEADER and BITMAPINFOHEADER with its later versions.
Result<ImageHeader> read_bmp_header(std::string_view bytes) {
  HeaderBytes in(bytes, false);
  FrameHeader frame;
  const std::uint32_t header_size = in.u32(14);
  if (header_size == 12) {
    frame.width = in.u16(18);
    frame.height = in.u16(20);
    frame.bits = static_cast<int>(in.u16(24));
  } else {
    const auto width = static_cast<std::int32_t>(in.u32(18));
    const auto height = static_cast<std::int32_t>(in.u32(22));  // negative = top row first
    frame.width = width > 0 ? static_cast<std::uint64_t>(width) : 0;
    frame.height = static_cast<std::uint64_t>(std::abs(static_cast<std::int64_t>(height)));
    frame.bits = static_cast<int>(in.u16(28));
    const std::uint32_t compression = in.u32(30);
    frame.dpi = plausible_dpi(in.u32(38) * 0.0254);
    const bool masks = compression == 3 || compression == 6;
    if (frame.bits == 32 && masks && header_size >= 56 && in.u32(66) != 0) frame.alpha = Alpha::straight;
  }
  if (!in.ok()) return Error{"the BMP file ends before its image does"};
  if (frame.width == 0 || frame.height == 0) return Error{"the BMP file has no width or height"};
  return ImageHeader{ImageFormat::bmp, {frame}, false};
}

/// Netpbm headers: white space and # comments between numbers.
Result<ImageHeader> read_pnm_header(std::string_view bytes) {
  std::size_t at = 2;
  const auto next_number = [&]() -> std::uint64_t {
    while (at < bytes.size()) {
      if (bytes[at] == '#') {
        at = std::min(bytes.size(), bytes.find('\n', at));
      } else if (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')) {
        ++at;
      } else {
        break;
      }
    }
    std::uint64_t number = 0;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9' && number < 1'000'000'000; ++at) {
      number = 10 * number + static_cast<std::uint64_t>(bytes[at] - '0');
    }
    return number;
  };
  FrameHeader frame;
  frame.width = next_number();
  frame.height = next_number();
  if (frame.width == 0 || frame.height == 0) return Error{"the PNM file has no width or height"};
  return ImageHeader{ImageFormat::pnm, {frame}, false};
}

/// WebP container (RFC 9649): VP8X, VP8L or VP8 first; orientation is not taken from its EXIF, as OpenCV does not.
Result<ImageHeader> read_webp_header(std::string_view bytes) {
  HeaderBytes in(bytes, false);
  FrameHeader frame;
  if (in.has(12, "VP8X")) {
    const auto u24 = [&](std::uint64_t at) { return in.u16(at) | (in.u8(at + 2) << 16); };
    if ((in.u8(20) & 0x02) != 0) return Error{"an animated WebP file, which is not supported"};
    frame.alpha = (in.u8(20) & 0x10) != 0 ? Alpha::straight : Alpha::none;
    frame.width = u24(24) + 1;
    frame.height = u24(27) + 1;
    for (std::uint64_t at = 30; at + 8 <= in.size();) {
      const std::uint64_t length = in.u32(at + 4);
      if (in.has(at, "EXIF")) frame.dpi = read_exif(in.part(at + 8, length)).dpi;
      at += 8 + length + (length & 1);
    }
  } else if (in.has(12, "VP8L")) {
    const std::uint32_t packed = in.u32(21);
    frame.width = (packed & 0x3fff) + 1;
    frame.height = ((packed >> 14) & 0x3fff) + 1;
    frame.alpha = (packed >> 28 & 1) != 0 ? Alpha::straight : Alpha::none;
  } else if (in.has(12, "VP8 ")) {
    frame.width = in.u16(26) & 0x3fff;
    frame.height = in.u16(28) & 0x3fff;
  }
  if (!in.ok()) return Error{"the WebP file ends before its image does"};
  if (frame.width == 0 || frame.height == 0) return Error{"the WebP file has no width or height"};
  return ImageHeader{ImageFormat::webp, {frame}, false};
}

}  // namespace

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::tiff:
      return "TIFF";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::bmp:
      return "BMP";
    case ImageFormat::pnm:
      return "PNM";
    case ImageFormat::jp2:
      return "JPEG 2000";
  }
  return "unknown";
}

std::optional<double> plausible_dpi(double dpi) {
  const double rounded = std::round(dpi * 100) / 100;  // 300 dpi is 11811 pixels per metre, which is 299.9994 dpi
  if (rounded >= 150 && rounded <= 1200) return rounded;
  return std::nullopt;
}

Result<ImageHeader> read_image_header(std::string_view bytes) {
  const HeaderBytes in(bytes, true);
  if (in.has(0, "\x89PNG\r\n\x1a\n")) return read_png_header(bytes);
  if (in.has(0, "\xff\xd8\xff")) return read_jpeg_header(bytes);
  if (in.has(0, std::string_view("II\x2a\0", 4)) || in.has(0, std::string_view("MM\0\x2a", 4)) ||
      in.has(0, std::string_view("II\x2b\0", 4)) || in.has(0, std::string_view("MM\0\x2b", 4))) {
    return read_tiff_header(bytes);
  }
  if (in.has(0, "RIFF") && in.has(8, "WEBP")) return read_webp_header(bytes);
  if (in.has(0, std::string_view("\0\0\0\x0cjP  \r\n\x87\n", 12)) || in.has(0, "\xff\x4f\xff\x51")) {
    return read_jp2_header(bytes);
  }
  if (in.has(0, "BM")) return read_bmp_header(bytes);
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6') return read_pnm_header(bytes);
  if (in.has(0, "%PDF")) return Error{"a PDF file, not an image"};
  return Error{bytes.empty() ? "an empty file" : "not a PNG, JPEG, TIFF, JPEG 2000, WebP, BMP or PNM file"};
}

}  // namespace ocrs
