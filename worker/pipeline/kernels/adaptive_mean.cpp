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
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>
// clang-format on

#ifndef OCRS_ADAPTIVE_MEAN_SHARED
#define OCRS_ADAPTIVE_MEAN_SHARED
namespace ocrs::kernels {

constexpr int strip_columns = 256;  // done at a time, so that the rows under the kernel stay in the first caches
constexpr int block_rows = 64;      // rows summed along at a time
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

/// Row sums of block_rows rows at once, which lie across: entry [x][y] of `across` is column x - half of row y, entry
/// [x][y] of `out` the sum around column x. Four columns share every load.
void along_rows(const float* HWY_RESTRICT across, const float* HWY_RESTRICT weights, int block,
                float* HWY_RESTRICT out) {
  const DF d;
  const int n = lanes();
  for (int y = 0; y < block_rows; y += 2 * n) {
    for (int x = 0; x < strip_columns; x += 4) {
      const float* at = across + static_cast<std::ptrdiff_t>(x) * block_rows + y;
      VF a0 = hn::Zero(d), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0;
      // Sum i takes tap k from entry k + i. A first tap is a product alone, which adding to 0 does not change.
      const auto take = [&](int entry, bool first, bool second, bool third, bool fourth) {
        const VF a = hn::Load(d, at + static_cast<std::ptrdiff_t>(entry) * block_rows);
        const VF b = hn::Load(d, at + static_cast<std::ptrdiff_t>(entry) * block_rows + n);
        if (first)
          a0 = hn::MulAdd(a, hn::Set(d, weights[entry]), a0), b0 = hn::MulAdd(b, hn::Set(d, weights[entry]), b0);
        if (second) {
          a1 = hn::MulAdd(a, hn::Set(d, weights[entry - 1]), a1),
          b1 = hn::MulAdd(b, hn::Set(d, weights[entry - 1]), b1);
        }
        if (third) {
          a2 = hn::MulAdd(a, hn::Set(d, weights[entry - 2]), a2),
          b2 = hn::MulAdd(b, hn::Set(d, weights[entry - 2]), b2);
        }
        if (fourth) {
          a3 = hn::MulAdd(a, hn::Set(d, weights[entry - 3]), a3),
          b3 = hn::MulAdd(b, hn::Set(d, weights[entry - 3]), b3);
        }
      };
      take(0, true, false, false, false);
      take(1, true, true, false, false);
      take(2, true, true, true, false);
      for (int entry = 3; entry < block; ++entry) take(entry, true, true, true, true);
      take(block, false, true, true, true);
      take(block + 1, false, false, true, true);
      take(block + 2, false, false, false, true);
      float* to = out + static_cast<std::ptrdiff_t>(x) * block_rows + y;
      hn::Store(a0, d, to), hn::Store(b0, d, to + n);
      hn::Store(a1, d, to + block_rows), hn::Store(b1, d, to + block_rows + n);
      hn::Store(a2, d, to + 2 * block_rows), hn::Store(b2, d, to + 2 * block_rows + n);
      hn::Store(a3, d, to + 3 * block_rows), hn::Store(b3, d, to + 3 * block_rows + n);
    }
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
void along_rows(const float*, const float*, int, float*) {}
void down_columns(const float*, int, int, const float*, int, std::uint8_t*) {}
#endif

}  // namespace ocrs::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ocrs::kernels {
namespace {

HWY_EXPORT(fuses);
HWY_EXPORT(along_rows);
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
  const int strip_entries = strip_columns + 2 * half;
  cv::Mat wide;
  cv::copyMakeBorder(grey, wide, 0, 0, half, half + strip_columns, cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
  const auto across = hwy::AllocateAligned<float>(static_cast<std::size_t>(strip_entries) * block_rows);
  const auto row_sums = hwy::AllocateAligned<float>(static_cast<std::size_t>(strip_columns) * block_rows);
  std::fill_n(across.get(), static_cast<std::size_t>(strip_entries) * block_rows, 0.0F);
  cv::Mat sums(rows, strip_pitch, CV_32FC1, cv::Scalar(0));
  std::vector<std::uint8_t> rounded(strip_columns);
  cv::Mat turned, mean(grey.size(), CV_8UC1);
  for (int left = 0; left < columns; left += strip_columns) {
    const int width = std::min(strip_columns, columns - left);
    for (int y = 0; y < rows; y += block_rows) {
      const int height = std::min(block_rows, rows - y);
      cv::transpose(wide(cv::Rect(left, y, strip_entries, height)), turned);
      cv::Mat levels(strip_entries, height, CV_32FC1, across.get(), block_rows * sizeof(float));
      turned.convertTo(levels, CV_32F);
      HWY_DYNAMIC_DISPATCH(along_rows)(across.get(), weights, block, row_sums.get());
      const cv::Mat summed(strip_columns, height, CV_32FC1, row_sums.get(), block_rows * sizeof(float));
      cv::Mat place = sums(cv::Rect(0, y, strip_columns, height));
      cv::transpose(summed, place);
    }
    for (int y = 0; y < rows; ++y) {
      HWY_DYNAMIC_DISPATCH(down_columns)(sums.ptr<float>(), rows, y, weights, half, rounded.data());
      std::copy_n(rounded.data(), width, mean.ptr<std::uint8_t>(y) + left);
    }
  }
  return mean;
}

}  // namespace ocrs::kernels
#endif  // HWY_ONCE
