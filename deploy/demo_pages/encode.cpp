#include "deploy/demo_pages/encode.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <string_view>

#include "common/core/check.hpp"
#include "deploy/demo_pages/sheet.hpp"

namespace ocrs::demo {

namespace {

using Bytes = std::vector<unsigned char>;

/// CRC-32 of PNG (ISO 3309).
std::uint32_t crc(const unsigned char* data, std::size_t size) {
  std::uint32_t value = 0xffffffffU;
  for (std::size_t i = 0; i < size; ++i) {
    value ^= data[i];
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~value;
}

void append_big_endian(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<unsigned char>(value >> shift));
}

}  // namespace

Bytes as_png(const cv::Mat1b& image) {
  Bytes file;
  OCRS_CHECK(cv::imencode(".png", image, file), "a grey page can be written as PNG");
  // pHYs goes between IHDR, which ends at byte 33, and the first IDAT.
  constexpr std::size_t after_header = 8 + 25;
  constexpr std::uint32_t dots_per_metre = dots_per_inch * 10000 / 254;
  Bytes chunk;
  append_big_endian(chunk, 9);
  for (const char letter : std::string_view("pHYs")) chunk.push_back(static_cast<unsigned char>(letter));
  append_big_endian(chunk, dots_per_metre);
  append_big_endian(chunk, dots_per_metre);
  chunk.push_back(1);  // the unit is the metre
  append_big_endian(chunk, crc(chunk.data() + 4, chunk.size() - 4));
  file.insert(file.begin() + after_header, chunk.begin(), chunk.end());
  return file;
}

Bytes as_jpeg(const cv::Mat1b& image, int quality) {
  Bytes file;
  OCRS_CHECK(cv::imencode(".jpg", image, file, {cv::IMWRITE_JPEG_QUALITY, quality}),
             "a grey page can be written as JPEG");
  constexpr std::array<unsigned char, 4> jfif{'J', 'F', 'I', 'F'};
  OCRS_CHECK(file.size() > 18 && std::equal(jfif.begin(), jfif.end(), file.begin() + 6), "OpenCV writes a JFIF header");
  file[13] = 1;  // the unit is dots per inch
  file[14] = file[16] = static_cast<unsigned char>(dots_per_inch >> 8);
  file[15] = file[17] = static_cast<unsigned char>(dots_per_inch & 0xff);
  return file;
}

}  // namespace ocrs::demo
