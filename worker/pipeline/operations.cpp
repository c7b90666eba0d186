#include "worker/pipeline/operations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

#include "worker/pipeline/kernels/adaptive_mean.hpp"
#include "worker/pipeline/kernels/gaussian_blur.hpp"
#include "worker/pipeline/kernels/line_opening.hpp"
#include "worker/pipeline/kernels/non_local_means.hpp"
#include "worker/pipeline/kernels/sauvola.hpp"

namespace ocrs {

cv::Mat line_mask(const cv::Mat& grey, int length_h, int length_v, int dilations) {
  cv::Mat dark;
  cv::threshold(grey, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  return kernels::line_opening(dark, std::max(1, length_h), std::max(1, length_v), std::max(0, dilations));
}

cv::Mat painted_white(const cv::Mat& grey, const cv::Mat& mask) {
  cv::Mat out = grey.clone();
  out.setTo(255, mask);
  return out;
}

cv::Mat inpainted(const cv::Mat& grey, const cv::Mat& mask) {
  cv::Mat out;
  if (grey.rows > 1 && grey.cols > 1) {
    cv::inpaint(grey, mask, out, 3, cv::INPAINT_TELEA);
    return out;
  }
  // OpenCV 4.6 reads the row or column beside an image that has only one.
  cv::Mat wide, wide_mask;
  const int down = grey.rows == 1, right = grey.cols == 1;
  cv::copyMakeBorder(grey, wide, 0, down, 0, right, cv::BORDER_REPLICATE);
  cv::copyMakeBorder(mask, wide_mask, 0, down, 0, right, cv::BORDER_REPLICATE);
  cv::inpaint(wide, wide_mask, out, 3, cv::INPAINT_TELEA);
  return out(cv::Rect(0, 0, grey.cols, grey.rows)).clone();
}

cv::Mat resized(const cv::Mat& grey, int width, int height) {
  cv::Mat out;
  const bool shrinks = width < grey.cols || height < grey.rows;
  cv::resize(grey, out, {width, height}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out;
}

cv::Mat within_width(const cv::Mat& grey, int width_max) {
  if (width_max <= 0 || grey.cols <= width_max) return grey;
  const double height = static_cast<double>(grey.rows) * width_max / grey.cols;
  cv::Mat out;
  cv::resize(grey, out, {width_max, std::max(1, static_cast<int>(std::lround(height)))}, 0, 0, cv::INTER_AREA);
  return out;
}

cv::Mat otsu_threshold(const cv::Mat& grey) {
  cv::Mat out;
  cv::threshold(grey, out, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  return out;
}

cv::Mat median_blur(const cv::Mat& grey, int size) {
  cv::Mat out;
  cv::medianBlur(grey, out, size);
  return out;
}

cv::Mat gaussian_blur(const cv::Mat& grey, int size) { return kernels::gaussian_blur(grey, size); }

cv::Mat divided_by_blur(const cv::Mat& grey, int size) {
  cv::Mat out;
  cv::divide(grey, gaussian_blur(grey, size), out, 255);
  return out;
}

cv::Mat non_local_means(const cv::Mat& grey, float h, int window) { return kernels::non_local_means(grey, h, window); }

cv::Mat flattened(const cv::Mat& grey, int dilate, int blur) {
  cv::Mat light, background, difference, out;
  cv::dilate(grey, light, cv::getStructuringElement(cv::MORPH_RECT, {dilate, dilate}));
  cv::medianBlur(light, background, blur);
  cv::absdiff(grey, background, difference);
  cv::subtract(cv::Scalar(255), difference, difference);
  cv::normalize(difference, out, 0, 255, cv::NORM_MINMAX, CV_8UC1);
  return out;
}

cv::Mat equalised(const cv::Mat& grey, double clip, int tiles) {
  cv::Mat out;
  cv::createCLAHE(clip, {tiles, tiles})->apply(grey, out);
  return out;
}

cv::Mat adaptive_mean(const cv::Mat& grey, int block) { return kernels::adaptive_mean(grey, block); }

cv::Mat above_mean(const cv::Mat& grey, const cv::Mat& mean, int c) {
  cv::Mat out(grey.size(), CV_8UC1);
  for (int y = 0; y < grey.rows; ++y) {
    const std::uint8_t* level = grey.ptr<std::uint8_t>(y);
    const std::uint8_t* around = mean.ptr<std::uint8_t>(y);
    std::uint8_t* to = out.ptr<std::uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) to[x] = level[x] - around[x] > -c ? 255 : 0;
  }
  return out;
}

cv::Mat sauvola_threshold(const cv::Mat& grey, int n, double k) { return kernels::sauvola(grey, n, k); }

cv::Mat stretched(const cv::Mat& grey) {
  std::array<std::uint64_t, 256> histogram{};
  for (int y = 0; y < grey.rows; ++y) {
    const std::uint8_t* row = grey.ptr<std::uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) ++histogram[row[x]];
  }
  const auto percentile = [&](std::uint64_t percent) {
    std::uint64_t below = 0;
    int level = 0;
    for (; level < 255; ++level) {
      below += histogram[static_cast<std::size_t>(level)];
      if (100 * below >= percent * grey.total()) break;
    }
    return level;
  };
  const int low = percentile(1);
  const int high = percentile(99);
  if (low == high) return grey.clone();
  cv::Mat table(1, 256, CV_8UC1), out;
  for (int level = 0; level < 256; ++level) {
    const int range = high - low;
    const int stretched_level = (2 * 255 * (std::clamp(level, low, high) - low) + range) / (2 * range);
    table.at<std::uint8_t>(level) = static_cast<std::uint8_t>(stretched_level);
  }
  cv::LUT(grey, table, out);
  return out;
}

int odd_upwards(int value, int least) { return std::max(value | 1, least); }

}  // namespace ocrs
