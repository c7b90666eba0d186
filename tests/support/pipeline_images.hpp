// Images for tests of the pipeline: seeded noise, extremes, odd sizes and a page-like drawing with text, rules,
// shading.
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ocrs {

inline cv::Mat noise_image(int width, int height, std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat image(height, width, CV_8UC1);
  random.fill(image, cv::RNG::UNIFORM, 0, 256);
  return image;
}

/// Dark text and ruled lines on paper that gets darker to the right, with a little noise.
inline cv::Mat drawn_page(int width, int height, std::uint64_t seed) {
  cv::Mat page(height, width, CV_8UC1);
  for (int x = 0; x < width; ++x) page.col(x).setTo(240 - 90 * x / width);
  for (int y = 24; y < height; y += 26) {
    cv::putText(page, "Sphinx of black quartz 0123", {6, y}, cv::FONT_HERSHEY_SIMPLEX, 0.55, cv::Scalar(35), 1);
  }
  cv::line(page, {0, height / 3}, {width - 1, height / 3}, cv::Scalar(20), 2);
  cv::line(page, {width / 2, 0}, {width / 2, height - 1}, cv::Scalar(30), 2);
  cv::RNG random(seed);
  cv::Mat noise(height, width, CV_8UC1), out;
  random.fill(noise, cv::RNG::UNIFORM, 0, 25);
  cv::subtract(page, noise, out);
  return out;
}

inline std::vector<std::pair<std::string, cv::Mat>> test_images() {
  std::vector<std::pair<std::string, cv::Mat>> images = {
      {"noise", noise_image(97, 61, 7)},
      {"page", drawn_page(331, 212, 3)},
      {"black", cv::Mat(40, 50, CV_8UC1, cv::Scalar(0))},
      {"white", cv::Mat(40, 50, CV_8UC1, cv::Scalar(255))},
      {"grey", cv::Mat(31, 45, CV_8UC1, cv::Scalar(128))},
      {"one pixel", noise_image(1, 1, 1)},
      {"one row", noise_image(37, 1, 2)},
      {"one column", noise_image(1, 53, 4)},
      {"two by two", noise_image(2, 2, 5)},
  };
  cv::Mat two_levels = noise_image(64, 64, 9) > 127;
  images.emplace_back("black and white noise", two_levels);
  return images;
}

inline bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && (a.empty() || cv::norm(a, b, cv::NORM_INF) == 0);
}

}  // namespace ocrs
