// Scores and counts of images against OpenCV's own functions and numbers worked out by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tests/support/pipeline_images.hpp"
#include "worker/pipeline/components.hpp"
#include "worker/pipeline/image_scores.hpp"
#include "worker/pipeline/resolution.hpp"

namespace ocrs {
namespace {

TEST(ImageScores, SharpnessIsTheVarianceOfTheLaplacianAndContrastTheDeviation) {
  for (const auto& [name, image] : test_images()) {
    SCOPED_TRACE(name);
    cv::Mat laplacian;
    cv::Laplacian(image, laplacian, CV_64F);
    cv::Scalar mean, deviation;
    cv::meanStdDev(laplacian, mean, deviation);
    const ImageScores scores = image_scores(image);
    EXPECT_NEAR(scores.sharpness, deviation[0] * deviation[0], 1e-9 * (1 + scores.sharpness));
    cv::meanStdDev(image, mean, deviation);
    EXPECT_NEAR(scores.contrast, deviation[0], 1e-9);
  }
}

TEST(ImageScores, CnrSeparatesTheTwoSidesOfOtsusThreshold) {
  for (const auto& [name, image] : test_images()) {
    SCOPED_TRACE(name);
    cv::Mat light;
    cv::threshold(image, light, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    cv::Scalar mean_l, sd_l, mean_d, sd_d;
    cv::meanStdDev(image, mean_l, sd_l, light);
    cv::meanStdDev(image, mean_d, sd_d, 255 - light);
    const double spread = std::sqrt(sd_l[0] * sd_l[0] + sd_d[0] * sd_d[0]);
    const bool both = cv::countNonZero(light) > 0 && cv::countNonZero(light) < static_cast<int>(image.total());
    const auto cnr = image_scores(image).cnr;
    ASSERT_EQ(cnr.has_value(), both && spread > 0);
    if (cnr) {
      EXPECT_NEAR(*cnr, (mean_l[0] - mean_d[0]) / spread, 1e-9 * *cnr);
    }
  }
}

TEST(ImageScores, CnrIsEmptyForPureBlackAndWhite) {
  EXPECT_FALSE(image_scores(noise_image(50, 50, 2) > 100).cnr);
  EXPECT_FALSE(image_scores(cv::Mat(9, 9, CV_8UC1, cv::Scalar(77))).cnr);
}

TEST(Components, AreThoseOfOpenCvsEightConnectedLabelling) {
  for (const auto& [name, image] : test_images()) {
    SCOPED_TRACE(name);
    cv::Mat dark, labels;
    cv::threshold(image, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
    EXPECT_EQ(dark_components(image), static_cast<std::uint32_t>(cv::connectedComponents(dark, labels, 8) - 1));
  }
  for (int seed = 0; seed < 40; ++seed) {
    const cv::Mat image = noise_image(60, 45, static_cast<std::uint64_t>(seed)) > 60 + 4 * seed;
    cv::Mat labels;
    EXPECT_EQ(dark_components(image), static_cast<std::uint32_t>(cv::connectedComponents(255 - image, labels, 8) - 1));
  }
}

TEST(Components, JoinOverCornersAndBehindTheRowsThatSeemedApart) {
  // Two arms that meet only in the last row, and a pixel that touches by its corner.
  const cv::Mat image = (cv::Mat_<uchar>(4, 7) << 0, 255, 0, 255, 255, 255, 0,  //
                         0, 255, 0, 255, 255, 0, 255,                           //
                         0, 255, 0, 255, 255, 255, 255,                         //
                         0, 0, 0, 255, 0, 255, 0);
  EXPECT_EQ(dark_components(image), 4U);
}

TEST(NoiseSigma, FindsTheStrengthOfAddedNoise) {
  for (const double sigma : {2.0, 5.0, 12.0}) {
    cv::Mat noise(400, 400, CV_32F), page;
    cv::RNG random(5);
    random.fill(noise, cv::RNG::NORMAL, 128, sigma);
    noise.convertTo(page, CV_8U);
    EXPECT_NEAR(noise_sigma(page), sigma, 0.06 * sigma + 0.1);
  }
  EXPECT_EQ(noise_sigma(cv::Mat(30, 30, CV_8UC1, cv::Scalar(90))), 0);
  EXPECT_EQ(noise_sigma(noise_image(2, 40, 1)), 0);
}

TEST(EstimatedDpi, FollowsTheLettersWherePaperIsNotOfTheUsualSize) {
  // Letters about 5.8 points high at 300 dpi are 24 pixels; a narrow strip of them is no A4 page.
  for (const double dpi : {200.0, 300.0, 450.0}) {
    const int letter = static_cast<int>(std::lround(dpi * 5.8 / 72));
    cv::Mat page(static_cast<int>(6 * dpi), static_cast<int>(2.5 * dpi), CV_8UC1, cv::Scalar(250));
    for (int y = letter; y + 2 * letter < page.rows; y += 2 * letter) {
      for (int x = letter; x + 2 * letter < page.cols; x += letter * 5 / 4) {
        cv::rectangle(page, {x, y, letter * 3 / 4, letter}, cv::Scalar(20), cv::FILLED);
        cv::rectangle(page, {x + letter / 4, y, letter / 2, letter / 2}, cv::Scalar(250), cv::FILLED);
      }
    }
    EXPECT_NEAR(estimated_dpi(page), dpi, 0.08 * dpi);
  }
}

TEST(EstimatedDpi, TakesTheShorterSideForA4WithoutLetters) {
  EXPECT_EQ(estimated_dpi(cv::Mat(2339, 1654, CV_8UC1, cv::Scalar(255))), 200);
  EXPECT_EQ(estimated_dpi(cv::Mat(2480, 3508, CV_8UC1, cv::Scalar(255))), 300);
  EXPECT_EQ(estimated_dpi(cv::Mat(1, 1, CV_8UC1, cv::Scalar(0))), 150);
  EXPECT_EQ(estimated_dpi(cv::Mat(100, 20000, CV_8UC1, cv::Scalar(0))), 150);
  EXPECT_EQ(estimated_dpi(cv::Mat(6000, 6000, CV_8UC1, cv::Scalar(255))), 600);
}

}  // namespace
}  // namespace ocrs
