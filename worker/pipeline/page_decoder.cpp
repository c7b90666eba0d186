#include "worker/pipeline/page_decoder.hpp"

#include <algorithm>
#include <climits>
#include <limits>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>
#include <vector>

#include "worker/pipeline/image_header.hpp"
#include "worker/pipeline/resolution.hpp"

namespace ocrs {
namespace {

cv::Mat decoded(std::string_view bytes, int flags) {
  // imdecode only reads.
  const cv::Mat wrapped(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  return cv::imdecode(wrapped, flags);
}

/// Each colour of a straight or premultiplied BGRA image on white, rounded; depth as before, 3 channels.
template <class Sample>
cv::Mat on_white(const cv::Mat& image, bool premultiplied) {
  constexpr std::uint64_t white = std::numeric_limits<Sample>::max();
  cv::Mat out(image.size(), CV_MAKETYPE(image.depth(), 3));
  for (int y = 0; y < image.rows; ++y) {
    const Sample* from = image.ptr<Sample>(y);
    Sample* to = out.ptr<Sample>(y);
    for (int x = 0; x < image.cols; ++x, from += 4, to += 3) {
      const std::uint64_t paper = white * (white - from[3]);
      for (int channel = 0; channel < 3; ++channel) {
        const std::uint64_t ink = from[channel] * (premultiplied ? white : from[3]);
        to[channel] = static_cast<Sample>(std::min(white, (ink + paper + white / 2) / white));
      }
    }
  }
  return out;
}

/// Colour to grey by the decoder that would have read an opaque file of this format, so that a page with a fully opaque
/// alpha channel gives the same grey as one without: PNG, TIFF and BMP each have their own rounding.
cv::Mat grey_as_decoded(const cv::Mat& colour, ImageFormat format) {
  const char* extension = nullptr;
  std::vector<int> options;
  if (format == ImageFormat::png) {
    extension = ".png";
    options = {cv::IMWRITE_PNG_COMPRESSION, 0};
  } else if (format == ImageFormat::tiff) {
    extension = ".tiff";
    options = {cv::IMWRITE_TIFF_COMPRESSION, 1};
  } else if (format == ImageFormat::bmp) {
    extension = ".bmp";
  }
  cv::Mat grey;
  if (extension == nullptr) {
    cv::cvtColor(colour, grey, cv::COLOR_BGR2GRAY);
    if (grey.depth() == CV_16U) grey.convertTo(grey, CV_8U, 1.0 / 256, -0.498);
    return grey;
  }
  std::vector<unsigned char> encoded;
  cv::imencode(extension, colour, encoded, options);
  return cv::imdecode(encoded, cv::IMREAD_GRAYSCALE);
}

/// The image turned as EXIF orientation 1-8 asks.
cv::Mat oriented(const cv::Mat& image, int orientation) {
  if (orientation == 1) return image;
  cv::Mat upright = image, out;
  if (orientation >= 5) cv::transpose(image, upright);
  if (orientation == 5) return upright;
  const bool mirrored = orientation == 2 || orientation == 6;
  const bool turned = orientation == 3 || orientation == 7;
  cv::flip(upright, out, mirrored ? 1 : turned ? -1 : 0);
  return out;
}

/// Bitmaps are written with an alpha mask and nothing but zeros in it: such a channel means nothing.
bool all_transparent(const cv::Mat& image) {
  cv::Mat alpha;
  cv::extractChannel(image, alpha, 3);
  return cv::countNonZero(alpha) == 0;
}

/// Empty when OpenCV cannot decode it.
cv::Mat grey_of(std::string_view bytes, ImageFormat format, const FrameHeader& frame) {
  if (frame.alpha == Alpha::none) return decoded(bytes, cv::IMREAD_GRAYSCALE);
  const cv::Mat image = decoded(bytes, cv::IMREAD_UNCHANGED);
  if (image.empty()) return image;
  cv::Mat grey;
  if (frame.alpha == Alpha::grey_key) {
    const int levels = frame.bits < 8 ? 255 / ((1 << frame.bits) - 1) : 1;  // fewer bits come stretched to 8
    cv::Mat transparent;
    cv::compare(image, frame.transparent_grey * levels, transparent, cv::CMP_EQ);
    grey = decoded(bytes, cv::IMREAD_GRAYSCALE | cv::IMREAD_IGNORE_ORIENTATION);
    grey.setTo(255, transparent);
  } else {
    if (image.channels() != 4 || (image.depth() != CV_8U && image.depth() != CV_16U)) return {};
    if (format == ImageFormat::bmp && all_transparent(image)) return decoded(bytes, cv::IMREAD_GRAYSCALE);
    // libtiff multiplies 8-bit samples by a straight alpha when it makes RGBA of them.
    const bool premultiplied =
        frame.alpha == Alpha::premultiplied || (format == ImageFormat::tiff && image.depth() == CV_8U);
    grey = grey_as_decoded(image.depth() == CV_8U ? on_white<std::uint8_t>(image, premultiplied)
                                                  : on_white<std::uint16_t>(image, premultiplied),
                           format);
  }
  // IMREAD_UNCHANGED leaves PNG as stored; TIFF comes upright all the same.
  return format == ImageFormat::png ? oriented(grey, frame.orientation) : grey;
}

std::string number_of_pixels(const FrameHeader& frame) {
  return std::to_string(frame.width) + " x " + std::to_string(frame.height) + " pixels";
}

/// One frame of a file whose header was read. `bytes` must begin with that frame.
Result<DecodedPage> decode_frame(std::string_view bytes, const ImageHeader& header, const FrameHeader& frame,
                                 std::uint64_t max_pixels) {
  const std::string format(to_string(header.format));
  if (frame.width > max_pixels / frame.height) {
    return Error{number_of_pixels(frame) + " are more than the limit of " + std::to_string(max_pixels)};
  }
  if (bytes.size() > INT_MAX) return Error{"the file is larger than 2 GiB"};
  if (header.format == ImageFormat::tiff && frame.alpha != Alpha::none && frame.samples != 4) {
    return Error{"a TIFF page with alpha beside grey samples, which is not supported"};
  }
  try {
    cv::Mat grey = grey_of(bytes, header.format, frame);
    if (grey.empty()) return Error{"the " + format + " data is damaged or of a kind that is not supported"};
    if (grey.type() != CV_8UC1 || grey.total() > max_pixels) return Error{"the " + format + " data belies its header"};
    if (frame.compressed && cv::countNonZero(grey) == 0) {
      // OpenCV passes over libtiff's errors; what cannot be decompressed comes out black.
      return Error{"the " + format + " data is damaged or of a kind that is not supported"};
    }
    return DecodedPage{std::move(grey), frame.dpi};
  } catch (const cv::Exception& error) {
    std::string text = error.err;
    std::replace(text.begin(), text.end(), '\n', ' ');
    return Error{"the " + format + " data cannot be decoded (" + text + ")"};
  } catch (const std::bad_alloc&) {
    return Error{"not enough memory to decode " + number_of_pixels(frame)};
  }
}

/// The bytes of a TIFF with another page first, so that a decoder that reads the first page reads that one and no
/// other.
class FrameBytes {
 public:
  FrameBytes(std::string_view bytes, const ImageHeader& header) : bytes_(bytes), header_(header) {}

  std::string_view starting_with(const FrameHeader& frame) {
    if (header_.format != ImageFormat::tiff) return bytes_;
    std::string first(4, '\0');
    for (unsigned i = 0; i < 4; ++i) {
      first[header_.big_endian ? 3 - i : i] = static_cast<char>(frame.offset >> (8 * i) & 255);
    }
    if (copy_.empty() && bytes_.substr(4, 4) == first) return bytes_;
    if (copy_.empty()) copy_ = bytes_;
    copy_.replace(4, 4, first);
    return copy_;
  }

 private:
  std::string_view bytes_;
  const ImageHeader& header_;
  std::string copy_;
};

}  // namespace

Result<DecodedPage> decode_page(std::string_view bytes, std::uint32_t frame, std::uint64_t max_pixels) {
  const Result<ImageHeader> header = read_image_header(bytes);
  if (!header) return header.error();
  if (frame >= header->frames.size()) {
    return Error{"page " + std::to_string(frame + 1) + " is asked for, but there are only " +
                 std::to_string(header->frames.size())};
  }
  FrameBytes ordered(bytes, *header);
  return decode_frame(ordered.starting_with(header->frames[frame]), *header, header->frames[frame], max_pixels);
}

PageDescription describe_page(std::string_view bytes, std::uint64_t max_pixels) {
  PageDescription description;
  const Result<ImageHeader> header = read_image_header(bytes);
  if (!header) {
    description.error = header.error().text;
    return description;
  }
  FrameBytes ordered(bytes, *header);
  for (const FrameHeader& frame : header->frames) {
    const Result<DecodedPage> page = decode_frame(ordered.starting_with(frame), *header, frame, max_pixels);
    if (!page) {
      const bool many = header->frames.size() > 1;
      description.error =
          (many ? "page " + std::to_string(description.frames.size() + 1) + ": " : "") + page.error().text;
      description.frames.clear();
      return description;
    }
    PageFrame about;
    about.width = static_cast<std::uint32_t>(page->grey.cols);
    about.height = static_cast<std::uint32_t>(page->grey.rows);
    about.dpi = page->tag_dpi ? *page->tag_dpi : estimated_dpi(page->grey);
    about.dpi_source = page->tag_dpi ? "tag" : "estimated";
    about.brightness = cv::mean(page->grey)[0];
    about.noise = noise_sigma(page->grey);
    description.frames.push_back(about);
  }
  return description;
}

}  // namespace ocrs
