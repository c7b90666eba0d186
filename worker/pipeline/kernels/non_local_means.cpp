#include "worker/pipeline/kernels/non_local_means.hpp"

#include <algorithm>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>
#include <vector>

#include "worker/pipeline/kernels/non_local_means_weights.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "worker/pipeline/kernels/non_local_means.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef OCRS_NON_LOCAL_MEANS_SHARED
#define OCRS_NON_LOCAL_MEANS_SHARED
namespace ocrs::kernels {

constexpr int template_half = 3;     // template window 7
constexpr int search_half_max = 10;  // search window 21
constexpr int tile_rows = 64, tile_columns = 192;
constexpr int lanes_max = 64;  // u16 lanes of the widest vector the buffers are padded for
constexpr int group_max = 11;  // offsets whose weights are kept before they are added up
constexpr int buffer_columns = tile_columns + 2 * (search_half_max + template_half) + 2 * lanes_max;
constexpr int weight_rows = tile_rows + search_half_max;

/// Buffers of one tile, reused for all tiles of an image.
struct TileBuffers {
  // Padded tile in 16 bits: row r, column c of the buffer is pixel (r - border, c - border) of the tile.
  std::vector<std::uint16_t> image;
  std::vector<std::uint16_t> column_sums[2];         // of 7 rows; low and high bytes apart for wide sums
  std::vector<std::int16_t> weights[group_max + 1];  // minus bias; one more row set of zeros
  std::vector<std::int32_t> weight_sum, estimate;
};

struct Tile {
  const Weights* table = nullptr;
  TileBuffers* buffers = nullptr;
  int rows = 0, columns = 0;  // of the tile that are inside the image
};

}  // namespace ocrs::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ocrs::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
// One lane cannot interleave; a machine with nothing better uses OpenCV.
bool has_vectors() { return false; }
void add_offsets(const Tile&) {}
void sum_positions(int*) {}
#else
bool has_vectors() { return true; }

using D16 = hn::ScalableTag<std::uint16_t>;
using I16 = hn::ScalableTag<std::int16_t>;
using I32 = hn::ScalableTag<std::int32_t>;
using V16 = hn::Vec<D16>;
using VI32 = hn::Vec<I32>;

#if HWY_TARGET <= HWY_AVX3
/// Entries of a table of 32 floats, or of 64 if `wide`, by the low bits of `at`.
template <bool wide>
HWY_INLINE __m512 entry_of(const float* table, __m512i at) {
  const __m512 first = _mm512_permutex2var_ps(_mm512_loadu_ps(table), at, _mm512_loadu_ps(table + 16));
  if constexpr (!wide) return first;
  const __m512 second = _mm512_permutex2var_ps(_mm512_loadu_ps(table + 32), at, _mm512_loadu_ps(table + 48));
  return _mm512_mask_mov_ps(first, _mm512_test_epi32_mask(at, _mm512_set1_epi32(32)), second);
}
#endif

template <bool wide, bool by_product>
HWY_INLINE V16 weights_of(const D16 d, const V16 index, const Weights& table) {
  const V16 entries = hn::Set(d, static_cast<std::uint16_t>(table.entries));
#if HWY_TARGET <= HWY_AVX3
  const __mmask32 active = _mm512_cmplt_epu16_mask(index.raw, entries.raw);
  const std::uint16_t* small = table.small.data();
  if constexpr (by_product) {
    const auto product = [&](__m256i half) {
      const __m512i at = _mm512_cvtepu16_epi32(half);
      return _mm512_cvtps_epi32(
          _mm512_mul_ps(entry_of<wide>(table.coarse.data(), _mm512_srli_epi32(at, fine_bits(wide))),
                        entry_of<wide>(table.fine.data(), at)));
    };
    const __m512i low = product(_mm512_castsi512_si256(index.raw));
    const __m512i high = product(_mm512_extracti64x4_epi64(index.raw, 1));
    const __m512i both =
        _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(low)), _mm512_cvtepi32_epi16(high), 1);
    return V16{_mm512_maskz_mov_epi16(active, both)};
  } else {
    // 64 entries at a time.
    __m512i result = _mm512_setzero_si512();
    __mmask32 open = active;
    const __m512i block_of = _mm512_srli_epi16(index.raw, 6);
    for (std::uint32_t block = 0; open != 0; ++block) {
      const __mmask32 here = open & _mm512_cmpeq_epi16_mask(block_of, _mm512_set1_epi16(static_cast<short>(block)));
      const __m512i first = _mm512_loadu_si512(small + 64 * block),
                    second = _mm512_loadu_si512(small + 64 * block + 32);
      result = _mm512_mask_mov_epi16(result, here, _mm512_permutex2var_epi16(first, index.raw, second));
      open &= ~here;
    }
    return V16{result};
  }
