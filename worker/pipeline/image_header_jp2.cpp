// JPEG 2000: boxes of a JP2 file (ISO/IEC 15444-1 annex I) and the SIZ marker of its code stream (annex A).
#include <algorithm>
#include <cmath>

#include "worker/pipeline/header_bytes.hpp"

namespace ocrs {
namespace {

struct Boxes {
  FrameHeader frame;
  bool code_stream = false;
  std::uint32_t colour_space = 0;  // 16 = sRGB, 17 = grey
  bool opacity_told = false;
};

/// SIZ follows SOC at the start of every code stream and is what the decoder goes by.
bool read_code_stream(HeaderBytes& in, std::uint64_t at, FrameHeader& frame) {
  if (!in.has(at, "\xff\x4f\xff\x51")) return false;
  const std::uint64_t right = in.u32(at + 8), bottom = in.u32(at + 12), left = in.u32(at + 16), top = in.u32(at + 20);
  frame.samples = static_cast<int>(in.u16(at + 40));
  frame.bits = static_cast<int>(in.u8(at + 42) & 127) + 1;
  if (!in.ok() || right <= left || bottom <= top) return false;
  frame.width = right - left;
  frame.height = bottom - top;
  return true;
}

/// Capture or display resolution: pixels per metre as numerator, denominator and power of ten.
void read_resolution(HeaderBytes& in, std::uint64_t at, FrameHeader& frame) {
  const double over = in.u16(at + 4), under = in.u16(at + 6);
  const auto exponent = static_cast<std::int8_t>(in.u8(at + 9));
  if (in.ok() && under > 0 && !frame.dpi) frame.dpi = plausible_dpi(over / under * std::pow(10.0, exponent) * 0.0254);
}

void read_channels(HeaderBytes& in, std::uint64_t at, Boxes& boxes) {
  const std::uint64_t channels = in.u16(at);
  for (std::uint64_t i = 0; i < channels && in.ok(); ++i) {
    const std::uint32_t type = in.u16(at + 2 + 6 * i + 2);
    if (type == 1) boxes.frame.alpha = Alpha::straight;
    if (type == 2) boxes.frame.alpha = Alpha::premultiplied;
  }
  boxes.opacity_told = true;
}

/// Boxes in [at, end); jp2h and res hold others.
void read_boxes(HeaderBytes& in, std::uint64_t at, std::uint64_t end, Boxes& boxes) {
  while (at + 8 <= end && in.ok()) {
    std::uint64_t length = in.u32(at), content = at + 8;
    if (length == 1) {
      length = (std::uint64_t{in.u32(at + 8)} << 32) | in.u32(at + 12);
      content = at + 16;
    }
    const std::uint64_t next = length == 0 || length > end - at ? end : at + length;
    if (next < content) return;
    if (in.has(at + 4, "jp2h") || in.has(at + 4, "res ")) read_boxes(in, content, next, boxes);
    if (in.has(at + 4, "resc") || in.has(at + 4, "resd")) read_resolution(in, content, boxes.frame);
    if (in.has(at + 4, "colr") && in.u8(content) == 1) boxes.colour_space = in.u32(content + 3);
    if (in.has(at + 4, "cdef")) read_channels(in, content, boxes);
    if (in.has(at + 4, "jp2c")) {
      boxes.code_stream = read_code_stream(in, content, boxes.frame);
      return;
    }
    at = next;
  }
}

}  // namespace

Result<ImageHeader> read_jp2_header(std::string_view bytes) {
  HeaderBytes in(bytes, true);
  Boxes boxes;
  if (in.has(0, "\xff\x4f\xff\x51")) {
    boxes.code_stream = read_code_stream(in, 0, boxes.frame);
  } else {
    read_boxes(in, 0, in.size(), boxes);
  }
  if (!boxes.code_stream) return Error{"the JPEG 2000 file ends before its image does or has no size"};
  FrameHeader& frame = boxes.frame;
  const bool one_more =
      (boxes.colour_space != 17 && frame.samples == 4) || (boxes.colour_space == 17 && frame.samples == 2);
  if (!boxes.opacity_told && one_more) frame.alpha = Alpha::straight;
  return ImageHeader{ImageFormat::jp2, {frame}, false};
}

}  // namespace ocrs
