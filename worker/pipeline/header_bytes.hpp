// Bounded reading of numbers from a file's bytes for the image header readers. Reading outside gives 0 and is
// remembered in ok(); offsets are 64-bit, so that no sum of 32-bit fields of a hostile file wraps.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/core/result.hpp"
#include "worker/pipeline/image_header.hpp"

namespace ocrs {

class HeaderBytes {
 public:
  HeaderBytes(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::uint32_t u8(std::uint64_t at) { return number(at, 1); }
  std::uint32_t u16(std::uint64_t at) { return number(at, 2); }
  std::uint32_t u32(std::uint64_t at) { return number(at, 4); }
  [[nodiscard]] bool has(std::uint64_t at, std::string_view text) const {
    return at <= bytes_.size() && bytes_.substr(at, text.size()) == text;
  }
  /// Shorter than asked for when the bytes end.
  [[nodiscard]] std::string_view part(std::uint64_t at, std::uint64_t count) const {
    return at <= bytes_.size() ? bytes_.substr(at, count) : std::string_view();
  }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::uint32_t number(std::uint64_t at, std::uint64_t count) {
    if (at > bytes_.size() || bytes_.size() - at < count) {
      ok_ = false;
      return 0;
    }
    std::uint32_t value = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t from = big_endian_ ? at + i : at + count - 1 - i;
      value = (value << 8) | static_cast<unsigned char>(bytes_[from]);
    }
    return value;
  }

  std::string_view bytes_;
  bool big_endian_;
  bool ok_ = true;
};

/// The value when it is a plausible resolution of a scan (150-1200), else nothing: 72 and 96 are what programs write
/// that know no resolution.
[[nodiscard]] std::optional<double> plausible_dpi(double dpi);

/// Orientation and resolution of the first directory of an EXIF block (a small TIFF file); what is damaged is absent.
struct ExifTags {
  int orientation = 1;
  std::optional<double> dpi;
};
[[nodiscard]] ExifTags read_exif(std::string_view exif);

[[nodiscard]] Result<ImageHeader> read_tiff_header(std::string_view bytes);
[[nodiscard]] Result<ImageHeader> read_jpeg_header(std::string_view bytes);
[[nodiscard]] Result<ImageHeader> read_jp2_header(std::string_view bytes);

}  // namespace ocrs
