#include "worker/pipeline/kernels/adaptive_mean.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "worker/pipeline/kernels/adaptive_mean.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef OCRS_ADAPTIVE_MEAN_SHARED
#define OCRS_ADAPTIVE_MEAN_SHARED
namespace ocrs::kernels {

constexpr int strip_columns = 256;  // done at a time, so that the rows under the kernel stay in the first caches
constexpr int strip_pitch = strip_columns + 16;  // not a power of two: rows must not fall on each other in the cache

}  // namespace ocrs::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ocrs::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
bool fuses() { return true; }

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

HWY_INLINE int lanes() { return static_cast<int>(hn::Lanes(DF())); }

/// Row sums of one row: `row` holds strip_columns pixels from `half` on, with as many beside them on both sides.
void along_row(const float* HWY_RESTRICT row, const float* HWY_RESTRICT weights, int block, float* HWY_RESTRICT out) {
  const DF d;
  const int n = lanes();
  for (int x = 0; x < strip_columns; x += 4 * n) {
    const float* at = row + x;
    VF weight = hn::Set(d, weights[0]);
    VF s0 = hn::Mul(hn::LoadU(d, at), weight), s1 = hn::Mul(hn::LoadU(d, at + n), weight);
    VF s2 = hn::Mul(hn::LoadU(d, at + 2 * n), weight), s3 = hn::Mul(hn::LoadU(d, at + 3 * n), weight);
    for (int k = 1; k < block; ++k) {
      ++at;
      weight = hn::Set(d, weights[k]);
      s0 = hn::MulAdd(hn::LoadU(d, at), weight, s0), s1 = hn::MulAdd(hn::LoadU(d, at + n), weight, s1);
      s2 = hn::MulAdd(hn::LoadU(d, at + 2 * n), weight, s2), s3 = hn::MulAdd(hn::LoadU(d, at + 3 * n), weight, s3);
    }
    hn::StoreU(s0, d, out + x), hn::StoreU(s1, d, out + x + n);
    hn::StoreU(s2, d, out + x + 2 * n), hn::StoreU(s3, d, out + x + 3 * n);
  }
}

/// Column sums of row sums around row `y`, rounded; rows outside of the strip are its first or last.
void down_columns(const float* HWY_RESTRICT sums, int rows, int y, const float* HWY_RESTRICT weights, int half,
                  std::uint8_t* HWY_RESTRICT out) {
  const DF d;
  const hn::Rebind<std::uint8_t, DF> d8;
  const int n = lanes();
  const auto row_at = [&](int r) {
    return sums + static_cast<std::ptrdiff_t>(std::clamp(r, 0, rows - 1)) * strip_pitch;
  };
  const auto put = [&](VF sum, std::uint8_t* to) { hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(sum)), d8, to); };
  for (int x = 0; x < strip_columns; x += 4 * n) {
    const float* centre = row_at(y) + x;
    VF weight = hn::Set(d, weights[half]);
    VF s0 = hn::Mul(hn::LoadU(d, centre), weight), s1 = hn::Mul(hn::LoadU(d, centre + n), weight);
    VF s2 = hn::Mul(hn::LoadU(d, centre + 2 * n), weight), s3 = hn::Mul(hn::LoadU(d, centre + 3 * n), weight);
    for (int k = 1; k <= half; ++k) {
      const float* above = row_at(y - k) + x;
      const float* below = row_at(y + k) + x;
      weight = hn::Set(d, weights[half + k]);
      const auto both = [&](int at) { return hn::Add(hn::LoadU(d, below + at), hn::LoadU(d, above + at)); };
      s0 = hn::MulAdd(both(0), weight, s0), s1 = hn::MulAdd(both(n), weight, s1);
      s2 = hn::MulAdd(both(2 * n), weight, s2), s3 = hn::MulAdd(both(3 * n), weight, s3);
    }
    put(s0, out + x), put(s1, out + x + n), put(s2, out + x + 2 * n), put(s3, out + x + 3 * n);
  }
}
#else
bool fuses() { return false; }
void along_row(const float*, const float*, int, float*) {}
void down_columns(const float*, int, int, const float*, int, std::uint8_t*) {}
#endif

}  // namespace ocrs::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ocrs::kernels {
namespace {

HWY_EXPORT(fuses);
HWY_EXPORT(along_row);
HWY_EXPORT(down_columns);

/// As cv::adaptiveThreshold computes it.
cv::Mat mean_of_opencv(const cv::Mat& grey, int block) {
  cv::Mat exact, blurred, mean;
  grey.convertTo(exact, CV_32F);
  cv::GaussianBlur(exact, blurred, {block, block}, 0, 0, cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
  blurred.convertTo(mean, CV_8U);
  return mean;
}

}  // namespace

cv::Mat adaptive_mean(const cv::Mat& grey, int block) {
  // OpenCV's float filters fuse exactly where it finds AVX2; without it, nothing is known to give its bits.
  const bool as_opencv = cv::checkHardwareSupport(CV_CPU_AVX2) && HWY_DYNAMIC_DISPATCH(fuses)();
  if (!as_opencv || block <= 5 || grey.rows == 1 || grey.cols == 1) return mean_of_opencv(grey, block);
  const int half = block / 2, rows = grey.rows, columns = grey.cols;
  const cv::Mat kernel = cv::getGaussianKernel(block, 0, CV_32F);
  const float* weights = kernel.ptr<float>();
  std::vector<float> row(static_cast<std::size_t>(strip_columns + 2 * half));
  std::vector<float> sums(static_cast<std::size_t>(rows) * strip_pitch);
  std::vector<std::uint8_t> rounded(strip_columns);
  cv::Mat mean(grey.size(), CV_8UC1);
  for (int left = 0; left < columns; left += strip_columns) {
    const int width = std::min(strip_columns, columns - left);
    for (int y = 0; y < rows; ++y) {
      const std::uint8_t* from = grey.ptr<std::uint8_t>(y);
      for (int i = 0; i < width + 2 * half; ++i) {
        row[static_cast<std::size_t>(i)] = static_cast<float>(from[std::clamp(left - half + i, 0, columns - 1)]);
      }
      HWY_DYNAMIC_DISPATCH(along_row)
      (row.data(), weights, block, sums.data() + static_cast<std::ptrdiff_t>(y) * strip_pitch);
    }
    for (int y = 0; y < rows; ++y) {
      HWY_DYNAMIC_DISPATCH(down_columns)(sums.data(), rows, y, weights, half, rounded.data());
      std::copy_n(rounded.data(), width, mean.ptr<std::uint8_t>(y) + left);
    }
  }
  return mean;
}

}  // namespace ocrs::kernels
#endif  // HWY_ONCE
