// sauvola_threshold of operations.hpp: window sums slid down and along, so that the cost does not depend on the window.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "worker/pipeline/operations.hpp"

namespace ocrs {
namespace {

/// Sums of levels and of their squares over the rows of the window, per column.
struct ColumnSums {
  std::vector<std::int32_t> levels;
  std::vector<std::int64_t> squares;

  void add_row(const std::uint8_t* row, int times) {
    for (std::size_t x = 0; x < levels.size(); ++x) {
      const std::int32_t level = row[x];
      levels[x] += times * level;
      squares[x] += static_cast<std::int64_t>(times) * level * level;
    }
  }
};

}  // namespace

cv::Mat sauvola_threshold(const cv::Mat& grey, int n, double k) {
  n = std::clamp(n, 1, 1000);  // keeps the products of sums below inside 64 bits
  const int width = grey.cols, height = grey.rows;
  const std::int64_t side = 2 * n + 1;
  const std::int64_t count = side * side;
  const auto row_at = [&](int y) { return grey.ptr<std::uint8_t>(std::clamp(y, 0, height - 1)); };
  const auto column_at = [width](int x) { return static_cast<std::size_t>(std::clamp(x, 0, width - 1)); };

  ColumnSums columns{std::vector<std::int32_t>(static_cast<std::size_t>(width)),
                     std::vector<std::int64_t>(static_cast<std::size_t>(width))};
  for (int y = -n; y <= n; ++y) columns.add_row(row_at(y), 1);

  cv::Mat out(grey.size(), CV_8UC1);
  for (int y = 0; y < height; ++y) {
    std::int64_t levels = 0, squares = 0;
    for (int x = -n; x <= n; ++x) {
      levels += columns.levels[column_at(x)];
      squares += columns.squares[column_at(x)];
    }
    const std::uint8_t* in = grey.ptr<std::uint8_t>(y);
    std::uint8_t* to = out.ptr<std::uint8_t>(y);
    for (int x = 0; x < width; ++x) {
      const double mean = static_cast<double>(levels) / static_cast<double>(count);
      const double deviation =
          std::sqrt(static_cast<double>(count * squares - levels * levels)) / static_cast<double>(count);
      to[x] = in[x] > mean * (1 + k * (deviation / 128 - 1)) ? 255 : 0;
      levels += columns.levels[column_at(x + n + 1)] - columns.levels[column_at(x - n)];
      squares += columns.squares[column_at(x + n + 1)] - columns.squares[column_at(x - n)];
    }
    columns.add_row(row_at(y + n + 1), 1);
    columns.add_row(row_at(y - n), -1);
  }
  return out;
}

}  // namespace ocrs
