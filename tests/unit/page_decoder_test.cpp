// Decoding in memory against cv::imdecode on opaque images, and against files made byte by byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/support/image_bytes.hpp"
#include "tests/support/pipeline_images.hpp"
#include "tests/support/shared_pages.hpp"
#include "worker/pipeline/image_header.hpp"
#include "worker/pipeline/page_decoder.hpp"
#include "worker/pipeline/resolution.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t plenty = 200'000'000;

std::string encoded(const std::string& extension, const cv::Mat& image, const std::vector<int>& options = {}) {
  std::vector<unsigned char> bytes;
  EXPECT_TRUE(cv::imencode(extension, image, bytes, options));
  return {bytes.begin(), bytes.end()};
}

cv::Mat opencv_grey(const std::string& bytes) {
  return cv::imdecode(std::vector<unsigned char>(bytes.begin(), bytes.end()), cv::IMREAD_GRAYSCALE);
}

cv::Mat grey(const std::string& bytes, std::uint32_t frame = 0) {
  const auto page = decode_page(bytes, frame, plenty);
  EXPECT_TRUE(page) << page.error().text;
  return page ? page->grey : cv::Mat();
}

std::string error_of(const std::string& bytes, std::uint64_t max_pixels = plenty) {
  const auto page = decode_page(bytes, 0, max_pixels);
  EXPECT_FALSE(page);
  EXPECT_EQ(describe_page(bytes, max_pixels).error, page ? "" : page.error().text);
  return page ? "" : page.error().text;
}

cv::Mat colour_noise(int width, int height, std::uint64_t seed, int type = CV_8UC3) {
  cv::RNG random(seed);
  cv::Mat image(height, width, type);
  random.fill(image, cv::RNG::UNIFORM, 0, CV_MAT_DEPTH(type) == CV_8U ? 256 : 65536);
  return image;
}

/// Channels of `image` in another order, as a new image.
cv::Mat channels_of(const cv::Mat& image, const std::vector<int>& order) {
  cv::Mat out(image.size(), CV_MAKETYPE(image.depth(), static_cast<int>(order.size())));
  std::vector<int> pairs;
  for (std::size_t i = 0; i < order.size(); ++i) pairs.insert(pairs.end(), {order[i], static_cast<int>(i)});
  cv::mixChannels(image, out, pairs);
  return out;
}

/// RGB on white by the definition, in floating point.
cv::Mat on_white_by_hand(const cv::Mat& rgba) {
  const double white = rgba.depth() == CV_8U ? 255 : 65535;
  cv::Mat real, out(rgba.size(), CV_64FC3), rounded;
  rgba.convertTo(real, CV_64F);
  for (int y = 0; y < rgba.rows; ++y) {
    for (int x = 0; x < rgba.cols; ++x) {
      const auto& from = real.at<cv::Vec4d>(y, x);
      for (int c = 0; c < 3; ++c) {
        const double share = from[3] / white;
        out.at<cv::Vec3d>(y, x)[c] = std::floor(from[c] * share + white * (1 - share) + 0.5 + 1e-9);
      }
    }
  }
  out.convertTo(rounded, CV_MAKETYPE(rgba.depth(), 3));
  return rounded;
}

TEST(PageDecoder, ReadsEveryFormatAsOpenCvDoes) {
  for (const cv::Mat& image : {colour_noise(61, 43, 1), cv::Mat(drawn_page(90, 70, 2))}) {
    for (const char* extension : {".png", ".jpg", ".tiff", ".webp", ".bmp", ".pbm", ".jp2"}) {
      SCOPED_TRACE(extension);
      const bool pnm = std::string(extension) == ".pbm";
      const std::string bytes = encoded(pnm ? (image.channels() == 1 ? ".pgm" : ".ppm") : extension, image);
      EXPECT_TRUE(same_pixels(grey(bytes), opencv_grey(bytes)));
    }
  }
}

