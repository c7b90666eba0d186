#include "worker/pipeline/kernels/sauvola.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "worker/pipeline/kernels/sauvola.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef OCRS_SAUVOLA_SHARED
#define OCRS_SAUVOLA_SHARED
namespace ocrs::kernels {

constexpr int sauvola_padding = 64;  // columns behind the image that the widest vectors may touch

/// The formula, on exact integers: what every pixel is decided by, or provably would be.
inline bool is_light(std::uint8_t level, std::int64_t count, std::int64_t levels, std::int64_t squares, double k) {
  const double mean = static_cast<double>(levels) / static_cast<double>(count);
  const double deviation =
      std::sqrt(static_cast<double>(count * squares - levels * levels)) / static_cast<double>(count);
  return level > mean * (1 + k * (deviation / 128 - 1));
}

}  // namespace ocrs::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ocrs::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void slide_sums(const std::uint8_t*, const std::uint8_t*, int, std::uint32_t*, std::uint32_t*) {}
void threshold_row(const std::uint8_t*, const std::uint32_t*, const std::uint32_t*, int, int, double, std::uint8_t*) {}
bool sums_in_vectors() { return false; }
#else
bool sums_in_vectors() { return true; }

/// Takes `leaves` out of the column sums and `enters` in; all buffers are padded.
void slide_sums(const std::uint8_t* HWY_RESTRICT enters, const std::uint8_t* HWY_RESTRICT leaves, int columns,
                std::uint32_t* HWY_RESTRICT levels, std::uint32_t* HWY_RESTRICT squares) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const hn::ScalableTag<std::uint32_t> du;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int x = 0; x < columns; x += lanes) {
    const auto in = hn::PromoteTo(d, hn::LoadU(d8, enters + x)), out = hn::PromoteTo(d, hn::LoadU(d8, leaves + x));
    const auto change = hn::Sub(in, out);
    const auto of_squares = hn::Mul(change, hn::Add(in, out));
    hn::StoreU(hn::Add(hn::LoadU(du, levels + x), hn::BitCast(du, change)), du, levels + x);
    hn::StoreU(hn::Add(hn::LoadU(du, squares + x), hn::BitCast(du, of_squares)), du, squares + x);
  }
}

