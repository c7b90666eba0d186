#include "worker/pipeline/packed_image.hpp"

#include <cstdint>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

void append_number(std::string& out, std::size_t number) {
  for (; number >= 128; number >>= 7) out.push_back(static_cast<char>(128 | (number & 127)));
  out.push_back(static_cast<char>(number));
}

std::size_t take_number(const std::string& in, std::size_t& at) {
  std::size_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in[at++]);
    number |= static_cast<std::size_t>(byte & 127) << shift;
    if (byte < 128) return number;
  }
}

}  // namespace

std::optional<PackedImage> PackedImage::pack(const cv::Mat& image, const cv::Mat& base, std::size_t bytes_max) {
  if (image.size() != base.size() || image.type() != CV_8UC1 || base.type() != CV_8UC1) return std::nullopt;
  PackedImage packed;
  std::size_t equal = 0;
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* now = image.ptr<std::uint8_t>(y);
    const std::uint8_t* was = base.ptr<std::uint8_t>(y);
    for (int x = 0; x < image.cols;) {
      if (now[x] == was[x]) {
        ++equal;
        ++x;
        continue;
      }
      const int begin = x;
      while (x < image.cols && now[x] != was[x]) ++x;
      append_number(packed.changes_, equal);
      append_number(packed.changes_, static_cast<std::size_t>(x - begin));
      packed.changes_.append(reinterpret_cast<const char*>(now + begin), static_cast<std::size_t>(x - begin));
      equal = 0;
      if (packed.changes_.size() > bytes_max) return std::nullopt;
    }
  }
  return packed;
}

cv::Mat PackedImage::unpack(const cv::Mat& base) const {
  cv::Mat image(base.size(), base.type());
  base.copyTo(image);
  OCRS_CHECK(image.isContinuous(), "a new image is one block");
  std::uint8_t* to = image.ptr<std::uint8_t>();
  for (std::size_t at = 0; at < changes_.size();) {
    to += take_number(changes_, at);
    const std::size_t length = take_number(changes_, at);
    changes_.copy(reinterpret_cast<char*>(to), length, at);
    to += length;
    at += length;
  }
  return image;
}

}  // namespace ocrs
