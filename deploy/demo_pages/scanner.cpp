#include "deploy/demo_pages/scanner.hpp"

#include <algorithm>
#include <cmath>

#include "deploy/demo_pages/field.hpp"
#include "deploy/demo_pages/random.hpp"

namespace ocrs::demo {

namespace {

struct Margins {
  int left = 0, top = 0, right = 0, bottom = 0;
};

Margins margins_of(Bed bed, Random& random) {
  if (bed == Bed::none) return {};
  const auto side = [&] { return random.integer(28, 84); };
  Margins margins{side(), side(), side(), side()};
  if (bed == Bed::facing_page) margins.left = random.integer(110, 150);
  if (bed == Bed::white || bed == Bed::felt) margins.right += random.integer(0, 90);
  return margins;
}

cv::Mat1f bed_picture(Bed bed, cv::Size size, Random& random) {
  cv::Mat1f picture(size);
  const cv::Mat1f coarse = clouds(size, 40, 4, random);
  const cv::Mat1f fine = cloud(size, 3, random);
  const float tone = bed == Bed::black ? 0.07F : bed == Bed::white ? 0.93F : 0.5F;
  const float grain = bed == Bed::felt || bed == Bed::facing_page ? 0.13F : 0.02F;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) picture[y][x] = tone + grain * (0.5F * coarse[y][x] + 0.5F * fine[y][x]);
  }
  return picture;
}

/// The sheet on its bed: turned by the skew, bent by the warp, with a shadow along its lower right edges.
cv::Mat1f placed(const cv::Mat1f& sheet, const cv::Mat1f& facing, const Damage& damage, std::uint64_t seed) {
  Random random(Random::mix(seed, "bed"));
  const Margins margins = margins_of(damage.bed, random);
  const cv::Size size(sheet.cols + margins.left + margins.right, sheet.rows + margins.top + margins.bottom);
  cv::Mat1f picture = damage.bed == Bed::none ? cv::Mat1f(size, 1.0F) : bed_picture(damage.bed, size, random);

  const double angle = damage.skew * 0.017453292519943295;
  const double sine = small_sin(angle);
  const double cosine = small_cos(angle);
  const cv::Mat1f bend_x = cloud(size, 800, random);
  const cv::Mat1f bend_y = cloud(size, 620, random);
  const double curl = damage.warp * random.uniform(0.6, 1.2);
  const double cx = size.width / 2.0;
  const double cy = size.height / 2.0;
  const auto edge = [&](double at, int length) { return std::clamp(at, 0.0, length - 1.0); };
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double near_gutter = 1 - smoothstep(0, 0.45 * size.width, x);
      const double u = cosine * (x - cx) + sine * (y - cy) + cx + 0.5 * damage.warp * bend_x[y][x] - margins.left;
      const double v = -sine * (x - cx) + cosine * (y - cy) + cy + damage.warp * bend_y[y][x] +
                       curl * near_gutter * near_gutter - margins.top;
      const bool on_sheet = u >= 0 && v >= 0 && u <= sheet.cols - 1 && v <= sheet.rows - 1;
      if (on_sheet || damage.bed == Bed::none) {
        picture[y][x] = sampled(sheet, edge(u, sheet.cols), edge(v, sheet.rows), 1);
      } else if (damage.bed == Bed::facing_page && u < 0) {
        // The gutter between the two pages, then the inner end of the other one's lines.
        const double gutter = smoothstep(-34, 0, u) * 0.55;
        const double from = facing.cols + u + 30;
        picture[y][x] =
            sampled(facing, edge(from, facing.cols), edge(v, facing.rows), 1) * static_cast<float>(1 - gutter);
      } else {
        const double off = std::max(u - (sheet.cols - 1), v - (sheet.rows - 1));
        if (off > 0) picture[y][x] *= static_cast<float>(0.55 + 0.45 * smoothstep(0, 16, off));
      }
    }
  }
  return picture;
}

void light(cv::Mat1f& picture, const Damage& damage, Random& random) {
  // Falls off away from a corner, along a slant, or towards the gutter.
  const int shape = random.integer(0, 2);
  const double cx = random.chance(0.5) ? 0.1 : 0.9;
  const double cy = random.uniform(0.05, 0.45);
  const cv::Mat1f uneven = clouds(picture.size(), 600, 2, random);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const double dx = std::abs(static_cast<double>(x) / picture.cols - cx);
      const double dy = std::abs(static_cast<double>(y) / picture.rows - cy);
      const double far = shape == 0   ? std::sqrt(dx * dx + dy * dy) / 1.15
                         : shape == 1 ? 0.62 * dx + 0.48 * dy
                                      : dx / 0.9;
      const double dark = smoothstep(0.12, 0.95, far + 0.1 * uneven[y][x]);
      picture[y][x] *= static_cast<float>(1 - damage.shade * dark);
    }
  }
}

void scratch(cv::Mat1f& picture, int count, Random& random) {
  for (int i = 0; i < count; ++i) {
    const int y = random.integer(0, picture.rows - 2);
    const int from = random.chance(0.6) ? 0 : random.integer(0, picture.cols - 1);
    const int to = random.integer(from, picture.cols);
    const float tone = random.chance(0.6) ? 0.95F : 0.1F;
    const float cover = static_cast<float>(random.uniform(0.35, 0.9));
    for (int x = from; x < to; ++x) picture[y][x] += cover * (tone - picture[y][x]);
  }
}

}  // namespace

cv::Mat1b scanned(const cv::Mat1f& sheet, const cv::Mat1f& facing, const Damage& damage, std::uint64_t seed) {
  cv::Mat1f picture = placed(sheet, facing, damage, seed);
  if (damage.shade > 0) {
    Random random(Random::mix(seed, "light"));
    light(picture, damage, random);
  }
  if (damage.blur > 0) picture = blurred(picture, damage.blur);
  if (damage.scratches > 0) {
    Random random(Random::mix(seed, "scratches"));
    scratch(picture, static_cast<int>(damage.scratches), random);
  }
  const cv::Size full = picture.size();
  if (damage.reduction > 1) {
    picture = resampled(picture, cv::Size(static_cast<int>(full.width / damage.reduction),
                                          static_cast<int>(full.height / damage.reduction)));
  }
  Random random(Random::mix(seed, "sensor"));
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      double value = 255.0 * picture[y][x];
      value = 255 * 0.55 + (value - 255 * 0.55) * (1 - damage.contrast);
      if (damage.noise > 0) value += damage.noise * random.normal();
      if (damage.salt > 0 && random.chance(damage.salt)) value = random.chance(0.5) ? 255 : 0;
      picture[y][x] = static_cast<float>(value);
    }
  }
  if (damage.reduction > 1) picture = resampled(picture, full);
  cv::Mat1b grey(full);
  for (int y = 0; y < full.height; ++y) {
    for (int x = 0; x < full.width; ++x) {
      grey[y][x] = static_cast<unsigned char>(std::clamp(picture[y][x] + 0.5F, 0.0F, 255.0F));
    }
  }
  return grey;
}

}  // namespace ocrs::demo
