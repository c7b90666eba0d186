#include "worker/pipeline/kernels/gaussian_blur.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "worker/pipeline/kernels/gaussian_blur.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef OCRS_GAUSSIAN_BLUR_SHARED
#define OCRS_GAUSSIAN_BLUR_SHARED
namespace ocrs::kernels {

constexpr int step_max = 512;  // pixels that the widest vectors do at once; buffers are padded for it

/// Distances from the centre whose pixels have the same weight.
struct WeightGroup {
  std::uint32_t weight = 0;
  std::vector<int> distances;
};

struct Kernel {
  std::uint32_t centre = 0;
  std::vector<WeightGroup> groups;  // without weight 0
  int reach = 0;                    // largest distance
};

}  // namespace ocrs::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ocrs::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
// One lane cannot hold two; a machine with nothing better uses OpenCV.
int vector_bytes() { return 0; }
void down_columns(const Kernel&, const std::uint8_t*, std::ptrdiff_t, int, int, std::uint16_t*, std::ptrdiff_t) {}
void along_row(const Kernel&, const std::uint16_t*, int, std::uint8_t*) {}
#else
using D16 = hn::ScalableTag<std::uint16_t>;
using D32 = hn::ScalableTag<std::uint32_t>;

int vector_bytes() { return static_cast<int>(2 * hn::Lanes(D16())); }

/// Sums of narrow numbers in lanes of twice their width, two numbers a lane: `all` adds lanes as they are, `upper` the
/// upper numbers alone. The sum of the lower ones is all - (upper << width), as everything is modulo the lane.
template <class D, int width>
struct Sums {
  using V = hn::Vec<D>;
  V all, upper;

  HWY_INLINE void clear() { all = upper = hn::Zero(D()); }
  HWY_INLINE void add(const V numbers) {
    all = hn::Add(all, numbers);
    upper = hn::Add(upper, hn::ShiftRight<width>(numbers));
  }
  HWY_INLINE void add(const Sums& sums, const V weight) {
    all = hn::Add(all, hn::Mul(sums.all, weight));
    upper = hn::Add(upper, hn::Mul(sums.upper, weight));
  }
  HWY_INLINE void add(const Sums& sums) {
    all = hn::Add(all, sums.all);
    upper = hn::Add(upper, sums.upper);
  }
  [[nodiscard]] HWY_INLINE V lower() const { return hn::Sub(all, hn::ShiftLeft<width>(upper)); }
};

/// Weighted sums around the numbers of two vectors from `centre` on; neighbours lie `stride` apart.
template <class D, typename Narrow, class S>
HWY_INLINE void add_up(const Kernel& kernel, const Narrow* HWY_RESTRICT centre, std::ptrdiff_t stride, S& sum0,
                       S& sum1) {
  const D d;
  const hn::Repartition<Narrow, D> narrow;
  using Wide = hn::TFromD<D>;
  const std::size_t lanes = hn::Lanes(narrow);
  const auto load = [&](const Narrow* at) { return hn::BitCast(d, hn::LoadU(narrow, at)); };
  S group0, group1;
  group0.clear(), group1.clear();
  group0.add(load(centre)), group1.add(load(centre + lanes));
  sum0.clear(), sum1.clear();
  const auto centre_weight = hn::Set(d, static_cast<Wide>(kernel.centre));
  sum0.add(group0, centre_weight), sum1.add(group1, centre_weight);
  for (const WeightGroup& group : kernel.groups) {
    group0.clear(), group1.clear();
    for (const int distance : group.distances) {
      const Narrow* before = centre - distance * stride;
      const Narrow* after = centre + distance * stride;
      group0.add(load(before)), group1.add(load(before + lanes));
      group0.add(load(after)), group1.add(load(after + lanes));
    }
    const auto weight = hn::Set(d, static_cast<Wide>(group.weight));
    sum0.add(group0, weight), sum1.add(group1, weight);
  }
}

/// Column sums of `rows` rows, exact in 16 bits: at most 255 * 256. Strips as wide as two vectors, so that a strip's
/// rows stay in the first cache.
void down_columns(const Kernel& kernel, const std::uint8_t* image, std::ptrdiff_t pitch, int rows, int columns,
                  std::uint16_t* out, std::ptrdiff_t out_pitch) {
  const D16 d;
  const int lanes = static_cast<int>(hn::Lanes(d)) * 2;
  for (int x = 0; x < columns; x += 2 * lanes) {
    for (int y = 0; y < rows; ++y) {
      Sums<D16, 8> sum0, sum1;
      add_up<D16>(kernel, image + y * pitch + x, pitch, sum0, sum1);
      std::uint16_t* to = out + y * out_pitch + x;
      hn::StoreInterleaved2(sum0.lower(), sum0.upper, d, to);
      hn::StoreInterleaved2(sum1.lower(), sum1.upper, d, to + lanes);
    }
  }
}

