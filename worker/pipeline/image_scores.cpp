#include "worker/pipeline/image_scores.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

struct Moments {
  std::int64_t count = 0, sum = 0, squares = 0;

  void add(std::int64_t value, std::int64_t times) {
    count += times;
    sum += value * times;
    squares += value * value * times;
  }
  [[nodiscard]] double mean() const { return static_cast<double>(sum) / static_cast<double>(count); }
  /// Population variance; the sums are exact, so only the last steps round.
  [[nodiscard]] double variance() const {
    const double average = mean();
    return std::max(0.0, static_cast<double>(squares) / static_cast<double>(count) - average * average);
  }
};

std::array<std::int64_t, 256> histogram_of(const cv::Mat& grey) {
  std::array<std::int64_t, 256> histogram{};
  for (int y = 0; y < grey.rows; ++y) {
    const std::uint8_t* row = grey.ptr<std::uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) ++histogram[row[x]];
  }
  return histogram;
}

/// Neighbour index with the border reflected without repeating the edge, as cv::BORDER_REFLECT_101.
int reflected(int index, int size) {
  if (size == 1) return 0;
  if (index < 0) return -index;
  return index < size ? index : 2 * size - 2 - index;
}

}  // namespace

double laplacian_variance(const cv::Mat& grey) {
  OCRS_CHECK(grey.empty() || grey.type() == CV_8UC1, "sharpness is of an 8-bit grey image");
  if (grey.empty()) return 0;
  Moments moments;
  for (int y = 0; y < grey.rows; ++y) {
    const std::uint8_t* above = grey.ptr<std::uint8_t>(reflected(y - 1, grey.rows));
    const std::uint8_t* row = grey.ptr<std::uint8_t>(y);
    const std::uint8_t* below = grey.ptr<std::uint8_t>(reflected(y + 1, grey.rows));
    const auto at = [&](int x, int left, int right) {
      return above[x] + below[x] + row[left] + row[right] - 4 * row[x];
    };
    std::int64_t sum = 0, squares = 0;
    const auto add = [&](int value) {
      sum += value;
      squares += value * value;
    };
    add(at(0, reflected(-1, grey.cols), reflected(1, grey.cols)));
    for (int x = 1; x + 1 < grey.cols; ++x) add(at(x, x - 1, x + 1));
    if (grey.cols > 1) add(at(grey.cols - 1, grey.cols - 2, reflected(grey.cols, grey.cols)));
    moments.sum += sum;
    moments.squares += squares;
  }
  moments.count = static_cast<std::int64_t>(grey.total());
  return moments.variance();
}

ImageScores image_scores(const cv::Mat& grey) {
  OCRS_CHECK(grey.empty() || grey.type() == CV_8UC1, "image scores are of an 8-bit grey image");
  ImageScores scores;
  if (grey.empty()) return scores;
  scores.sharpness = laplacian_variance(grey);

  cv::Mat ignored;
  const double threshold = cv::threshold(grey, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  const auto histogram = histogram_of(grey);
  Moments all, dark, light;
  for (int level = 0; level < 256; ++level) {
    const std::int64_t times = histogram[static_cast<std::size_t>(level)];
    all.add(level, times);
    (level <= threshold ? dark : light).add(level, times);
  }
  scores.contrast = std::sqrt(all.variance());
  if (dark.count > 0 && light.count > 0) {
    const double spread = dark.variance() + light.variance();
    if (spread > 0) scores.cnr = (light.mean() - dark.mean()) / std::sqrt(spread);
  }
  return scores;
}

}  // namespace ocrs
