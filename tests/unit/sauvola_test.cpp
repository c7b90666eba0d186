// The kernel against the formula written straight down, on every instruction set this machine can run.
#include "worker/pipeline/kernels/sauvola.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace ocrs {
namespace {

cv::Mat noise(cv::RNG& rng, int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC1);
  rng.fill(image, cv::RNG::UNIFORM, 0, 256);
  return image;
}
cv::Mat black_and_white(cv::RNG& rng, int rows, int columns) { return noise(rng, rows, columns) < 128; }
/// The largest sums there are.
cv::Mat white(cv::RNG&, int rows, int columns) { return {rows, columns, CV_8UC1, cv::Scalar(255)}; }
cv::Mat strokes(cv::RNG& rng, int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC1, cv::Scalar(233));
  for (int i = 0; i < rows * columns / 400 + 1; ++i) {
    const cv::Rect stroke(rng.uniform(0, columns), rng.uniform(0, rows), rng.uniform(1, 12), rng.uniform(1, 4));
    image(stroke & cv::Rect(0, 0, columns, rows)) = rng.uniform(0, 90);
  }
  return image;
}

cv::Mat by_the_formula(const cv::Mat& image, int n, double k) {
  cv::Mat out(image.size(), CV_8UC1);
  const double count = (2.0 * n + 1) * (2.0 * n + 1);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      std::int64_t sum = 0, squares = 0;
      for (int dy = -n; dy <= n; ++dy) {
        for (int dx = -n; dx <= n; ++dx) {
          const int level =
              image.at<std::uint8_t>(std::clamp(y + dy, 0, image.rows - 1), std::clamp(x + dx, 0, image.cols - 1));
          sum += level, squares += level * level;
        }
      }
      const double mean = static_cast<double>(sum) / count;
      const double variance =
          (count * static_cast<double>(squares) - static_cast<double>(sum) * static_cast<double>(sum));
      const double threshold = mean * (1 + k * (std::sqrt(variance) / count / 128 - 1));
      out.at<std::uint8_t>(y, x) = image.at<std::uint8_t>(y, x) > threshold ? 255 : 0;
    }
  }
  return out;
}

class SauvolaOn : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(std::int64_t{1} << GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(SauvolaOn, GivesWhatTheFormulaGives) {
  cv::RNG rng(41);
  constexpr int sizes[][2] = {{1, 1}, {1, 90}, {70, 1}, {2, 2}, {5, 3}, {31, 127}, {64, 64}, {33, 65}};
  for (const auto& size : sizes) {
    for (const auto make : {noise, black_and_white, white, strokes}) {
      const cv::Mat image = make(rng, size[0], size[1]);
      for (const auto& [n, k] : {std::pair(1, 0.5), std::pair(7, 0.1), std::pair(12, 0.0), std::pair(15, -0.3),
                                 std::pair(9, 3.9), std::pair(5, 9.0)}) {
        ASSERT_EQ(cv::countNonZero(kernels::sauvola(image, n, k) != by_the_formula(image, n, k)), 0)
            << image.cols << 'x' << image.rows << " n " << n << " k " << k;
      }
    }
  }
}

TEST_P(SauvolaOn, GivesWhatTheFormulaGivesWhereSumsAreLargest) {
  cv::RNG rng(42);
  for (const auto make : {white, black_and_white, strokes}) {
    const cv::Mat image = make(rng, 12, 40);
    for (const int n : {89, 90, 91, 130}) {
      ASSERT_EQ(cv::countNonZero(kernels::sauvola(image, n, 0.4) != by_the_formula(image, n, 0.4)), 0) << n;
    }
  }
}

TEST_P(SauvolaOn, DecidesLevelsAtTheThresholdExactly) {
  // Flat images lie on their threshold when k is 0; soft ramps pass through it everywhere.
  for (int level = 0; level < 256; level += 15) {
    const cv::Mat flat(20, 50, CV_8UC1, cv::Scalar(level));
    ASSERT_EQ(cv::countNonZero(kernels::sauvola(flat, 6, 0.0)), 0) << level;
  }
  cv::Mat ramp(40, 200, CV_8UC1);
  for (int x = 0; x < ramp.cols; ++x) ramp.col(x) = x;
  for (const double k : {0.0, 0.001, 0.01, 0.05}) {
    ASSERT_EQ(cv::countNonZero(kernels::sauvola(ramp, 8, k) != by_the_formula(ramp, 8, k)), 0) << k;
  }
}

std::vector<int> targets_here() {
  std::vector<int> bits;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    bits.push_back(std::countr_zero(static_cast<std::uint64_t>(left)));
  }
  return bits;
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, SauvolaOn, testing::ValuesIn(targets_here()),
                         [](const testing::TestParamInfo<int>& target) {
                           return std::string(hwy::TargetName(std::int64_t{1} << target.param));
                         });

}  // namespace
}  // namespace ocrs
