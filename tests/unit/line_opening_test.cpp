// The kernel against the OpenCV calls it stands for.
#include "worker/pipeline/kernels/line_opening.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace ocrs {
namespace {

cv::Mat by_opencv(const cv::Mat& dark, int length_h, int length_v, int dilations) {
  cv::Mat horizontal, vertical, mask, grown;
  const auto opened = [&dark](cv::Mat& out, cv::Size size) {
    cv::morphologyEx(dark, out, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, size), cv::Point(-1, -1), 2);
  };
  opened(horizontal, {length_h, 1});
  opened(vertical, {1, length_v});
  cv::add(horizontal, vertical, mask);
  cv::dilate(mask, grown, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}), cv::Point(-1, -1), dilations);
  return grown;
}

/// Rectangles, most of them long and thin, some over the edges; `background` 0 or 255, they have the other colour.
cv::Mat lines(cv::RNG& rng, int rows, int columns, int count, int background) {
  cv::Mat image(rows, columns, CV_8UC1, cv::Scalar(background));
  for (int i = 0; i < count; ++i) {
    const bool lies = rng.uniform(0, 2) == 0;
    const int length = rng.uniform(1, (lies ? columns : rows) + 40), thickness = rng.uniform(1, 8);
    const cv::Rect line(rng.uniform(-20, columns), rng.uniform(-20, rows), lies ? length : thickness,
                        lies ? thickness : length);
    image(line & cv::Rect(0, 0, columns, rows)) = 255 - background;
  }
  return image;
}

cv::Mat noise(cv::RNG& rng, int rows, int columns, double dark_share) {
  cv::Mat level(rows, columns, CV_8UC1);
  rng.fill(level, cv::RNG::UNIFORM, 0, 256);
  return level < 256 * dark_share;
}

void expect_same(const cv::Mat& dark, int length_h, int length_v, int dilations) {
  const cv::Mat expected = by_opencv(dark, length_h, length_v, dilations);
  const cv::Mat got = kernels::line_opening(dark, length_h, length_v, dilations);
  ASSERT_EQ(got.size(), expected.size());
  ASSERT_EQ(cv::countNonZero(got != expected), 0)
      << dark.cols << 'x' << dark.rows << " lengths " << length_h << ' ' << length_v << " dilations " << dilations;
}

TEST(LineOpening, GivesTheBitsOfOpenCvForEveryLength) {
  cv::RNG rng(11);
  for (int length = 1; length <= 200; ++length) {
    // Half of the images are shorter than two lengths, so that lines reach from edge to edge.
    const int rows = rng.uniform(1, 3 * length + 60), columns = rng.uniform(1, 3 * length + 60);
    expect_same(lines(rng, rows, columns, 30, 0), length, length, length % 4);
    expect_same(lines(rng, rows, columns, 12, 255), length, 1 + rng.uniform(0, 200), 0);
    expect_same(noise(rng, rows, columns, 0.97), 1 + rng.uniform(0, 200), length, 1);
  }
}

TEST(LineOpening, GivesTheBitsOfOpenCvForTheSmallestAndThinnestImages) {
  cv::RNG rng(12);
  constexpr int sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 90}, {90, 1}, {2, 33}, {3, 3}, {40, 2}};
  for (const auto& size : sizes) {
    for (const int length : {1, 2, 3, 4, 7, 16, 17, 40, 89, 90, 91, 92, 93}) {
      for (const double share : {0.0, 0.5, 0.95, 1.0}) {
        expect_same(noise(rng, size[0], size[1], share), length, length, length % 3);
      }
    }
  }
}

TEST(LineOpening, GivesTheBitsOfOpenCvForAnyNumberOfDilations) {
  cv::RNG rng(13);
  const cv::Mat image = lines(rng, 150, 310, 14, 0);
  for (const int dilations : {0, 1, 2, 3, 4, 5, 6, 7, 20, 126, 127, 128, 400}) expect_same(image, 15, 12, dilations);
}

TEST(LineOpening, GivesTheBitsOfOpenCvWhereCountsNeedMoreThanEightOrSixteenBits) {
  cv::Mat tall(80000, 3, CV_8UC1, cv::Scalar(255));
  tall.col(1) = 0;
  tall(cv::Rect(0, 70000, 1, 1)) = 0;
  tall(cv::Rect(2, 600, 1, 1)) = 0;
  expect_same(tall, 1, 130, 0);
  expect_same(tall, 2, 300, 1);
  // Runs of 80001 pixels are needed, but those at an edge only half of that; OpenCV's own loop takes minutes for it.
  const cv::Mat got = kernels::line_opening(tall, 1000, 40001, 0);
  EXPECT_EQ(cv::countNonZero(got.col(0)), 70000);
  EXPECT_EQ(cv::countNonZero(got.col(2)), 80000 - 601);
}

TEST(LineOpening, LeavesItsInputAloneAndTakesPartsOfImages) {
  cv::RNG rng(14);
  const cv::Mat whole = lines(rng, 90, 300, 30, 0);
  const cv::Mat kept = whole.clone();
  const cv::Mat part = whole(cv::Rect(11, 7, 201, 43));  // rows are not contiguous
  const cv::Mat got = kernels::line_opening(part, 9, 6, 2);
  EXPECT_EQ(cv::countNonZero(got != by_opencv(part.clone(), 9, 6, 2)), 0);
  EXPECT_EQ(cv::countNonZero(whole != kept), 0);
}

}  // namespace
}  // namespace ocrs