#else
  // The entry behind the last one is zero.
  const V16 held = hn::Min(index, entries);
  const hn::Half<D16> half;
  const I32 d32;
  const auto gather = [&](const auto part) {
    const auto at = hn::PromoteTo(d32, part);
    return hn::DemoteTo(half, hn::GatherIndex(d32, reinterpret_cast<const std::int32_t*>(table.wide.data()), at));
  };
  return hn::Combine(d, gather(hn::UpperHalf(half, held)), gather(hn::LowerHalf(half, held)));
#endif
}

/// The last rows of squared differences and of their pair sums, to make sums of seven rows with four additions.
template <bool saturate>
struct SevenRows {
  V16 d1, d2, d3, d4, d5, d6, p1, p2, p3, p4;

  HWY_INLINE explicit SevenRows(const D16 d) {
    const V16 zero = hn::Zero(d);
    d1 = d2 = d3 = d4 = d5 = d6 = p1 = p2 = p3 = p4 = zero;
  }
  static HWY_INLINE V16 add(V16 a, V16 b) {
    if constexpr (saturate) return hn::SaturatedAdd(a, b);
    return hn::Add(a, b);
  }
  HWY_INLINE V16 push(V16 d0) {
    const V16 p0 = add(d0, d1);
    const V16 sum = add(add(p0, p2), add(p4, d6));
    d6 = d5, d5 = d4, d4 = d3, d3 = d2, d2 = d1, d1 = d0;
    p4 = p3, p3 = p2, p2 = p1, p1 = p0;
    return sum;
  }
};

/// Weights of the pairs (p, p + offset) for the tile's rows -dy … rows - 1 and all columns whose pair touches the tile.
/// Narrow sums saturate at 65535: exact wherever the weight is not zero, as the table ends below. Wide ones keep low
/// and high bytes of the squares apart: (low + 256 high) / 64 = low / 64 + 4 high.
template <bool wide, bool by_product>
void pair_weights(const Tile& tile, int dy, int dx, std::int16_t* HWY_RESTRICT out) {
  const D16 d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const int half = tile.table->search_half;
  const int border = half + template_half;
  TileBuffers& buffers = *tile.buffers;
  const int first = std::min(0, -dx), last = tile.columns + std::max(0, -dx);
  const int row_first = -dy;
  const V16 low_byte = hn::Set(d, 255);

  // Column sums: buffer column c is pixel c - border.
  for (int c = first - template_half + border; c < last + template_half + border; c += lanes) {
    const std::uint16_t* p = buffers.image.data() + (row_first - template_half + border) * buffer_columns + c;
    const std::uint16_t* q = p + dy * buffer_columns + dx;
    SevenRows<!wide> low(d);
    [[maybe_unused]] SevenRows<!wide> high(d);
    std::uint16_t* sums_low = buffers.column_sums[0].data() + c;
    [[maybe_unused]] std::uint16_t* sums_high = buffers.column_sums[1].data() + c;
    const auto step = [&](bool store) {
      const V16 difference = hn::Sub(hn::LoadU(d, p), hn::LoadU(d, q));
      const V16 square = hn::Mul(difference, difference);
      p += buffer_columns, q += buffer_columns;
      if constexpr (wide) {
        const V16 l = low.push(hn::And(square, low_byte));
        const V16 h = high.push(hn::ShiftRight<8>(square));
        if (!store) return;
        hn::StoreU(l, d, sums_low), hn::StoreU(h, d, sums_high);
        sums_low += buffer_columns, sums_high += buffer_columns;
      } else {
        const V16 l = low.push(square);
        if (!store) return;
        hn::StoreU(l, d, sums_low);
        sums_low += buffer_columns;
      }
    };
    for (int warm = 0; warm < 2 * template_half; ++warm) step(false);
    for (int row = row_first; row < tile.rows; ++row) step(true);
  }

  const V16 bias = hn::Set(d, tile.table->bias);
  for (int row = row_first; row < tile.rows; ++row) {
    const std::uint16_t* low =
        buffers.column_sums[0].data() + (row - row_first) * buffer_columns + border - template_half;
    [[maybe_unused]] const std::uint16_t* high =
        buffers.column_sums[1].data() + (row - row_first) * buffer_columns + border - template_half;
    std::int16_t* weights = out + (row + search_half_max) * buffer_columns + border;
    const auto seven = [&](const std::uint16_t* at) {
      using Rows = SevenRows<!wide>;
      const V16 a = Rows::add(hn::LoadU(d, at), hn::LoadU(d, at + 1));
      const V16 b = Rows::add(hn::LoadU(d, at + 2), hn::LoadU(d, at + 3));
      const V16 c = Rows::add(hn::LoadU(d, at + 4), hn::LoadU(d, at + 5));
      return Rows::add(Rows::add(a, b), Rows::add(c, hn::LoadU(d, at + 6)));
    };
    for (int x = first; x < last; x += lanes) {
      V16 index = hn::ShiftRight<6>(seven(low + x));
      if constexpr (wide) index = hn::Add(index, hn::ShiftLeft<2>(seven(high + x)));
      const V16 weight = weights_of<wide, by_product>(d, index, *tile.table);
      hn::StoreU(hn::BitCast(I16(), hn::Sub(weight, bias)), I16(), weights + x);
    }
  }
}