/// Row sums of column sums, rounded to 8 bits.
void along_row(const Kernel& kernel, const std::uint16_t* sums, int columns, std::uint8_t* out) {
  const D32 d;
  const hn::Repartition<std::int16_t, D32> d16;
  const hn::Rebind<std::uint8_t, decltype(d16)> d8;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto half = hn::Set(d, 1U << 15);
  const auto upper_bits = hn::Set(d, 0xFFFF0000U);
  const auto put = [&](const Sums<D32, 16>& sum, std::uint8_t* to) {
    const auto low = hn::ShiftRight<16>(hn::Add(sum.lower(), half));
    const auto high = hn::And(hn::Add(sum.upper, half), upper_bits);
    hn::StoreU(hn::DemoteTo(d8, hn::BitCast(d16, hn::Or(low, high))), d8, to);
  };
  for (int x = 0; x < columns; x += 2 * lanes) {
    Sums<D32, 16> sum0, sum1;
    add_up<D32>(kernel, sums + x, 1, sum0, sum1);
    put(sum0, out + x);
    put(sum1, out + x + lanes);
  }
}
#endif

}  // namespace ocrs::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ocrs::kernels {
namespace {

HWY_EXPORT(vector_bytes);
HWY_EXPORT(down_columns);
HWY_EXPORT(along_row);

constexpr int size_min = 11, size_min_narrow = 61;  // OpenCV is as fast below; with vectors of 16 bytes
constexpr int band_rows = 64;                       // rows whose column sums are kept at a time

/// OpenCV's whole-number kernel: each weight times 256 with the rounding error of the ones before it, from the edge to
/// the centre, which gets what is left of 256.
Kernel fixed_kernel(int size) {
  const cv::Mat exact = cv::getGaussianKernel(size, 0, CV_64F);
  const int half = size / 2;
  Kernel kernel;
  double error = 0;
  int outside = 0;
  for (int i = 0; i < half; ++i) {
    const double wanted = exact.at<double>(i) * 256 + error;
    const int weight = static_cast<int>(std::nearbyint(wanted));
    error = wanted - weight;
    outside += 2 * weight;
    if (weight == 0) continue;
    const auto unsigned_weight = static_cast<std::uint32_t>(weight);
    auto group = std::find_if(kernel.groups.begin(), kernel.groups.end(),
                              [&](const WeightGroup& g) { return g.weight == unsigned_weight; });
    if (group == kernel.groups.end()) group = kernel.groups.insert(group, {unsigned_weight, {}});
    group->distances.push_back(half - i);
    kernel.reach = std::max(kernel.reach, half - i);
  }
  kernel.centre = static_cast<std::uint32_t>(256 - outside);
  return kernel;
}

}  // namespace

cv::Mat gaussian_blur(const cv::Mat& grey, int size) {
  cv::Mat out(grey.size(), CV_8UC1);
  const int bytes = HWY_DYNAMIC_DISPATCH(vector_bytes)();
  if (bytes == 0 || grey.isSubmatrix() || size < (bytes < 32 ? size_min_narrow : size_min)) {
    cv::GaussianBlur(grey, out, {size, size}, 0);
    return out;
  }
  const Kernel kernel = fixed_kernel(size);
  const int reach = kernel.reach, rows = grey.rows, columns = grey.cols;
  // Rows an odd number of cache lines apart do not fall on each other in the cache.
  const int pitch = (columns + step_max + 63) / 128 * 128 + 64;
  cv::Mat padded(rows + 2 * reach, pitch, CV_8UC1);
  cv::Mat inside = padded(cv::Rect(0, 0, columns, rows + 2 * reach));
  cv::copyMakeBorder(grey, inside, reach, reach, 0, 0, cv::BORDER_REFLECT_101);
  padded(cv::Rect(columns, 0, pitch - columns, rows + 2 * reach)).setTo(0);

  std::vector<int> mirrored;  // columns beside the image, left ones first
  for (int x = -reach; x < 0; ++x) mirrored.push_back(cv::borderInterpolate(x, columns, cv::BORDER_REFLECT_101));
  for (int x = columns; x < columns + reach; ++x) {
    mirrored.push_back(cv::borderInterpolate(x, columns, cv::BORDER_REFLECT_101));
  }
  const std::ptrdiff_t sums_pitch = pitch + 2 * reach;
  std::vector<std::uint16_t> sums(static_cast<std::size_t>(sums_pitch) * band_rows, 0);
  std::vector<std::uint8_t> blurred(static_cast<std::size_t>(columns + step_max));
  for (int top = 0; top < rows; top += band_rows) {
    const int band = std::min(band_rows, rows - top);
    HWY_DYNAMIC_DISPATCH(down_columns)
    (kernel, padded.ptr<std::uint8_t>(top + reach), pitch, band, columns, sums.data() + reach, sums_pitch);
    for (int y = 0; y < band; ++y) {
      std::uint16_t* row = sums.data() + y * sums_pitch + reach;
      for (int i = 0; i < reach; ++i) {
        row[i - reach] = row[mirrored[static_cast<std::size_t>(i)]];
        row[columns + i] = row[mirrored[static_cast<std::size_t>(reach + i)]];
      }
      HWY_DYNAMIC_DISPATCH(along_row)(kernel, row, columns, blurred.data());
      std::copy_n(blurred.data(), columns, out.ptr<std::uint8_t>(top + y));
    }
  }
  return out;
}

}  // namespace ocrs::kernels
#endif  // HWY_ONCE