TEST(PageDecoder, ReadsSixteenBitSamplesDividedBy256) {
  const cv::Mat deep = colour_noise(40, 30, 3, CV_16UC1);
  cv::Mat expected(deep.size(), CV_8UC1);
  for (int y = 0; y < deep.rows; ++y) {
    for (int x = 0; x < deep.cols; ++x)
      expected.at<uchar>(y, x) = static_cast<uchar>(deep.at<std::uint16_t>(y, x) / 256);
  }
  EXPECT_TRUE(same_pixels(grey(png_bytes(deep, 0)), expected));
  EXPECT_TRUE(same_pixels(grey(tiff_bytes({tiff_page(deep, 1, {}, false)}, false)), expected));
  EXPECT_TRUE(same_pixels(grey(tiff_bytes({tiff_page(deep, 1, {}, true)}, true)), expected));
}

TEST(PageDecoder, ReadsOneBitPagesAndG4) {
  cv::Mat bar(5, 16, CV_8UC1, cv::Scalar(255));
  bar(cv::Rect(4, 0, 3, 5)).setTo(0);
  EXPECT_TRUE(same_pixels(grey(encoded(".pbm", bar)), bar));
  EXPECT_TRUE(same_pixels(grey(std::string("P4\n16 5\n") + std::string("\x0e\0\x0e\0\x0e\0\x0e\0\x0e\0", 10)), bar));
  EXPECT_TRUE(same_pixels(grey("P1\n# a comment\n4 2\n1 0 0 1\n0 1 1 0\n"),
                          (cv::Mat_<uchar>(2, 4) << 0, 255, 255, 0, 255, 0, 0, 255)));

  std::string packed;
  for (int y = 0; y < 5; ++y) packed += "\x0e" + std::string(1, '\0');
  const std::vector<TiffPage::Entry> entries{{256, 4, {16}}, {257, 4, {5}}, {258, 3, {1}},
                                             {262, 3, {0}},  {277, 3, {1}}, {278, 4, {5}}};
  TiffPage plain{packed, entries}, g4{g4_bar(5, "1011", "10"), entries};  // runs of 4 white, 3 black pixels
  plain.entries.push_back({259, 3, {1}});
  g4.entries.push_back({259, 3, {4}});
  EXPECT_TRUE(same_pixels(grey(tiff_bytes({plain}, false)), bar));
  EXPECT_TRUE(same_pixels(grey(tiff_bytes({g4}, false)), bar));
}

TEST(PageDecoder, TurnsPagesAsTheirOrientationAsks) {
  cv::Mat image(24, 40, CV_8UC1, cv::Scalar(40));
  image(cv::Rect(0, 0, 20, 12)).setTo(250);
  image(cv::Rect(20, 0, 20, 12)).setTo(150);
  // What stands in the corners top left, top right, bottom left, bottom right once upright (EXIF 2.32, table 6).
  const std::map<int, std::array<int, 4>> corners{
      {1, {250, 150, 40, 40}}, {2, {150, 250, 40, 40}}, {3, {40, 40, 150, 250}}, {4, {40, 40, 250, 150}},
      {5, {250, 40, 150, 40}}, {6, {40, 250, 40, 150}}, {7, {40, 150, 40, 250}}, {8, {150, 40, 250, 40}}};
  const std::string jpeg = encoded(".jpg", image, {cv::IMWRITE_JPEG_QUALITY, 100});
  const cv::Mat opaque(image.size(), CV_8UC1, cv::Scalar(255));
  cv::Mat grey_alpha;
  cv::merge(std::vector<cv::Mat>{image, opaque}, grey_alpha);
  for (const auto& [orientation, levels] : corners) {
    for (const bool big_endian : {false, true}) {
      const std::string exif = exif_bytes(orientation, 0, big_endian);
      const auto turned = static_cast<std::uint32_t>(orientation);
      for (const auto& [kind, bytes] :
           {std::pair("jpeg", with_jpeg_segment(jpeg, '\xe1', std::string("Exif\0\0", 6) + exif)),
            std::pair("png", png_bytes(image, 0, png_chunk("eXIf", exif))),
            std::pair("png with alpha", png_bytes(grey_alpha, 4, png_chunk("eXIf", exif))),
            std::pair("tiff", tiff_bytes({tiff_page(image, 1, {{274, 3, {turned}}}, big_endian)}, big_endian))}) {
        SCOPED_TRACE(kind + std::to_string(orientation));
        const cv::Mat page = grey(bytes);
        ASSERT_EQ(page.size(), orientation < 5 ? cv::Size(40, 24) : cv::Size(24, 40));
        EXPECT_NEAR(page.at<uchar>(1, 1), levels[0], 3);
        EXPECT_NEAR(page.at<uchar>(1, page.cols - 2), levels[1], 3);
        EXPECT_NEAR(page.at<uchar>(page.rows - 2, 1), levels[2], 3);
        EXPECT_NEAR(page.at<uchar>(page.rows - 2, page.cols - 2), levels[3], 3);
        const PageDescription described = describe_page(bytes, plenty);
        ASSERT_EQ(described.frames.size(), 1U) << described.error;
        EXPECT_EQ(described.frames[0].width, static_cast<std::uint32_t>(page.cols));
      }
    }
  }
}

