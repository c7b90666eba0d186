#include "worker/pipeline/image_hash.hpp"

#include <cstring>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t factor_low = 0x87c37b91114253d5ULL;
constexpr std::uint64_t factor_high = 0x4cf5ad432745937fULL;

std::uint64_t rotated(std::uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }

std::uint64_t finished(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

struct Murmur {
  std::uint64_t low = 0, high = 0, length = 0;

  void block(std::uint64_t first, std::uint64_t second) {
    low ^= rotated(first * factor_low, 31) * factor_high;
    low = (rotated(low, 27) + high) * 5 + 0x52dce729;
    high ^= rotated(second * factor_high, 33) * factor_low;
    high = (rotated(high, 31) + low) * 5 + 0x38495ab5;
    length += 16;
  }

  /// Rows are padded with zeros to whole blocks: unambiguous because the width goes in first.
  void row(const unsigned char* bytes, std::size_t count) {
    std::uint64_t words[2];
    for (; count >= 16; bytes += 16, count -= 16) {
      std::memcpy(words, bytes, 16);
      block(words[0], words[1]);
    }
    if (count == 0) return;
    words[0] = words[1] = 0;
    std::memcpy(words, bytes, count);
    block(words[0], words[1]);
  }

  ImageHash digest() {
    low ^= length;
    high ^= length;
    low += high;
    high += low;
    low = finished(low);
    high = finished(high);
    low += high;
    high += low;
    return {high, low};
  }
};

}  // namespace

ImageHash image_hash(const cv::Mat& image) {
  OCRS_CHECK(image.empty() || image.type() == CV_8UC1, "pages and stage outputs are 8-bit grey");
  Murmur murmur;
  murmur.block(static_cast<std::uint64_t>(image.cols), static_cast<std::uint64_t>(image.rows));
  for (int y = 0; y < image.rows; ++y) murmur.row(image.ptr(y), static_cast<std::size_t>(image.cols));
  return murmur.digest();
}

}  // namespace ocrs
