#include "worker/pipeline/kernels/line_opening.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace ocrs::kernels {
namespace {

/// Two erosions by a rectangle of some length are one by `size` pixels, of which `before` lie before the anchor and
/// `after` behind it; the same for dilations, as OpenCV does not mirror the rectangle. Outside of the image nothing
/// counts: neither as light in erosions, nor as dark in dilations.
struct Reach {
  int before = 0, after = 0, size = 1;

  Reach(int length, int side) {
    length = std::min(length, side + 2);  // longer ones all keep the runs from edge to edge and no other
    before = length / 2 * 2;
    size = 2 * length - 1;
    after = size - 1 - before;
  }
};

/// First of 0 … from whose pixels up to `from` are all set; last likewise to the right.
int run_first(const std::uint8_t* row, int from) {
  while (from > 0 && row[from - 1] != 0) --from;
  return from;
}
int run_last(const std::uint8_t* row, int from, int columns) {
  while (from + 1 < columns && row[from + 1] != 0) ++from;
  return from;
}

/// Sets in `out` what the opening leaves of the run first … last.
void keep_run(int first, int last, int columns, const Reach& reach, std::uint8_t* out) {
  const int left = first == 0 ? 0 : first + reach.before;
  const int right = last == columns - 1 ? last : last - reach.after;
  if (left > right) return;
  const int from = std::max(0, left - reach.after), to = std::min(columns - 1, right + reach.before);
  std::memset(out + from, 255, static_cast<std::size_t>(to - from + 1));
}

/// A run that is kept has at least `size` pixels, so that it covers one of every `size` pixels, or touches an edge.
void open_row(const std::uint8_t* row, int columns, const Reach& reach, std::uint8_t* out) {
  int next = 0;  // pixels before it are done
  if (row[0] != 0) {
    const int last = run_last(row, 0, columns);
    keep_run(0, last, columns, reach, out);
    next = last + 1;
  }
  for (int x = next + reach.size - 1; x < columns; x = next + reach.size - 1) {
    if (row[x] == 0) {
      next = x + 1;
      continue;
    }
    const int last = run_last(row, x, columns);
    keep_run(run_first(row, x), last, columns, reach, out);
    next = last + 1;
  }
  if (next < columns && row[columns - 1] != 0) {
    keep_run(run_first(row, columns - 1), columns - 1, columns, reach, out);
  }
}

template <typename Count>
void count_row(const std::uint8_t* row, int columns, Count most, Count* run) {
  for (int x = 0; x < columns; ++x) {
    const Count longer = static_cast<Count>(run[x] + (run[x] < most ? 1 : 0));
    run[x] = row[x] != 0 ? longer : Count{0};
  }
}

template <typename Count>
void dilate_row(const Count* run, int columns, Count most, Count* left) {
  for (int x = 0; x < columns; ++x) {
    const Count fewer = static_cast<Count>(left[x] - (left[x] > 0 ? 1 : 0));
    left[x] = run[x] == most ? most : fewer;
  }
}

template <typename Count>
void put_row(const Count* left, int columns, std::uint8_t* out) {
  for (int x = 0; x < columns; ++x) out[x] = left[x] != 0 ? 255 : 0;
}

/// Opening along columns. At row i, `run` holds the pixels in a row above and with it, at most `size`; where it is full
/// the eroded image is set at row i - after. `left` holds for how many rows that still sets the dilated image.
template <typename Count>
void open_columns(const cv::Mat& dark, const Reach& reach, cv::Mat& out) {
  const int rows = dark.rows, columns = dark.cols;
  const auto most = static_cast<Count>(reach.size);
  std::vector<Count> run(static_cast<std::size_t>(columns), most);  // the edge does not end a run
  std::vector<Count> left(static_cast<std::size_t>(columns), Count{0});
  const std::vector<std::uint8_t> beyond(static_cast<std::size_t>(columns), 255);
  for (int i = 0; i < rows + 2 * reach.after; ++i) {
    const int eroded = i - reach.after, opened = i - 2 * reach.after;
    if (eroded < rows) count_row(i < rows ? dark.ptr<std::uint8_t>(i) : beyond.data(), columns, most, run.data());
    if (eroded < 0) continue;
    if (eroded >= rows) std::fill(run.begin(), run.end(), Count{0});
    dilate_row(run.data(), columns, most, left.data());
    if (opened >= 0) put_row(left.data(), columns, out.ptr<std::uint8_t>(opened));
  }
}

/// Every pixel of `row` becomes the union of the `count` from it to the right, by doubling; `columns` of them are
/// valid.
void join_to_right(int count, int columns, std::uint8_t* row, std::uint8_t* copy) {
  const auto join = [&](int step) {
    std::memcpy(copy, row + step, static_cast<std::size_t>(columns - step));
    for (int x = 0; x < columns - step; ++x) row[x] = static_cast<std::uint8_t>(row[x] | copy[x]);
  };
  int have = 1;
  for (; 2 * have <= count; have *= 2) join(have);
  if (have < count) join(count - have);
}

template <typename Count>
void renew_row(const std::uint8_t* row, int columns, Count most, Count* left) {
  for (int x = 0; x < columns; ++x) {
    const Count fewer = static_cast<Count>(left[x] - (left[x] > 0 ? 1 : 0));
    left[x] = row[x] != 0 ? most : fewer;
  }
}

/// Dilates `mask` in place by a square of 2 reach + 1: rows by doubling, columns by how many rows a set pixel lasts.
template <typename Count>
void dilate(cv::Mat& mask, int reach) {
  const int columns = mask.cols, wide = columns + 2 * reach;
  std::vector<std::uint8_t> joined(static_cast<std::size_t>(wide)), copy(static_cast<std::size_t>(wide));
  std::vector<Count> left(static_cast<std::size_t>(columns), Count{0});
  for (int i = 0; i < mask.rows + reach; ++i) {
    std::fill(joined.begin(), joined.end(), std::uint8_t{0});
    if (i < mask.rows) {
      std::memcpy(joined.data() + reach, mask.ptr<std::uint8_t>(i), static_cast<std::size_t>(columns));
      join_to_right(2 * reach + 1, wide, joined.data(), copy.data());
    }
    renew_row(joined.data(), columns, static_cast<Count>(2 * reach + 1), left.data());
    if (i >= reach) put_row(left.data(), columns, mask.ptr<std::uint8_t>(i - reach));
  }
}

}  // namespace

cv::Mat line_opening(const cv::Mat& dark, int length_h, int length_v, int dilations) {
  const int rows = dark.rows, columns = dark.cols;
  cv::Mat mask = cv::Mat::zeros(rows, columns, CV_8UC1);
  const Reach down(length_v, rows), across(length_h, columns);
  if (down.size <= std::numeric_limits<std::uint8_t>::max()) {
    open_columns<std::uint8_t>(dark, down, mask);
  } else if (down.size <= std::numeric_limits<std::uint16_t>::max()) {
    open_columns<std::uint16_t>(dark, down, mask);
  } else {
    open_columns<std::uint32_t>(dark, down, mask);
  }
  for (int y = 0; y < rows; ++y) {
    open_row(dark.ptr<std::uint8_t>(y), columns, across, mask.ptr<std::uint8_t>(y));
  }
  const int reach = std::min(dilations, std::max(rows, columns));
  if (2 * reach + 1 <= std::numeric_limits<std::uint8_t>::max()) {
    if (reach > 0) dilate<std::uint8_t>(mask, reach);
  } else {
    dilate<std::uint32_t>(mask, reach);
  }
  return mask;
}

}  // namespace ocrs::kernels