TEST(PageDecoder, LaysTransparencyOnWhiteAndThenReadsItLikeAnOpaqueFile) {
  for (const int depth : {CV_8U, CV_16U}) {
    SCOPED_TRACE(depth == CV_8U ? "8 bits" : "16 bits");
    const cv::Mat rgba = colour_noise(50, 34, 6, CV_MAKETYPE(depth, 4));
    const cv::Mat white = on_white_by_hand(rgba);
    EXPECT_TRUE(same_pixels(grey(png_bytes(rgba, 6)), grey(png_bytes(white, 2))));

    const cv::Mat from_tiff = grey(tiff_bytes({tiff_page(rgba, 2, {{338, 3, {2}}}, false)}, false));
    const cv::Mat expected = grey(tiff_bytes({tiff_page(white, 2, {}, false)}, false));
    // libtiff multiplies 8-bit colours by alpha first, which rounds once more.
    EXPECT_LE(cv::norm(from_tiff, expected, cv::NORM_INF), depth == CV_8U ? 1 : 0);

    const cv::Mat grey_alpha = channels_of(rgba, {0, 3});
    EXPECT_TRUE(same_pixels(grey(png_bytes(grey_alpha, 4)),
                            grey(png_bytes(channels_of(on_white_by_hand(channels_of(rgba, {0, 0, 0, 3})), {0}), 0))));
  }
}

TEST(PageDecoder, LaysTransparencyOnWhiteInTheOtherFormats) {
  const cv::Mat bgra = colour_noise(50, 34, 6, CV_8UC4);
  const cv::Mat white = on_white_by_hand(bgra);
  EXPECT_TRUE(same_pixels(grey(bmp32_bytes(bgra, true)), grey(encoded(".bmp", white))));
  EXPECT_TRUE(same_pixels(grey(encoded(".jp2", bgra, {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000})),
                          grey(encoded(".jp2", white, {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000}))));
  // A fully transparent pixel's colour is not kept by WebP's encoder, which is all the same on white.
  EXPECT_TRUE(same_pixels(grey(encoded(".webp", bgra, {cv::IMWRITE_WEBP_QUALITY, 101})),
                          grey(encoded(".webp", white, {cv::IMWRITE_WEBP_QUALITY, 101}))));
}

TEST(PageDecoder, ATransparentPageReadsAsWhiteNotBlack) {
  const cv::Mat clear(20, 30, CV_8UC4, cv::Scalar(0, 0, 0, 0));
  const cv::Mat white(20, 30, CV_8UC1, cv::Scalar(255));
  EXPECT_TRUE(same_pixels(grey(png_bytes(clear, 6)), white));
  EXPECT_TRUE(same_pixels(grey(encoded(".webp", clear, {cv::IMWRITE_WEBP_QUALITY, 101})), white));
  for (const std::uint32_t kind : {1U, 2U}) {
    EXPECT_TRUE(same_pixels(grey(tiff_bytes({tiff_page(clear, 2, {{338, 3, {kind}}}, false)}, false)), white));
  }
}

