// The kernel against cv::fastNlMeansDenoising on every instruction set this machine can run.
#include "worker/pipeline/kernels/non_local_means.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/photo.hpp>
#include <string>
#include <vector>

#include "worker/pipeline/kernels/non_local_means_weights.hpp"

namespace ocrs {
namespace {

struct Kind {
  const char* name;
  cv::Mat (*make)(cv::RNG&, int rows, int columns);
};

cv::Mat uniform_noise(cv::RNG& rng, int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC1);
  rng.fill(image, cv::RNG::UNIFORM, 0, 256);
  return image;
}
cv::Mat flat(cv::RNG&, int rows, int columns) { return {rows, columns, CV_8UC1, cv::Scalar(201)}; }
cv::Mat paper(cv::RNG& rng, int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC1);
  rng.fill(image, cv::RNG::NORMAL, 215, 7);
  return image;
}
cv::Mat black_and_white(cv::RNG& rng, int rows, int columns) {
  cv::Mat image(rows, columns, CV_8UC1);
  rng.fill(image, cv::RNG::UNIFORM, 0, 2);
  return image * 255;
}
/// Dark strokes on noisy paper: all distances from none to the largest.
cv::Mat strokes(cv::RNG& rng, int rows, int columns) {
  cv::Mat image = paper(rng, rows, columns);
  for (int i = 0; i < rows * columns / 400 + 1; ++i) {
    const cv::Rect stroke(rng.uniform(0, columns), rng.uniform(0, rows), rng.uniform(1, 12), rng.uniform(1, 4));
    image(stroke & cv::Rect(0, 0, columns, rows)) = rng.uniform(0, 90);
  }
  return image;
}

constexpr Kind kinds[] = {{"noise", uniform_noise},
                          {"flat", flat},
                          {"paper", paper},
                          {"black and white", black_and_white},
                          {"strokes", strokes}};

/// Sizes around the kernel's tiles (192 x 64), and the smallest.
constexpr int sizes[][2] = {{1, 1}, {1, 300}, {70, 1}, {5, 3}, {63, 191}, {64, 192}, {65, 193}, {12, 400}};

/// One of the few strengths whose weights (window 21) are not all products of two floats.
constexpr float h_without_products = 18.34561F;

class NonLocalMeansOn : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(std::int64_t{1} << GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(NonLocalMeansOn, GivesTheBitsOfOpenCv) {
  cv::RNG rng(77);
  for (const auto& size : sizes) {
    for (const Kind& kind : kinds) {
      const cv::Mat image = kind.make(rng, size[0], size[1]);
      for (const int window : {15, 21}) {
        // Narrow sums end near 13.9, the kernel's table near 27: both sides of both, and the smallest.
        for (const float h : {0.3F, 2.0F, 7.77F, 13.9F, 14.0F, h_without_products, 20.0F, 27.5F}) {
          cv::Mat expected;
          cv::fastNlMeansDenoising(image, expected, h, 7, window);
          const cv::Mat got = kernels::non_local_means(image, h, window);
          ASSERT_EQ(cv::countNonZero(got != expected), 0)
              << kind.name << ' ' << size[1] << 'x' << size[0] << " h " << h << " window " << window;
        }
      }
    }
  }
}

TEST_P(NonLocalMeansOn, LeavesItsInputAloneAndTakesPartsOfImages) {
  cv::RNG rng(5);
  const cv::Mat whole = strokes(rng, 90, 300);
  const cv::Mat kept = whole.clone();
  const cv::Mat part = whole(cv::Rect(11, 7, 201, 43));  // rows are not contiguous
  cv::Mat expected;
  cv::fastNlMeansDenoising(part, expected, 6, 7, 15);  // which sees the pixels around the part
  EXPECT_EQ(cv::countNonZero(kernels::non_local_means(part, 6, 15) != expected), 0);
  EXPECT_EQ(cv::countNonZero(whole != kept), 0);
}

TEST(NonLocalMeansWeights, AreTheRoundedProductsOfTwoFloatsForAlmostEveryStrength) {
  int without = 0, tables = 0;
  for (const int window : {15, 21}) {
    for (float h = 0.25F; h < 27; h += 0.173F) {
      const kernels::Weights table = kernels::non_local_means_weights(h, window);
      ++tables;
      if (table.fine.empty()) {
        ++without;
        continue;
      }
      const int bits = kernels::fine_bits(table.entries > kernels::narrow_entries_max);
      for (std::uint32_t i = 0; i < table.entries; ++i) {
        const float product = table.coarse[i >> bits] * table.fine[i & ((1U << bits) - 1)];
        ASSERT_EQ(std::lrint(product), table.small[i]) << "h " << h << " window " << window << " entry " << i;
      }
    }
  }
  EXPECT_LT(without, tables / 50);
  EXPECT_TRUE(kernels::non_local_means_weights(h_without_products, 21).fine.empty());  // or a lookup goes untested
}

std::vector<int> targets_here() {
  std::vector<int> bits;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    bits.push_back(std::countr_zero(static_cast<std::uint64_t>(left)));
  }
  return bits;
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, NonLocalMeansOn, testing::ValuesIn(targets_here()),
                         [](const testing::TestParamInfo<int>& target) {
                           return std::string(hwy::TargetName(std::int64_t{1} << target.param));
                         });

}  // namespace
}  // namespace ocrs