/// Adds weight and weight * pixel of pairs of offsets (dx of `group`, one dy) to the tile's sums, for both pixels of
/// every pair. A group of odd size is filled up with the row of zeros.
void add_up(const Tile& tile, int dy, const int* dx, int group) {
  const D16 d;
  const I16 i16;
  const I32 i32;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const int border = tile.table->search_half + template_half;
  TileBuffers& buffers = *tile.buffers;
  const auto ones = hn::Set(i16, 1);
  const int even = (group + 1) / 2 * 2;
  const std::int16_t* rows_of[group_max + 1];
  int shift[group_max + 1];
  for (int g = 0; g < even; ++g) {
    rows_of[g] = g < group ? buffers.weights[g].data() : buffers.weights[group_max].data();
    shift[g] = g < group ? dx[g] : 0;
  }
  for (int row = 0; row < tile.rows; ++row) {
    const std::uint16_t* ahead = buffers.image.data() + (row + dy + border) * buffer_columns + border;
    const std::uint16_t* behind = buffers.image.data() + (row - dy + border) * buffer_columns + border;
    const std::ptrdiff_t here_at = (row + search_half_max) * buffer_columns + border;
    const std::ptrdiff_t behind_at = (row - dy + search_half_max) * buffer_columns + border;
    for (int x = 0; x < tile.columns; x += lanes) {
      // Sums of one vector of pixels, in the order that interleaving gives: first lower, then upper halves of blocks.
      std::int32_t* weight_sum = buffers.weight_sum.data() + row * tile_columns + x;
      std::int32_t* estimate = buffers.estimate.data() + row * tile_columns + x;
      VI32 weight_low = hn::Zero(i32), weight_high = weight_low, estimate_low = weight_low, estimate_high = weight_low;
      // Where products of pairs are not added up at once, the second ones.
      VI32 rest0 = weight_low, rest1 = weight_low, rest2 = weight_low, rest3 = weight_low;
      const auto pair = [&](const std::int16_t* w1, const std::int16_t* w2, const std::uint16_t* p1,
                            const std::uint16_t* p2) {
        const auto a = hn::LoadU(i16, w1), b = hn::LoadU(i16, w2);
        const auto p = hn::BitCast(i16, hn::LoadU(d, p1)), q = hn::BitCast(i16, hn::LoadU(d, p2));
        const auto w_low = hn::InterleaveLower(i16, a, b), w_high = hn::InterleaveUpper(i16, a, b);
        estimate_low = hn::ReorderWidenMulAccumulate(i32, w_low, hn::InterleaveLower(i16, p, q), estimate_low, rest0);
        estimate_high =
            hn::ReorderWidenMulAccumulate(i32, w_high, hn::InterleaveUpper(i16, p, q), estimate_high, rest1);
        weight_low = hn::ReorderWidenMulAccumulate(i32, w_low, ones, weight_low, rest2);
        weight_high = hn::ReorderWidenMulAccumulate(i32, w_high, ones, weight_high, rest3);
      };
      for (int g = 0; g < even; g += 2) {
        pair(rows_of[g] + here_at + x, rows_of[g + 1] + here_at + x, ahead + x + shift[g], ahead + x + shift[g + 1]);
        pair(rows_of[g] + behind_at + x - shift[g], rows_of[g + 1] + behind_at + x - shift[g + 1],
             behind + x - shift[g], behind + x - shift[g + 1]);
      }
      const auto put = [&](const VI32 first, const VI32 second, std::int32_t* to) {
        hn::StoreU(hn::Add(hn::LoadU(i32, to), hn::RearrangeToOddPlusEven(first, second)), i32, to);
      };
      put(weight_low, rest2, weight_sum), put(weight_high, rest3, weight_sum + lanes / 2);
      put(estimate_low, rest0, estimate), put(estimate_high, rest1, estimate + lanes / 2);
    }
  }
}

