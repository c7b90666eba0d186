// The kernel against cv::adaptiveThreshold on every instruction set this machine can run.
#include "worker/pipeline/kernels/adaptive_mean.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "worker/pipeline/operations.hpp"

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

/// OpenCV's own mean, seen through its thresholds: C = c is white exactly where grey - mean > -c.
void expect_same(const cv::Mat& image, int block) {
  const cv::Mat mean = kernels::adaptive_mean(image, block);
  for (const int c : {-120, -40, -9, -2, -1, 0, 1, 2, 10, 60, 200}) {
    cv::Mat expected;
    cv::adaptiveThreshold(image, expected, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, block, c);
    ASSERT_EQ(cv::countNonZero(above_mean(image, mean, c) != expected), 0)
        << image.cols << 'x' << image.rows << " block " << block << " C " << c;
  }
}

class AdaptiveMeanOn : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(std::int64_t{1} << GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(AdaptiveMeanOn, GivesTheBitsOfOpenCv) {
  cv::RNG rng(31);
  constexpr int sizes[][2] = {{1, 1}, {1, 300}, {70, 1}, {2, 2}, {5, 3}, {31, 127}, {64, 256}, {65, 257}, {40, 530}};
  for (const auto& size : sizes) {
    for (const auto make : {noise, black_and_white, white, strokes}) {
      const cv::Mat image = make(rng, size[0], size[1]);
      for (const int block : {3, 5, 7, 31, 121, 201}) expect_same(image, block);
    }
  }
}

TEST_P(AdaptiveMeanOn, GivesTheBitsOfOpenCvForEveryBlock) {
  cv::RNG rng(32);
  const cv::Mat image = noise(rng, 30, 67);
  for (int block = 3; block <= 401; block += 2) expect_same(image, block);
}

TEST_P(AdaptiveMeanOn, DoesNotLookBeyondAPartOfAnImage) {
  cv::RNG rng(33);
  const cv::Mat whole = strokes(rng, 90, 300);
  const cv::Mat part = whole(cv::Rect(11, 7, 201, 43)), kept = whole.clone();
  for (const int block : {7, 31, 121}) {
    EXPECT_EQ(cv::countNonZero(kernels::adaptive_mean(part, block) != kernels::adaptive_mean(part.clone(), block)), 0);
  }
  expect_same(part, 31);
  EXPECT_EQ(cv::countNonZero(whole != kept), 0);
}

std::vector<int> targets_here() {
  std::vector<int> bits;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    bits.push_back(std::countr_zero(static_cast<std::uint64_t>(left)));
  }
  return bits;
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, AdaptiveMeanOn, testing::ValuesIn(targets_here()),
                         [](const testing::TestParamInfo<int>& target) {
                           return std::string(hwy::TargetName(std::int64_t{1} << target.param));
                         });

}  // namespace
}  // namespace ocrs
