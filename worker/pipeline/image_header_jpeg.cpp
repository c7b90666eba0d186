// JPEG markers (ITU-T T.81 annex B), with the resolution of JFIF (ITU-T T.871) and EXIF blocks.
#include "worker/pipeline/header_bytes.hpp"

namespace ocrs {
namespace {

constexpr std::uint32_t start_of_scan = 0xda;
constexpr std::uint32_t end_of_image = 0xd9;

/// C0-CF announce a frame but for DHT (C4), JPG (C8) and DAC (CC).
bool is_frame_marker(std::uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// Markers without a length: TEM, RST0-7, SOI.
bool stands_alone(std::uint32_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

/// Position after the entropy-coded data that starts at `at`: of the next marker's FF, or the end of the bytes.
std::uint64_t after_scan(std::string_view bytes, std::uint64_t at) {
  while (true) {
    at = bytes.find('\xff', at);
    if (at == std::string_view::npos || at + 1 >= bytes.size()) return bytes.size();
    const auto next = static_cast<unsigned char>(bytes[at + 1]);
    if (next != 0 && next != 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += next == 0xff ? 1 : 2;
  }
}

}  // namespace

Result<ImageHeader> read_jpeg_header(std::string_view bytes) {
  HeaderBytes in(bytes, true);
  FrameHeader frame;
  std::optional<double> jfif_dpi;
  ExifTags exif;
  bool exif_read = false;
  for (std::uint64_t at = 2;;) {
    // Between segments some writers leave padding; libjpeg skips it as well.
    at = bytes.find('\xff', at);
    if (at == std::string_view::npos) return Error{"the JPEG file ends before its image does"};
    while (in.u8(at + 1) == 0xff && in.ok()) ++at;
    const std::uint32_t marker = in.u8(at + 1);
    at += 2;
    if (!in.ok()) return Error{"the JPEG file ends before its image does"};
    if (marker == end_of_image) break;
    if (marker == 0 || stands_alone(marker)) continue;
    const std::uint64_t length = in.u16(at);
    if (!in.ok() || length < 2 || at + length > in.size()) return Error{"the JPEG file ends before its image does"};
    if (is_frame_marker(marker)) {
      frame.bits = static_cast<int>(in.u8(at + 2));
      frame.height = in.u16(at + 3);
      frame.width = in.u16(at + 5);
      frame.samples = static_cast<int>(in.u8(at + 7));
      if (!in.ok() || frame.width == 0 || frame.height == 0) return Error{"the JPEG file has no width or height"};
    } else if (marker == 0xe0 && in.has(at + 2, std::string_view("JFIF\0", 5))) {
      const std::uint32_t unit = in.u8(at + 9);
      const double density = in.u16(at + 10);
      jfif_dpi = plausible_dpi(unit == 1 ? density : unit == 2 ? density * 2.54 : 0);
    } else if (marker == 0xe1 && !exif_read && in.has(at + 2, std::string_view("Exif\0\0", 6))) {
      exif = read_exif(in.part(at + 8, length - 8));
      exif_read = true;
    }
    at += length;
    if (marker == start_of_scan) at = after_scan(bytes, at);
  }
  if (frame.width == 0) return Error{"the JPEG file has no image"};
  frame.orientation = exif.orientation;
  frame.dpi = jfif_dpi ? jfif_dpi : exif.dpi;
  return ImageHeader{ImageFormat::jpeg, {frame}, false};
}

}  // namespace ocrs
