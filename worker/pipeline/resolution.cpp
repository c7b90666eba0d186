#include "worker/pipeline/resolution.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

constexpr int side_max = 3000;         // letters are measured on a page reduced to this
constexpr int letters_min = 60;        // fewer say nothing about the page
constexpr double letter_points = 5.8;  // usual height of a letter's box: x-height and capitals of 10-12 point type
constexpr double paper_inches = 8.27;  // A4; its shorter side

/// Height of letters in pixels of `grey`, 0 when there are too few: the median over dark components that could be
/// letters, each weighted by its height, so that specks do not outvote print.
double letter_height(const cv::Mat& grey) {
  cv::Mat dark, labels, boxes, centres;
  cv::threshold(grey, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  const int count = cv::connectedComponentsWithStats(dark, labels, boxes, centres, 8, CV_32S);
  std::vector<int> heights;
  for (int i = 1; i < count; ++i) {
    const int width = boxes.at<int>(i, cv::CC_STAT_WIDTH), height = boxes.at<int>(i, cv::CC_STAT_HEIGHT);
    const int area = boxes.at<int>(i, cv::CC_STAT_AREA);
    const bool sized = height >= 6 && height <= grey.rows / 15 && width * 4 >= height && width <= height * 2;
    const bool inked = area * 6 >= width * height && area * 10 <= width * height * 9;
    if (sized && inked) heights.push_back(height);
  }
  if (heights.size() < letters_min) return 0;
  std::sort(heights.begin(), heights.end());
  std::int64_t total = 0, below = 0;
  for (const int height : heights) total += height;
  for (const int height : heights) {
    below += height;
    if (2 * below >= total) return height;
  }
  return 0;
}

}  // namespace

double estimated_dpi(const cv::Mat& grey) {
  OCRS_CHECK(!grey.empty() && grey.type() == CV_8UC1, "resolution is of an 8-bit grey page");
  const int longer = std::max(grey.cols, grey.rows);
  cv::Mat page = grey;
  if (longer > side_max) {
    const double by = static_cast<double>(side_max) / longer;
    const auto side = [by](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * by))); };
    cv::resize(grey, page, {side(grey.cols), side(grey.rows)}, 0, 0, cv::INTER_AREA);
  }
  const double height = letter_height(page) * longer / std::max(page.cols, page.rows);
  const double by_letters = height * 72 / letter_points;
  const double by_paper = std::min(grey.cols, grey.rows) / paper_inches;
  // Letters tell paper of the usual size from receipts and posters; paper then tells the resolution better.
  const bool usual_paper = height == 0 || (by_paper >= 0.8 * by_letters && by_paper <= 1.25 * by_letters);
  const double dpi = std::clamp(usual_paper ? by_paper : by_letters, 150.0, 600.0);
  return std::round(dpi / 10) * 10;
}

double noise_sigma(const cv::Mat& grey) {
  OCRS_CHECK(grey.empty() || grey.type() == CV_8UC1, "noise is of an 8-bit grey page");
  if (grey.cols < 3 || grey.rows < 3) return 0;
  std::int64_t sum = 0;
  for (int y = 1; y + 1 < grey.rows; ++y) {
    const std::uint8_t* above = grey.ptr<std::uint8_t>(y - 1);
    const std::uint8_t* row = grey.ptr<std::uint8_t>(y);
    const std::uint8_t* below = grey.ptr<std::uint8_t>(y + 1);
    for (int x = 1; x + 1 < grey.cols; ++x) {
      sum += std::abs(above[x - 1] - 2 * above[x] + above[x + 1] - 2 * row[x - 1] + 4 * row[x] - 2 * row[x + 1] +
                      below[x - 1] - 2 * below[x] + below[x + 1]);
    }
  }
  constexpr double half_pi = 1.5707963267948966;
  return std::sqrt(half_pi) * static_cast<double>(sum) / (6.0 * (grey.cols - 2) * (grey.rows - 2));
}

}  // namespace ocrs
