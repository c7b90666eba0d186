// Image files made byte by byte, independently of any library that reads them: PNG (stored deflate), TIFF (either byte
// order, several pages, G4), BMP, EXIF blocks and JPEG segments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocrs {

inline std::string number_bytes(std::uint64_t value, int count, bool big_endian) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * (big_endian ? count - 1 - i : i)) & 255));
  }
  return bytes;
}
inline std::string big(std::uint64_t value, int count) { return number_bytes(value, count, true); }
inline std::string little(std::uint64_t value, int count) { return number_bytes(value, count, false); }

/// Samples row by row; 16-bit samples in the byte order asked for.
inline std::string sample_bytes(const cv::Mat& image, bool big_endian) {
  std::string bytes;
  for (int y = 0; y < image.rows; ++y) {
    if (image.depth() == CV_8U) {
      bytes.append(reinterpret_cast<const char*>(image.ptr(y)),
                   static_cast<std::size_t>(image.cols * image.channels()));
    } else {
      for (int i = 0; i < image.cols * image.channels(); ++i) {
        bytes += number_bytes(image.ptr<std::uint16_t>(y)[i], 2, big_endian);
      }
    }
  }
  return bytes;
}

inline std::string png_chunk(std::string_view type, std::string_view content) {
  std::string body(type);
  body += content;
  std::uint32_t crc = 0xffffffff;
  for (const char c : body) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1)));
  }
  return big(content.size(), 4) + body + big(crc ^ 0xffffffff, 4);
}

inline std::string zlib_stored(const std::string& data) {
  std::string out = "\x78\x01";
  for (std::size_t at = 0;;) {
    const std::size_t length = std::min<std::size_t>(65535, data.size() - at);
    const bool last = at + length == data.size();
    out += static_cast<char>(last);
    out += little(length, 2) + little(~length & 0xffff, 2) + data.substr(at, length);
    at += length;
    if (last) break;
  }
  std::uint32_t a = 1, b = 0;
  for (const char c : data) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return out + big(b << 16 | a, 4);
}

/// `samples`: channels in the order of the file (RGB, RGBA, grey, grey + alpha or palette index).
inline std::string png_bytes(const cv::Mat& samples, int colour_type, const std::string& chunks_before_data = {}) {
  const int bits = samples.depth() == CV_8U ? 8 : 16;
  std::string rows;
  for (int y = 0; y < samples.rows; ++y) rows += '\0' + sample_bytes(samples.row(y), true);
  const auto side = [](int pixels) { return big(static_cast<std::uint64_t>(pixels), 4); };
  const std::string header = side(samples.cols) + side(samples.rows) + static_cast<char>(bits) +
                             static_cast<char>(colour_type) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + chunks_before_data + png_chunk("IDAT", zlib_stored(rows)) +
         png_chunk("IEND", "");
}

/// One page of a TIFF: its pixel data and entries (tag, type, values); strip offset and length are added.
struct TiffPage {
  struct Entry {
    int tag = 0, type = 3;  // 3 SHORT, 4 LONG, 5 RATIONAL (two values each)
    std::vector<std::uint32_t> values;
  };
  std::string data;
  std::vector<Entry> entries;
};

inline TiffPage tiff_page(const cv::Mat& samples, int photometric, std::vector<TiffPage::Entry> more, bool big_endian) {
  const auto channels = static_cast<std::uint32_t>(samples.channels());
  const std::uint32_t bits = samples.depth() == CV_8U ? 8 : 16;
  const auto width = static_cast<std::uint32_t>(samples.cols), height = static_cast<std::uint32_t>(samples.rows);
  TiffPage page{sample_bytes(samples, big_endian),
                {{256, 4, {width}},
                 {257, 4, {height}},
                 {258, 3, std::vector<std::uint32_t>(channels, bits)},
                 {259, 3, {1}},
                 {262, 3, {static_cast<std::uint32_t>(photometric)}},
                 {277, 3, {channels}},
                 {278, 4, {height}}}};
  page.entries.insert(page.entries.end(), more.begin(), more.end());
  return page;
}