TEST(PageDecoder, AnUnusedAlphaChannelIsNoTransparency) {
  const cv::Mat bgr = colour_noise(21, 17, 4);
  cv::Mat bgra;
  cv::merge(std::vector<cv::Mat>{channels_of(bgr, {0}), channels_of(bgr, {1}), channels_of(bgr, {2}),
                                 cv::Mat(bgr.size(), CV_8UC1, cv::Scalar(0))},
            bgra);
  const cv::Mat expected = grey(encoded(".bmp", bgr));
  EXPECT_TRUE(same_pixels(grey(bmp32_bytes(bgra, false)), expected));
  EXPECT_TRUE(same_pixels(grey(bmp32_bytes(bgra, true)), expected));
  const cv::Mat unspecified = grey(tiff_bytes({tiff_page(bgra, 2, {{338, 3, {0}}}, false)}, false));
  EXPECT_TRUE(same_pixels(unspecified, grey(tiff_bytes({tiff_page(bgr, 2, {}, false)}, false))));
}

TEST(PageDecoder, PremultipliedAlphaIsNotMultipliedAgain) {
  cv::Mat rgba(1, 2, CV_8UC4);
  rgba.at<cv::Vec4b>(0, 0) = {60, 60, 60, 100};
  rgba.at<cv::Vec4b>(0, 1) = {0, 0, 0, 255};
  const cv::Mat page = grey(tiff_bytes({tiff_page(rgba, 2, {{338, 3, {1}}}, false)}, false));
  EXPECT_EQ(page.at<uchar>(0, 0), 60 + 155);
  EXPECT_EQ(page.at<uchar>(0, 1), 0);
}

TEST(PageDecoder, TransparentColoursOfPalettesAndKeysAreWhite) {
  const cv::Mat index = (cv::Mat_<uchar>(1, 3) << 0, 1, 2);
  const std::string palette = png_chunk("PLTE", std::string("\0\0\0\0\0\0\x50\x50\x50", 9));
  const cv::Mat half = grey(png_bytes(index, 3, palette + png_chunk("tRNS", std::string("\0\x80", 2))));
  EXPECT_TRUE(same_pixels(half, (cv::Mat_<uchar>(1, 3) << 255, 127, 80)));

  const cv::Mat levels = (cv::Mat_<uchar>(1, 3) << 7, 8, 9);
  EXPECT_TRUE(
      same_pixels(grey(png_bytes(levels, 0, png_chunk("tRNS", big(8, 2)))), (cv::Mat_<uchar>(1, 3) << 7, 255, 9)));
  const cv::Mat deep = (cv::Mat_<std::uint16_t>(1, 3) << 700, 800, 25600);
  EXPECT_TRUE(
      same_pixels(grey(png_bytes(deep, 0, png_chunk("tRNS", big(800, 2)))), (cv::Mat_<uchar>(1, 3) << 2, 255, 100)));
  const cv::Mat colours(1, 2, CV_8UC3, cv::Scalar(10, 10, 10));
  cv::Mat two = colours.clone();
  two.at<cv::Vec3b>(0, 1) = {20, 20, 20};
  EXPECT_TRUE(same_pixels(grey(png_bytes(two, 2, png_chunk("tRNS", big(10, 2) + big(10, 2) + big(10, 2)))),
                          (cv::Mat_<uchar>(1, 2) << 255, 20)));
}

TEST(PageDecoder, ReadsEachPageOfATiffByItself) {
  for (const bool big_endian : {false, true}) {
    std::vector<TiffPage> pages;
    std::vector<cv::Mat> images;
    for (int i = 0; i < 4; ++i) {
      images.push_back(noise_image(30 + i, 20 + 2 * i, static_cast<std::uint64_t>(i)));
      const auto dpi = static_cast<std::uint32_t>(200 + 100 * i);
      pages.push_back(tiff_page(images.back(), 1, {{282, 5, {dpi, 1}}, {296, 3, {2}}}, big_endian));
    }
    const std::string bytes = tiff_bytes(pages, big_endian);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_TRUE(same_pixels(grey(bytes, i), images[i])) << i;
    EXPECT_EQ(decode_page(bytes, 4, plenty).error().text, "page 5 is asked for, but there are only 4");
    const PageDescription described = describe_page(bytes, plenty);
    ASSERT_EQ(described.frames.size(), 4U) << described.error;
    EXPECT_EQ(described.frames[2].width, 32U);
    EXPECT_EQ(described.frames[2].height, 24U);
    EXPECT_EQ(described.frames[2].dpi, 400);
    EXPECT_NEAR(described.frames[3].brightness, cv::mean(images[3])[0], 1e-9);
  }
}