/// `levels` and `squares`: running sums (modulo 2^32) of which entry x + side less entry x is the window sum of pixel
/// x.
void threshold_row(const std::uint8_t* HWY_RESTRICT in, const std::uint32_t* HWY_RESTRICT levels,
                   const std::uint32_t* HWY_RESTRICT squares, int columns, int side, double k,
                   std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> d32;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const std::int64_t count = static_cast<std::int64_t>(side) * side;
  const auto share = hn::Set(d, 1.0F / static_cast<float>(count));
  const auto slope = hn::Set(d, static_cast<float>(k / 128)), base = hn::Set(d, static_cast<float>(1 - k));
  // Errors, in levels: of the mean under 1e-4; of the variance under 65025 * 2^-20 < 0.063 (three roundings of 2^-24,
  // one product), so of the deviation under 0.25, which the threshold takes times 255 k / 128.
  const auto doubt = hn::Set(d, static_cast<float>(0.02 + 0.55 * std::abs(k)));
  const auto window = [&](const std::uint32_t* sums) {
    const auto sum = hn::Sub(hn::LoadU(du, sums + side), hn::LoadU(du, sums));
    return hn::ConvertTo(d, hn::BitCast(d32, sum));  // below 2^31
  };
  for (int x = 0; x < columns; x += lanes) {
    const auto mean = hn::Mul(window(levels + x), share);
    const auto variance = hn::Sub(hn::Mul(window(squares + x), share), hn::Mul(mean, mean));
    const auto deviation = hn::Sqrt(hn::Max(variance, hn::Zero(d)));
    const auto threshold = hn::Mul(mean, hn::MulAdd(deviation, slope, base));
    const auto above = hn::Sub(hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, in + x))), threshold);
    const auto light = hn::VecFromMask(d32, hn::RebindMask(d32, hn::Gt(above, hn::Zero(d))));  // -1 or 0
    hn::StoreU(hn::DemoteTo(d8, hn::And(light, hn::Set(d32, 255))), d8, out + x);
    const auto open = hn::Lt(hn::Abs(above), doubt);
    if (HWY_LIKELY(hn::AllFalse(d, open))) continue;
    for (int i = x; i < std::min(columns, x + lanes); ++i) {
      out[i] = is_light(in[i], count, levels[i + side] - levels[i], squares[i + side] - squares[i], k) ? 255 : 0;
    }
  }
}
#endif

}  // namespace ocrs::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ocrs::kernels {
namespace {

HWY_EXPORT(sums_in_vectors);
HWY_EXPORT(slide_sums);
HWY_EXPORT(threshold_row);

constexpr int narrow_n_max = 90;  // (2n+1)² pixels of 255² still add up to less than 2^31

/// Running sums of column sums from column -n to columns - 1 + n, edge columns repeated; the first entry is 0.
void running_sums(const std::uint32_t* columns_sums, int columns, int n, std::uint32_t* out) {
  std::uint32_t sum = 0;
  *out++ = sum;
  for (int i = 0; i < n; ++i) *out++ = sum += columns_sums[0];
  for (int x = 0; x < columns; ++x) *out++ = sum += columns_sums[x];
  for (int i = 0; i < n; ++i) *out++ = sum += columns_sums[columns - 1];
}

cv::Mat with_vectors(const cv::Mat& grey, int n, double k) {
  const int rows = grey.rows, columns = grey.cols, side = 2 * n + 1;
  const auto padded = static_cast<std::size_t>(columns + sauvola_padding);
  // Rows with something behind their end, which vectors may read.
  std::vector<std::uint8_t> image(padded * static_cast<std::size_t>(rows), 0), none(padded, 0), line(padded);
  for (int y = 0; y < rows; ++y) {
    std::copy_n(grey.ptr<std::uint8_t>(y), columns, image.data() + padded * static_cast<std::size_t>(y));
  }
  const auto row_at = [&](int y) {
    return image.data() + padded * static_cast<std::size_t>(std::clamp(y, 0, rows - 1));
  };
  std::vector<std::uint32_t> levels(padded, 0), squares(padded, 0);
  std::vector<std::uint32_t> level_sums(padded + static_cast<std::size_t>(side), 0), square_sums(level_sums);
  for (int y = -n; y <= n; ++y) {
    HWY_DYNAMIC_DISPATCH(slide_sums)(row_at(y), none.data(), columns, levels.data(), squares.data());
  }
  cv::Mat out(grey.size(), CV_8UC1);
  for (int y = 0; y < rows; ++y) {
    running_sums(levels.data(), columns, n, level_sums.data());
    running_sums(squares.data(), columns, n, square_sums.data());
    HWY_DYNAMIC_DISPATCH(threshold_row)
    (row_at(y), level_sums.data(), square_sums.data(), columns, side, k, line.data());
    std::copy_n(line.data(), columns, out.ptr<std::uint8_t>(y));
    HWY_DYNAMIC_DISPATCH(slide_sums)(row_at(y + n + 1), row_at(y - n), columns, levels.data(), squares.data());
  }
  return out;
}

/// Sums in 64 bits, for windows that are larger, pixel by pixel.
cv::Mat with_wide_sums(const cv::Mat& grey, int n, double k) {
  const int width = grey.cols, height = grey.rows;
  const std::int64_t side = 2 * static_cast<std::int64_t>(n) + 1, count = side * side;
  const auto row_at = [&](int y) { return grey.ptr<std::uint8_t>(std::clamp(y, 0, height - 1)); };
  const auto column_at = [width](int x) { return static_cast<std::size_t>(std::clamp(x, 0, width - 1)); };
  std::vector<std::int64_t> column_levels(static_cast<std::size_t>(width), 0), column_squares(column_levels);
  const auto add_row = [&](int y, int times) {
    const std::uint8_t* row = row_at(y);
    for (std::size_t x = 0; x < column_levels.size(); ++x) {
      const std::int64_t level = row[x];
      column_levels[x] += times * level;
      column_squares[x] += times * level * level;
    }
  };
  for (int y = -n; y <= n; ++y) add_row(y, 1);
  cv::Mat out(grey.size(), CV_8UC1);
  for (int y = 0; y < height; ++y) {
    std::int64_t levels = 0, squares = 0;
    for (int x = -n; x <= n; ++x) levels += column_levels[column_at(x)], squares += column_squares[column_at(x)];
    const std::uint8_t* in = grey.ptr<std::uint8_t>(y);
    std::uint8_t* to = out.ptr<std::uint8_t>(y);
    for (int x = 0; x < width; ++x) {
      to[x] = is_light(in[x], count, levels, squares, k) ? 255 : 0;
      levels += column_levels[column_at(x + n + 1)] - column_levels[column_at(x - n)];
      squares += column_squares[column_at(x + n + 1)] - column_squares[column_at(x - n)];
    }
    add_row(y + n + 1, 1);
    add_row(y - n, -1);
  }
  return out;
}

}  // namespace

cv::Mat sauvola(const cv::Mat& grey, int n, double k) {
  n = std::clamp(n, 1, 1000);  // keeps the products of sums inside 64 bits
  const bool narrow = n <= narrow_n_max && std::abs(k) <= 4 && HWY_DYNAMIC_DISPATCH(sums_in_vectors)();
  return narrow ? with_vectors(grey, n, k) : with_wide_sums(grey, n, k);
}

}  // namespace ocrs::kernels
#endif  // HWY_ONCE