inline std::string tiff_bytes(std::vector<TiffPage> pages, bool big_endian) {
  const auto number = [big_endian](std::uint64_t value, int count) { return number_bytes(value, count, big_endian); };
  std::string out = (big_endian ? "MM" : "II") + number(42, 2) + number(0, 4);
  std::size_t link = 4;  // where the next directory's offset goes
  for (TiffPage& page : pages) {
    const std::size_t data_at = out.size();
    out += page.data;
    if (out.size() % 2 != 0) out += '\0';
    page.entries.push_back({273, 4, {static_cast<std::uint32_t>(data_at)}});
    page.entries.push_back({279, 4, {static_cast<std::uint32_t>(page.data.size())}});
    std::sort(page.entries.begin(), page.entries.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
    std::string entries, values;
    const std::size_t directory_at = out.size();
    const std::size_t values_at = directory_at + 2 + 12 * page.entries.size() + 4;
    for (const TiffPage::Entry& entry : page.entries) {
      const int size = entry.type == 3 ? 2 : 4;
      std::string content;
      for (const std::uint32_t value : entry.values) content += number(value, size);
      const std::size_t count = entry.type == 5 ? entry.values.size() / 2 : entry.values.size();
      entries += number(static_cast<std::uint64_t>(entry.tag), 2) + number(static_cast<std::uint64_t>(entry.type), 2) +
                 number(count, 4);
      if (content.size() <= 4) {
        content.resize(4);
        entries += content;
      } else {
        entries += number(values_at + values.size(), 4);
        values += content;
      }
    }
    out.replace(link, 4, number(directory_at, 4));
    link = directory_at + 2 + 12 * page.entries.size();
    out += number(page.entries.size(), 2) + entries + number(0, 4) + values;
  }
  return out;
}

/// A 1-bit G4 page, black on white: a black bar from column `left` to `right` in every row (runs up to 63 as given).
/// Row 1: horizontal mode 001 with the codes of the two runs; every further row: V0 at both edges and the row's end.
inline std::string g4_bar(int rows, std::string_view white_run_code, std::string_view black_run_code) {
  std::string bits = "001";
  bits.append(white_run_code).append(black_run_code).append("1");
  for (int row = 1; row < rows; ++row) bits += "111";
  bits += "000000000001000000000001";
  std::string bytes;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    int byte = 0;
    for (std::size_t bit = i; bit < i + 8; ++bit)
      byte = byte << 1 | static_cast<int>(bit < bits.size() && bits[bit] == '1');
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

/// An EXIF block with an orientation and, when above 0, a resolution in dots per inch.
inline std::string exif_bytes(int orientation, std::uint32_t dpi, bool big_endian) {
  const auto number = [big_endian](std::uint64_t value, int count) { return number_bytes(value, count, big_endian); };
  std::string out = (big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(dpi > 0 ? 3 : 1, 2);
  out += number(0x112, 2) + number(3, 2) + number(1, 4) + number(static_cast<std::uint64_t>(orientation), 2) +
         number(0, 2);
  if (dpi > 0) {
    out += number(0x11a, 2) + number(5, 2) + number(1, 4) + number(8 + 2 + 36 + 4, 4);
    out += number(0x128, 2) + number(3, 2) + number(1, 4) + number(2, 2) + number(0, 2);
  }
  out += number(0, 4);
  if (dpi > 0) out += number(dpi, 4) + number(1, 4);
  return out;
}

/// The JPEG with a segment put right after its start marker.
inline std::string with_jpeg_segment(const std::string& jpeg, char marker, const std::string& content) {
  return jpeg.substr(0, 2) + '\xff' + marker + big(content.size() + 2, 2) + content + jpeg.substr(2);
}

/// 32-bit bottom-up BMP of a BGRA image; with V5 header and masks, or the old header that knows no alpha.
inline std::string bmp32_bytes(const cv::Mat& bgra, bool with_masks, std::uint32_t pixels_per_metre = 2835) {
  std::string data;
  for (int y = bgra.rows; y-- > 0;) data += sample_bytes(bgra.row(y), false);
  const std::size_t header_size = with_masks ? 124 : 40;
  std::string header = little(header_size, 4) + little(static_cast<std::uint64_t>(bgra.cols), 4) +
                       little(static_cast<std::uint64_t>(bgra.rows), 4) + little(1, 2) + little(32, 2) +
                       little(with_masks ? 3 : 0, 4) + little(data.size(), 4) + little(pixels_per_metre, 4) +
                       little(pixels_per_metre, 4) + little(0, 8);
  if (with_masks) header += little(0xff0000, 4) + little(0xff00, 4) + little(0xff, 4) + little(0xff000000, 4) + "BGRs";
  header.resize(header_size);
  return "BM" + little(14 + header.size() + data.size(), 4) + little(0, 4) + little(14 + header.size(), 4) + header +
         data;
}

}  // namespace ocrs