TEST(PageDecoder, ADamagedPageOfATiffDoesNotHideTheOthers) {
  std::vector<TiffPage> pages{tiff_page(noise_image(30, 20, 1), 1, {}, false),
                              tiff_page(noise_image(30, 20, 2), 1, {}, false),
                              tiff_page(noise_image(30, 20, 3), 1, {}, false)};
  for (TiffPage::Entry& entry : pages[1].entries) {
    if (entry.tag == 259) entry.values = {12345};  // a compression nobody has
  }
  const std::string bytes = tiff_bytes(pages, false);
  EXPECT_TRUE(same_pixels(grey(bytes, 2), noise_image(30, 20, 3)));
  EXPECT_FALSE(decode_page(bytes, 1, plenty));
  EXPECT_EQ(describe_page(bytes, plenty).error.substr(0, 8), "page 2: ");
}

TEST(PageDecoder, ThumbnailsInATiffAreNoPages) {
  const cv::Mat page = noise_image(30, 20, 1);
  const std::string bytes =
      tiff_bytes({tiff_page(page, 1, {}, false), tiff_page(noise_image(3, 2, 2), 1, {{254, 4, {1}}}, false)}, false);
  EXPECT_EQ(describe_page(bytes, plenty).frames.size(), 1U);
}

TEST(PageDecoder, RefusesATiffWithAlphaBesideGreyByASentence) {
  const cv::Mat grey_alpha = colour_noise(20, 10, 3, CV_8UC2);
  EXPECT_EQ(error_of(tiff_bytes({tiff_page(grey_alpha, 1, {{338, 3, {2}}}, false)}, false)),
            "a TIFF page with alpha beside grey samples, which is not supported");
}

TEST(PageDecoder, RefusesTruncatedFiles) {
  const cv::Mat image = drawn_page(300, 200, 1);
  for (const char* extension : {".png", ".jpg", ".tiff", ".webp", ".bmp", ".pgm", ".jp2"}) {
    const std::string whole = encoded(extension, image);
    for (const double share : {0.0, 0.002, 0.01, 0.1, 0.5, 0.9, 0.99}) {
      SCOPED_TRACE(extension + std::to_string(share));
      const std::string bytes = whole.substr(0, static_cast<std::size_t>(static_cast<double>(whole.size()) * share));
      EXPECT_NE(error_of(bytes), "");
    }
  }
  // Directories may stand before the data; then nothing but the strips' places tells that the end is missing.
  std::string tiff = tiff_bytes({tiff_page(image, 1, {}, false)}, false);
  const std::size_t length_at = tiff.find(little(279, 2) + little(4, 2) + little(1, 4));
  ASSERT_NE(length_at, std::string::npos);
  tiff.replace(length_at + 8, 4, little(tiff.size() - 7, 4));
  EXPECT_EQ(error_of(tiff), "the TIFF file ends inside the data of page 1");
  const std::string jpeg = encoded(".jpg", image);
  EXPECT_EQ(error_of(jpeg.substr(0, jpeg.size() - 2)), "the JPEG file ends before its image does");
  const std::string progressive =
      encoded(".jpg", image, {cv::IMWRITE_JPEG_PROGRESSIVE, 1, cv::IMWRITE_JPEG_RST_INTERVAL, 3});
  EXPECT_TRUE(same_pixels(grey(progressive + "trailing"), opencv_grey(progressive)));
  EXPECT_EQ(error_of(progressive.substr(0, progressive.size() * 3 / 4)), "the JPEG file ends before its image does");
}

