#include "deploy/demo_pages/field.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ocrs::demo {

namespace {

/// Weights of radius r: (1 - (i/r)²)², deviation r/√7.
std::vector<float> biweight(double sigma) {
  const double r = std::max(1.0, sigma * 2.6457513110645906);
  const int reach = static_cast<int>(std::ceil(r)) - 1;
  std::vector<double> weights;
  double sum = 0;
  for (int i = -reach; i <= reach; ++i) {
    const double t = 1 - (i / r) * (i / r);
    weights.push_back(t * t);
    sum += t * t;
  }
  std::vector<float> result;
  for (const double w : weights) result.push_back(static_cast<float>(w / sum));
  return result;
}

cv::Mat1f blurred_rows(const cv::Mat1f& image, double sigma) {
  const std::vector<float> weights = biweight(sigma);
  const int reach = static_cast<int>(weights.size() / 2);
  if (reach == 0) return image.clone();
  cv::Mat1f out(image.size());
  std::vector<float> padded(static_cast<std::size_t>(image.cols + 2 * reach));
  for (int y = 0; y < image.rows; ++y) {
    const float* row = image[y];
    for (int x = -reach; x < image.cols + reach; ++x) {
      padded[static_cast<std::size_t>(x + reach)] = row[std::clamp(x, 0, image.cols - 1)];
    }
    float* to = out[y];
    std::fill(to, to + image.cols, 0.0F);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      for (int x = 0; x < image.cols; ++x) to[x] += weights[k] * padded[static_cast<std::size_t>(x) + k];
    }
  }
  return out;
}

cv::Mat1f blurred_columns(const cv::Mat1f& image, double sigma) {
  const std::vector<float> weights = biweight(sigma);
  const int reach = static_cast<int>(weights.size() / 2);
  if (reach == 0) return image.clone();
  cv::Mat1f out(image.size(), 0.0F);
  for (int y = 0; y < image.rows; ++y) {
    float* to = out[y];
    for (int k = -reach; k <= reach; ++k) {
      const float* from = image[std::clamp(y + k, 0, image.rows - 1)];
      const float w = weights[static_cast<std::size_t>(k + reach)];
      for (int x = 0; x < image.cols; ++x) to[x] += w * from[x];
    }
  }
  return out;
}

/// Each output pixel is the mean of the input it covers along rows.
cv::Mat1f reduced_rows(const cv::Mat1f& image, int width) {
  cv::Mat1f out(image.rows, width, 0.0F);
  const double step = static_cast<double>(image.cols) / width;
  for (int x = 0; x < width; ++x) {
    const double from = x * step;
    const double to = std::min((x + 1) * step, static_cast<double>(image.cols));
    for (int s = static_cast<int>(from); s < image.cols && s < to; ++s) {
      const auto share = static_cast<float>((std::min(to, s + 1.0) - std::max(from, static_cast<double>(s))) / step);
      for (int y = 0; y < image.rows; ++y) out[y][x] += share * image[y][s];
    }
  }
  return out;
}

}  // namespace

cv::Mat1f cloud(cv::Size size, double cell_x, double cell_y, Random& random) {
  const int columns = static_cast<int>(size.width / cell_x) + 2;
  const int rows = static_cast<int>(size.height / cell_y) + 2;
  cv::Mat1f lattice(rows, columns);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) lattice[y][x] = static_cast<float>(random.uniform(-1, 1));
  }
  cv::Mat1f out(size);
  std::vector<int> cells(static_cast<std::size_t>(size.width));
  std::vector<float> parts(static_cast<std::size_t>(size.width));
  for (int x = 0; x < size.width; ++x) {
    const auto i = static_cast<std::size_t>(x);
    cells[i] = static_cast<int>(x / cell_x);
    parts[i] = static_cast<float>(smoothstep(0, 1, x / cell_x - cells[i]));
  }
  std::vector<float> between(static_cast<std::size_t>(columns));
  for (int y = 0; y < size.height; ++y) {
    const int cell = static_cast<int>(y / cell_y);
    const auto part = static_cast<float>(smoothstep(0, 1, y / cell_y - cell));
    for (int x = 0; x < columns; ++x) {
      between[static_cast<std::size_t>(x)] = lattice[cell][x] + part * (lattice[cell + 1][x] - lattice[cell][x]);
    }
    for (int x = 0; x < size.width; ++x) {
      const auto i = static_cast<std::size_t>(x);
      const auto c = static_cast<std::size_t>(cells[i]);
      out[y][x] = between[c] + parts[i] * (between[c + 1] - between[c]);
    }
  }
  return out;
}

cv::Mat1f clouds(cv::Size size, double cell, int octaves, Random& random) {
  cv::Mat1f sum(size, 0.0F);
  float weight = 0.6F;
  for (int i = 0; i < octaves && cell >= 1; ++i, cell /= 2, weight /= 2) {
    const cv::Mat1f one = cloud(size, cell, random);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) sum[y][x] += weight * one[y][x];
    }
  }
  return sum;
}

cv::Mat1f blurred(const cv::Mat1f& image, double sigma_x, double sigma_y) {
  return blurred_columns(blurred_rows(image, sigma_x), sigma_y);
}

float sampled(const cv::Mat1f& image, double x, double y, float outside) {
  if (x < 0 || y < 0 || x > image.cols - 1 || y > image.rows - 1) return outside;
  const int left = std::min(static_cast<int>(x), image.cols - 2);
  const int top = std::min(static_cast<int>(y), image.rows - 2);
  const auto fx = static_cast<float>(x - left);
  const auto fy = static_cast<float>(y - top);
  const float upper = image[top][left] + fx * (image[top][left + 1] - image[top][left]);
  const float lower = image[top + 1][left] + fx * (image[top + 1][left + 1] - image[top + 1][left]);
  return upper + fy * (lower - upper);
}

cv::Mat1f resampled(const cv::Mat1f& image, cv::Size size) {
  if (size.width <= image.cols) {
    cv::Mat1f narrow = reduced_rows(image, size.width);
    cv::Mat1f turned(narrow.cols, narrow.rows);
    for (int y = 0; y < narrow.rows; ++y) {
      for (int x = 0; x < narrow.cols; ++x) turned[x][y] = narrow[y][x];
    }
    turned = reduced_rows(turned, size.height);
    cv::Mat1f out(size);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) out[y][x] = turned[x][y];
    }
    return out;
  }
  cv::Mat1f out(size);
  const double step_x = static_cast<double>(image.cols) / size.width;
  const double step_y = static_cast<double>(image.rows) / size.height;
  for (int y = 0; y < size.height; ++y) {
    const double from_y = std::clamp((y + 0.5) * step_y - 0.5, 0.0, image.rows - 1.0);
    for (int x = 0; x < size.width; ++x) {
      out[y][x] = sampled(image, std::clamp((x + 0.5) * step_x - 0.5, 0.0, image.cols - 1.0), from_y, 0);
    }
  }
  return out;
}

}  // namespace ocrs::demo
