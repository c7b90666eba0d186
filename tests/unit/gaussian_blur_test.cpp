// The kernel against cv::GaussianBlur on every instruction set this machine can run.
#include "worker/pipeline/kernels/gaussian_blur.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <opencv2/imgproc.hpp>
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

void expect_same(const cv::Mat& image, int size) {
  cv::Mat expected;
  cv::GaussianBlur(image, expected, {size, size}, 0);
  const cv::Mat got = kernels::gaussian_blur(image, size);
  ASSERT_EQ(got.size(), expected.size());
  ASSERT_EQ(cv::countNonZero(got != expected), 0) << image.cols << 'x' << image.rows << " size " << size;
}

class GaussianBlurOn : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(std::int64_t{1} << GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(GaussianBlurOn, GivesTheBitsOfOpenCv) {
  cv::RNG rng(21);
  // Sizes around vectors and bands of rows, and images smaller than the kernel, whose border is mirrored many times.
  constexpr int sizes[][2] = {{1, 1}, {1, 300}, {70, 1}, {2, 2}, {5, 3}, {31, 127}, {64, 128}, {65, 129}, {130, 260}};
  for (const auto& size : sizes) {
    for (const auto make : {noise, black_and_white, white, strokes}) {
      const cv::Mat image = make(rng, size[0], size[1]);
      for (const int kernel : {1, 9, 11, 41, 61, 101, 241}) expect_same(image, kernel);
    }
  }
}

TEST_P(GaussianBlurOn, GivesTheBitsOfOpenCvForEveryKernel) {
  cv::RNG rng(22);
  const cv::Mat image = black_and_white(rng, 30, 67);
  for (int kernel = 1; kernel < 400; kernel += 2) expect_same(image, kernel);
}

TEST_P(GaussianBlurOn, LeavesItsInputAloneAndTakesPartsOfImages) {
  cv::RNG rng(23);
  const cv::Mat whole = strokes(rng, 90, 300);
  const cv::Mat kept = whole.clone();
  for (const int size : {5, 101}) {
    cv::Mat expected;
    cv::GaussianBlur(whole(cv::Rect(11, 7, 201, 43)), expected, {size, size}, 0);
    const cv::Mat got = kernels::gaussian_blur(whole(cv::Rect(11, 7, 201, 43)), size);
    EXPECT_EQ(cv::countNonZero(got != expected), 0) << size;
  }
  EXPECT_EQ(cv::countNonZero(whole != kept), 0);
}

std::vector<int> targets_here() {
  std::vector<int> bits;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    bits.push_back(std::countr_zero(static_cast<std::uint64_t>(left)));
  }
  return bits;
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, GaussianBlurOn, testing::ValuesIn(targets_here()),
                         [](const testing::TestParamInfo<int>& target) {
                           return std::string(hwy::TargetName(std::int64_t{1} << target.param));
                         });

}  // namespace
}  // namespace ocrs