TEST(PageDecoder, RefusesMorePixelsThanTheLimitFromTheHeaderAlone) {
  const auto side = [](std::uint64_t pixels, int bytes, bool big_endian) {
    return number_bytes(pixels, bytes, big_endian);
  };
  const std::string png =
      "\x89PNG\r\n\x1a\n" +
      png_chunk("IHDR", side(100000, 4, true) + side(100000, 4, true) + std::string("\x08\0\0\0\0", 5)) +
      png_chunk("IDAT", "");
  const std::string bmp = "BM" + std::string(12, '\0') + little(40, 4) + little(100000, 4) +
                          little(0x100000000 - 100000, 4) + little(1, 2) + little(8, 2) + std::string(24, '\0');
  const std::string pgm = "P5 100000 100000 255\n";
  const std::string webp = "RIFF" + little(100, 4) + "WEBPVP8L" + little(90, 4) + "\x2f" + std::string(3, '\xff') +
                           "\x0f" + std::string(20, '\0');
  std::string tiff = tiff_bytes({tiff_page(noise_image(9, 9, 1), 1, {}, false)}, false);
  for (const std::uint32_t tag : {256U, 257U}) {
    const std::size_t entry = tiff.find(little(tag, 2) + little(4, 2) + little(1, 4) + little(9, 4));
    ASSERT_NE(entry, std::string::npos);
    tiff.replace(entry + 8, 4, little(100000, 4));
  }
  const std::string jp2 = "\xff\x4f\xff\x51" + big(41, 2) + big(0, 2) + big(100000, 4) + big(100000, 4) +
                          std::string(24, '\0') + big(1, 2) + "\x07\x01\x01";
  for (const auto& bytes : {png, bmp, pgm, tiff, jp2}) {
    EXPECT_EQ(error_of(bytes), "100000 x 100000 pixels are more than the limit of 200000000");
  }
  EXPECT_EQ(error_of(webp), "16384 x 16384 pixels are more than the limit of 200000000");
  std::string jpeg = encoded(".jpg", noise_image(16, 16, 1));
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(error_of(jpeg), "65535 x 65535 pixels are more than the limit of 200000000");
  const cv::Mat exact = noise_image(20, 10, 1);
  EXPECT_TRUE(decode_page(encoded(".png", exact), 0, 200));
  EXPECT_EQ(error_of(encoded(".png", exact), 199), "20 x 10 pixels are more than the limit of 199");
}

TEST(PageDecoder, TellsWhatIsNoImage) {
  EXPECT_EQ(error_of(""), "an empty file");
  EXPECT_EQ(error_of("hello"), "not a PNG, JPEG, TIFF, JPEG 2000, WebP, BMP or PNM file");
  EXPECT_EQ(error_of("%PDF-1.7"), "a PDF file, not an image");
  EXPECT_EQ(error_of(std::string("II\x2b\0\x08\0\0\0", 8)),
            "a BigTIFF file, which is not supported: save it as a classic TIFF");
}

TEST(PageDecoder, DirectoriesThatLoopOrLeaveTheFileAreErrors) {
  std::string bytes =
      tiff_bytes({tiff_page(noise_image(9, 9, 1), 1, {}, false), tiff_page(noise_image(9, 9, 2), 1, {}, false)}, false);
  const std::string first = bytes.substr(4, 4);
  std::string loop = bytes;
  // The second directory's link to the next is the last field that is 0: 9 entries of 12 bytes end before it.
  const auto second_at = bytes.find(little(9, 2) + little(256, 2), bytes.find(little(9, 2) + little(256, 2)) + 1);
  ASSERT_NE(second_at, std::string::npos);
  loop.replace(second_at + 2 + 9 * 12, 4, first);
  EXPECT_EQ(error_of(loop), "a TIFF file whose pages form a loop");
  std::string outside = bytes;
  outside.replace(second_at + 2 + 9 * 12, 4, little(0xfffffff0, 4));
  EXPECT_EQ(error_of(outside), "the TIFF file ends inside the directory of page 3");
}

TEST(PageDecoder, NeverCrashesOnDamagedHeaders) {
  const cv::Mat image = drawn_page(60, 40, 1);
  cv::RNG random(17);
  std::vector<std::string> files;
  for (const char* extension : {".png", ".jpg", ".tiff", ".webp", ".bmp", ".pgm", ".jp2"})
    files.push_back(encoded(extension, image));
  files.push_back(with_jpeg_segment(files[1], '\xe1', std::string("Exif\0\0", 6) + exif_bytes(6, 300, true)));
  for (const std::string& file : files) {
    for (int i = 0; i < 400; ++i) {
      std::string damaged = file;
      for (int hit = 0; hit < 3; ++hit) {
        damaged[static_cast<std::size_t>(random.uniform(0, std::min(200, static_cast<int>(file.size()))))] =
            static_cast<char>(random.uniform(0, 256));
      }
      const auto header = read_image_header(damaged);
      if (!header) {
        EXPECT_NE(header.error().text, "");
        continue;
      }
      for (const FrameHeader& frame : header->frames) EXPECT_GT(frame.width * frame.height, 0U);
    }
  }
}

