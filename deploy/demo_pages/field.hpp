// Image fields the damages are made of: smooth noise, small and large blurs, all in plain float arithmetic in a fixed
// order (no libm, no library filter), so that they come out the same on every machine. Pure functions.
#pragma once

#include <opencv2/core.hpp>

#include "deploy/demo_pages/random.hpp"

namespace ocrs::demo {

/// Value noise in [-1, 1]: random values on a lattice of `cell` pixels, joined by smoothsteps.
[[nodiscard]] cv::Mat1f cloud(cv::Size size, double cell_x, double cell_y, Random& random);
[[nodiscard]] inline cv::Mat1f cloud(cv::Size size, double cell, Random& random) {
  return cloud(size, cell, cell, random);
}

/// Clouds of `cell`, `cell`/2, … pixels with halving weight, `octaves` of them; about [-1, 1].
[[nodiscard]] cv::Mat1f clouds(cv::Size size, double cell, int octaves, Random& random);

/// Near-Gaussian blur of deviation `sigma` (biweight kernel); borders repeat the edge.
[[nodiscard]] cv::Mat1f blurred(const cv::Mat1f& image, double sigma_x, double sigma_y);
[[nodiscard]] inline cv::Mat1f blurred(const cv::Mat1f& image, double sigma) { return blurred(image, sigma, sigma); }

/// Bilinear sample at (x, y); outside: `outside`.
[[nodiscard]] float sampled(const cv::Mat1f& image, double x, double y, float outside);

/// Area-averaging reduction or bilinear enlargement to `size`.
[[nodiscard]] cv::Mat1f resampled(const cv::Mat1f& image, cv::Size size);

/// 0 at or below `low`, 1 at or above `high`, smooth between.
[[nodiscard]] inline double smoothstep(double low, double high, double value) {
  const double t = value <= low ? 0 : value >= high ? 1 : (value - low) / (high - low);
  return t * t * (3 - 2 * t);
}

/// Sine and cosine of a small angle in radians by their series: the same digits everywhere.
[[nodiscard]] inline double small_sin(double a) { return a - a * a * a / 6 + a * a * a * a * a / 120; }
[[nodiscard]] inline double small_cos(double a) { return 1 - a * a / 2 + a * a * a * a / 24; }

}  // namespace ocrs::demo