/// Adds all offsets but (0, 0) to the tile's sums.
void add_offsets(const Tile& tile) {
  const Weights& table = *tile.table;
  const bool wide = table.entries > narrow_entries_max, by_product = !table.fine.empty();
  const auto weights = wide         ? by_product ? pair_weights<true, true> : pair_weights<true, false>
                               : by_product ? pair_weights<false, true>
                                    : pair_weights<false, false>;
  for (int dy = 0; dy <= table.search_half; ++dy) {
    int dx[group_max];
    int group = 0;
    const int first = dy == 0 ? 1 : -table.search_half;
    // As many groups of about equal size as needed, the first ones even.
    for (int x = first; x <= table.search_half; ++x) {
      weights(tile, dy, x, tile.buffers->weights[group].data());
      dx[group++] = x;
      const bool full = group == group_max - 1 && table.search_half - x != 1;
      if (full || group == group_max || x == table.search_half) {
        add_up(tile, dy, dx, group);
        group = 0;
      }
    }
  }
}

/// Position of a pixel's sums within its row of sums, see add_up.
void sum_positions(int* position) {
  const I16 i16;
  const int lanes = static_cast<int>(hn::Lanes(i16));
  const int block = std::min(8, lanes);
  for (int x = 0; x < tile_columns; ++x) {
    const int in_vector = x % lanes, in_block = in_vector % block;
    const bool upper = in_block >= block / 2;
    position[x] = x - in_vector + (upper ? lanes / 2 : 0) + in_vector / block * (block / 2) + in_block % (block / 2);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace ocrs::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ocrs::kernels {

HWY_EXPORT(has_vectors);
HWY_EXPORT(add_offsets);
HWY_EXPORT(sum_positions);

namespace {

void load_tile(const cv::Mat& padded, int y, int x, const Tile& tile, int border) {
  TileBuffers& buffers = *tile.buffers;
  for (int r = 0; r < tile.rows + 2 * border; ++r) {
    const std::uint8_t* from = padded.ptr<std::uint8_t>(y + r) + x;
    std::uint16_t* to = buffers.image.data() + r * buffer_columns;
    for (int c = 0; c < tile.columns + 2 * border; ++c) to[c] = from[c];
  }
}

/// Sum of the pixels of the search window around each pixel of the tile, by running sums.
void window_sums(const Tile& tile, int half, std::vector<std::int32_t>& sums) {
  const std::uint16_t* image = tile.buffers->image.data();
  std::vector<std::int32_t> column(static_cast<std::size_t>(tile.columns + 2 * half), 0);
  for (int y = 0; y < tile.rows; ++y) {
    const int top = template_half + y, bottom = top + 2 * half;  // buffer rows
    for (int c = 0; c < tile.columns + 2 * half; ++c) {
      const std::uint16_t* at = image + template_half + c;
      if (y == 0) {
        for (int r = top; r <= bottom; ++r) column[static_cast<std::size_t>(c)] += at[r * buffer_columns];
      } else {
        column[static_cast<std::size_t>(c)] += at[bottom * buffer_columns] - at[(top - 1) * buffer_columns];
      }
    }
    std::int32_t sum = 0;
    for (int c = 0; c < 2 * half; ++c) sum += column[static_cast<std::size_t>(c)];
    for (int x = 0; x < tile.columns; ++x) {
      sum += column[static_cast<std::size_t>(x + 2 * half)];
      sums[static_cast<std::size_t>(y * tile_columns + x)] = sum;
      sum -= column[static_cast<std::size_t>(x)];
    }
  }
}

void finish_tile(const Tile& tile, const int* position, const std::vector<std::int32_t>& window_sum, cv::Mat& out,
                 int y, int x) {
  const Weights& table = *tile.table;
  const TileBuffers& buffers = *tile.buffers;
  const int border = table.search_half + template_half;
  const std::int32_t count = (2 * table.search_half + 1) * (2 * table.search_half + 1);
  for (int r = 0; r < tile.rows; ++r) {
    std::uint8_t* to = out.ptr<std::uint8_t>(y + r) + x;
    const std::uint16_t* centre = buffers.image.data() + (r + border) * buffer_columns + border;
    for (int c = 0; c < tile.columns; ++c) {
      const int at = r * tile_columns + position[c];
      std::int32_t weights = buffers.weight_sum[static_cast<std::size_t>(at)] + table.centre;
      std::int32_t estimate = buffers.estimate[static_cast<std::size_t>(at)] + table.centre * centre[c];
      if (table.bias != 0) {
        // The centre's weight was never reduced.
        weights += table.bias * (count - 1);
        estimate += table.bias * (window_sum[static_cast<std::size_t>(r * tile_columns + c)] - centre[c]);
      }
      // A quotient of integers below 2^32 is never rounded up to the next integer in double.
      const double rounded =
          static_cast<double>(static_cast<std::uint32_t>(estimate) + static_cast<std::uint32_t>(weights / 2));
      to[c] = static_cast<std::uint8_t>(static_cast<int>(rounded / static_cast<double>(weights)));
    }
  }
}

}  // namespace

cv::Mat non_local_means(const cv::Mat& grey, float h, int window) {
  const Weights table = non_local_means_weights(h, window);
  cv::Mat out(grey.size(), CV_8UC1);
  if (table.entries > table_entries_max || table.search_half > search_half_max ||
      !HWY_DYNAMIC_DISPATCH(has_vectors)()) {
    cv::fastNlMeansDenoising(grey, out, h, 2 * template_half + 1, window);
    return out;
  }
  const int border = table.search_half + template_half;
  cv::Mat padded;
  cv::copyMakeBorder(grey, padded, border, border, border, border, cv::BORDER_DEFAULT);

  TileBuffers buffers;
  const std::size_t image_size =
      static_cast<std::size_t>(tile_rows + 2 * (search_half_max + template_half) + 1) * buffer_columns;
  buffers.image.assign(image_size, 0);
  for (auto& sums : buffers.column_sums) sums.assign(static_cast<std::size_t>(weight_rows) * buffer_columns, 0);
  for (auto& weights : buffers.weights) weights.assign(static_cast<std::size_t>(weight_rows + 1) * buffer_columns, 0);
  std::vector<std::int32_t> window_sum(static_cast<std::size_t>(tile_rows) * tile_columns, 0);
  int position[tile_columns];
  HWY_DYNAMIC_DISPATCH(sum_positions)(position);

  for (int y = 0; y < grey.rows; y += tile_rows) {
    for (int x = 0; x < grey.cols; x += tile_columns) {
      const Tile tile{&table, &buffers, std::min(tile_rows, grey.rows - y), std::min(tile_columns, grey.cols - x)};
      load_tile(padded, y, x, tile, border);
      buffers.weight_sum.assign(static_cast<std::size_t>(tile_rows) * tile_columns + lanes_max, 0);
      buffers.estimate.assign(static_cast<std::size_t>(tile_rows) * tile_columns + lanes_max, 0);
      HWY_DYNAMIC_DISPATCH(add_offsets)(tile);
      if (table.bias != 0) window_sums(tile, table.search_half, window_sum);
      finish_tile(tile, position, window_sum, out, y, x);
    }
  }
  return out;
}

}  // namespace ocrs::kernels
#endif  // HWY_ONCE