TEST(Resolution, ComesFromTheTagOfEachFormat) {
  const cv::Mat image = noise_image(30, 20, 1);
  const auto dpi = [](const std::string& bytes) { return decode_page(bytes, 0, plenty)->tag_dpi; };
  const auto png = [&](std::uint32_t per_metre, char unit) {
    return png_bytes(image, 0, png_chunk("pHYs", big(per_metre, 4) + big(per_metre, 4) + unit));
  };
  EXPECT_EQ(dpi(png(11811, 1)), 300);
  EXPECT_EQ(dpi(png(11811, 0)), std::nullopt) << "an aspect ratio";
  EXPECT_EQ(dpi(png(2835, 1)), std::nullopt) << "72 is what programs write that know nothing";
  EXPECT_EQ(dpi(png(47244, 1)), 1200);
  EXPECT_EQ(dpi(png(50000, 1)), std::nullopt);

  std::string jpeg = encoded(".jpg", image);
  const std::size_t jfif = jpeg.find("JFIF");
  ASSERT_NE(jfif, std::string::npos);
  const std::string with_exif = with_jpeg_segment(jpeg, '\xe1', std::string("Exif\0\0", 6) + exif_bytes(1, 240, false));
  EXPECT_EQ(dpi(with_exif), 240);
  jpeg.replace(jfif + 7, 5, "\x01" + big(400, 2) + big(400, 2));
  EXPECT_EQ(dpi(jpeg), 400);
  jpeg.replace(jfif + 7, 5, "\x02" + big(118, 2) + big(118, 2));
  EXPECT_NEAR(dpi(jpeg).value(), 299.72, 0.005);

  const auto tiff = [&](std::uint32_t unit, std::uint32_t over, std::uint32_t under) {
    return tiff_bytes({tiff_page(image, 1, {{282, 5, {over, under}}, {296, 3, {unit}}}, true)}, true);
  };
  EXPECT_EQ(dpi(tiff(2, 600, 1)), 600);
  EXPECT_EQ(dpi(tiff(3, 23622, 100)), 600);
  EXPECT_EQ(dpi(tiff(1, 300, 1)), std::nullopt);
  EXPECT_EQ(dpi(tiff(2, 300, 0)), std::nullopt);
  EXPECT_EQ(dpi(bmp32_bytes(colour_noise(9, 9, 1, CV_8UC4), false, 15748)), 400);
}

TEST(Resolution, IsEstimatedAndSaidToBeWithoutATag) {
  const PageDescription described =
      describe_page(encoded(".pgm", cv::Mat(2339, 1654, CV_8UC1, cv::Scalar(255))), plenty);
  ASSERT_EQ(described.frames.size(), 1U);
  EXPECT_EQ(described.frames[0].dpi_source, "estimated");
  EXPECT_EQ(described.frames[0].dpi, 200);
  EXPECT_EQ(described.frames[0].brightness, 255);
  EXPECT_EQ(described.frames[0].noise, 0);
}

TEST(RealPages, DecodeAsImreadDoesAndTheirEstimateIsNearTheirTag) {
  const auto pages = shared_pages();
  if (!pages) GTEST_SKIP() << "no real pages: set OCRS_PAGES to a folder of page images";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*pages)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".jpg" && extension != ".png" && extension != ".tif") continue;
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const auto page = decode_page(bytes, 0, plenty);
    ASSERT_TRUE(page) << page.error().text;
    EXPECT_TRUE(same_pixels(page->grey, cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE)));
    if (page->tag_dpi) {
      EXPECT_NEAR(estimated_dpi(page->grey) / *page->tag_dpi, 1, 0.35);
    }
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace ocrs
