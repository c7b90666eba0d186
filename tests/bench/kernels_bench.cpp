// Each kernel against the OpenCV calls it stands for (Sauvola: against two integral images and the formula), on a drawn
// page, one thread: the median of the ratios of paired runs, which is little affected by whatever else the machine
// does. Ends with 1 if a result differs in a bit.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>
#include <string>
#include <vector>

#include "worker/pipeline/kernels/gaussian_blur.hpp"
#include "worker/pipeline/kernels/line_opening.hpp"
#include "worker/pipeline/kernels/non_local_means.hpp"
#include "worker/pipeline/kernels/sauvola.hpp"
#include "worker/pipeline/operations.hpp"

namespace {

using Run = std::function<cv::Mat()>;

/// Noisy paper with letters of short strokes, rules and a table.
cv::Mat page(int rows, int columns) {
  cv::RNG rng(1);
  cv::Mat image(rows, columns, CV_8UC1);
  rng.fill(image, cv::RNG::NORMAL, 215, 6);
  const cv::Rect all(0, 0, columns, rows);
  for (int i = 0; i < rows * columns / 300; ++i) {
    const bool lies = rng.uniform(0, 2) == 0;
    const int length = rng.uniform(4, 22), thickness = rng.uniform(2, 5);
    image(
        cv::Rect(rng.uniform(0, columns), rng.uniform(0, rows), lies ? length : thickness, lies ? thickness : length) &
        all) = rng.uniform(20, 80);
  }
  for (int i = 1; i < 12; ++i) image(cv::Rect(columns / 12, rows / 3 + 40 * i, columns * 5 / 6, 3) & all) = 50;
  for (int i = 1; i < 6; ++i) image(cv::Rect(columns * i / 6, rows / 3, 3, rows / 2) & all) = 50;
  return image;
}

double seconds(const Run& run, cv::Mat& out) {
  const auto start = std::chrono::steady_clock::now();
  out = run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool compare(const std::string& name, int pairs, const Run& opencv, const Run& kernel) {
  std::vector<double> theirs, ours, ratios;
  bool same = true;
  for (int i = 0; i < pairs; ++i) {
    cv::Mat expected, got;
    theirs.push_back(seconds(opencv, expected));
    ours.push_back(seconds(kernel, got));
    ratios.push_back(theirs.back() / ours.back());
    same = same && got.size() == expected.size() && cv::countNonZero(got != expected) == 0;
  }
  std::printf("%-34s OpenCV %9.2f ms   kernel %8.2f ms   ratio %6.1f   %s\n", name.c_str(), 1e3 * median(theirs),
              1e3 * median(ours), median(ratios), same ? "same bits" : "DIFFERS");
  std::fflush(stdout);
  return same;
}

cv::Mat lines_by_opencv(const cv::Mat& dark, int length, int dilations) {
  cv::Mat horizontal, vertical, mask, grown;
  const auto opened = [&dark](cv::Mat& out, cv::Size size) {
    cv::morphologyEx(dark, out, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, size), cv::Point(-1, -1), 2);
  };
  opened(horizontal, {length, 1});
  opened(vertical, {1, length});
  cv::add(horizontal, vertical, mask);
  cv::dilate(mask, grown, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}), cv::Point(-1, -1), dilations);
  return grown;
}

/// The usual implementation: two integral images, the formula in doubles.
cv::Mat sauvola_by_integrals(const cv::Mat& grey, int n, double k) {
  cv::Mat padded, sums, squares, out(grey.size(), CV_8UC1);
  cv::copyMakeBorder(grey, padded, n, n, n, n, cv::BORDER_REPLICATE);
  cv::integral(padded, sums, squares, CV_64F, CV_64F);
  const int side = 2 * n + 1;
  const double count = static_cast<double>(side) * side;
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) {
      const auto window = [&](const cv::Mat& of) {
        return of.at<double>(y + side, x + side) - of.at<double>(y, x + side) - of.at<double>(y + side, x) +
               of.at<double>(y, x);
      };
      const double levels = window(sums);
      const double deviation = std::sqrt(count * window(squares) - levels * levels) / count;
      const double threshold = levels / count * (1 + k * (deviation / 128 - 1));
      out.at<std::uint8_t>(y, x) = grey.at<std::uint8_t>(y, x) > threshold ? 255 : 0;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 11;
  cv::setNumThreads(1);
  // Keep freed memory: fresh pages from the kernel cost more than some of the operations.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const cv::Mat grey = page(1754, 1240), small = page(400, 600);
  cv::Mat dark;
  cv::threshold(grey, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  bool same = true;
  for (const int length : {10, 25, 40, 80, 160}) {
    for (const int dilations : {0, 2}) {
      same &= compare(
          "lines " + std::to_string(length) + ", dilated " + std::to_string(dilations), pairs,
          [&] { return lines_by_opencv(dark, length, dilations); },
          [&] { return ocrs::kernels::line_opening(dark, length, length, dilations); });
    }
  }
  for (const int size : {5, 11, 21, 41, 61, 101, 161, 241}) {
    const auto opencv = [&] {
      cv::Mat out;
      cv::GaussianBlur(grey, out, {size, size}, 0);
      return out;
    };
    same &= compare("gaussian " + std::to_string(size), pairs, opencv,
                    [&] { return ocrs::kernels::gaussian_blur(grey, size); });
  }
  for (const int block : {31, 61, 121, 201}) {
    const auto opencv = [&] {
      cv::Mat out;
      cv::adaptiveThreshold(grey, out, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, block, 10);
      return out;
    };
    same &= compare("adaptive " + std::to_string(block), pairs, opencv,
                    [&] { return ocrs::above_mean(grey, ocrs::adaptive_mean(grey, block), 10); });
    // The points of a design that differ in C alone.
    same &= compare(
        "adaptive " + std::to_string(block) + ", four C", pairs,
        [&] {
          cv::Mat out;
          for (const double c : {5., 10., 15., 20.}) {
            cv::adaptiveThreshold(grey, out, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, block, c);
          }
          return out;
        },
        [&] {
          const cv::Mat mean = ocrs::adaptive_mean(grey, block);
          cv::Mat out;
          for (const int c : {5, 10, 15, 20}) out = ocrs::above_mean(grey, mean, c);
          return out;
        });
  }
  for (const int n : {7, 20, 40}) {
    same &= compare(
        "sauvola " + std::to_string(2 * n + 1), pairs, [&] { return sauvola_by_integrals(grey, n, 0.3); },
        [&] { return ocrs::kernels::sauvola(grey, n, 0.3); });
  }
  for (const int window : {15, 21}) {
    for (const float h : {5.0F, 12.0F, 20.0F}) {
      const auto opencv = [&] {
        cv::Mat out;
        cv::fastNlMeansDenoising(small, out, h, 7, window);
        return out;
      };
      same &= compare("non-local means " + std::to_string(window) + ", h " + std::to_string(static_cast<int>(h)), pairs,
                      opencv, [&] { return ocrs::kernels::non_local_means(small, h, window); });
    }
  }
  return same ? 0 : 1;
}
