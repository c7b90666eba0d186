#include "deploy/demo_pages/wear.hpp"

#include <algorithm>
#include <cmath>

#include "deploy/demo_pages/field.hpp"

namespace ocrs::demo {

namespace {

constexpr float ink_reflectance = 0.13F;

template <typename Function>
void each_pixel(cv::Mat1f& image, Function&& function) {
  for (int y = 0; y < image.rows; ++y) {
    float* row = image[y];
    for (int x = 0; x < image.cols; ++x) function(y, x, row[x]);
  }
}

cv::Mat1f as_shares(const cv::Mat1b& ink) {
  cv::Mat1f shares(ink.size());
  each_pixel(shares, [&](int y, int x, float& value) { value = static_cast<float>(ink[y][x]) / 255.0F; });
  return shares;
}

/// Ink ran: blurred, then steepened again, so that strokes grow and small counters fill.
void spread(cv::Mat1f& ink, double sigma) {
  ink = blurred(ink, sigma);
  each_pixel(ink, [](int, int, float& value) { value = static_cast<float>(smoothstep(0.08, 0.72, value)); });
}

/// Rubbed to the right in some bands of the page.
void smear(cv::Mat1f& ink, double length, Random& random) {
  const cv::Mat1f rubbed = blurred(ink, length, 0.8);
  const cv::Mat1f where = cloud(ink.size(), 700, 120, random);
  const int shift = static_cast<int>(length);
  each_pixel(ink, [&](int y, int x, float& value) {
    const auto share = static_cast<float>(smoothstep(-0.1, 0.6, where[y][x]));
    const float tail = rubbed[y][std::max(0, x - shift)];
    value = std::max(value * (1 - 0.25F * share), 0.75F * share * tail);
  });
}

void thin_out(cv::Mat1f& ink, const Damage& damage, Random& random) {
  const cv::Mat1f patches = clouds(ink.size(), 260, 3, random);
  const cv::Mat1f grains = clouds(ink.size(), 5, 2, random);
  const double gate = 1 - 2 * damage.grain;
  each_pixel(ink, [&](int y, int x, float& value) {
    const double patch = 1 - damage.patchy * smoothstep(-0.35, 0.35, patches[y][x]);
    const double dropped = damage.grain > 0 ? smoothstep(gate - 0.45, gate + 0.15, grains[y][x] * 1.25) : 0;
    value *= static_cast<float>((1 - damage.fade) * patch * (1 - dropped));
  });
}

void stain(cv::Mat1f& paper, int count, Random& random) {
  for (int i = 0; i < count; ++i) {
    const double cx = random.uniform(0, paper.cols);
    const double cy = random.uniform(0, paper.rows);
    const double radius = random.uniform(60, 260);
    const double depth = random.uniform(0.1, 0.36);
    const double rim = random.uniform(0.3, 1.2);
    const cv::Mat1f edge = clouds(paper.size(), radius, 3, random);
    each_pixel(paper, [&](int y, int x, float& value) {
      const double dx = x - cx;
      const double dy = y - cy;
      const double distance = std::sqrt(dx * dx + dy * dy) / radius + 0.35 * edge[y][x];
      const double inside = 1 - smoothstep(0.92, 1.02, distance);
      const double ring = smoothstep(0.8, 0.97, distance) * (1 - smoothstep(0.97, 1.08, distance));
      value *= static_cast<float>(1 - depth * inside * 0.7 - depth * rim * ring * 0.5);
    });
  }
}

/// A fold: a dark valley beside a light ridge, where the ink has cracked too.
void fold(cv::Mat1f& paper, cv::Mat1f& ink, int count, Random& random) {
  for (int i = 0; i < count; ++i) {
    const bool upright = random.chance(0.5);
    const double across = random.uniform(0.15, 0.85) * (upright ? paper.cols : paper.rows);
    const double tilt = random.uniform(-0.05, 0.05);
    const double depth = random.uniform(0.1, 0.3);
    const cv::Mat1f wander = cloud(paper.size(), 180, random);
    each_pixel(paper, [&](int y, int x, float& value) {
      const double along = upright ? y : x;
      const double distance = (upright ? x : y) - across - tilt * along - 7 * wander[y][x];
      if (std::abs(distance) > 40) return;
      const double valley = 1 - smoothstep(0, 9, std::abs(distance));
      const double ridge = 1 - smoothstep(0, 26, std::abs(distance - 12));
      value = static_cast<float>(std::min(1.0, value * (1 - depth * valley + 0.05 * ridge)));
      if (std::abs(distance) < 2.2) ink[y][x] *= 0.35F;
    });
  }
}

/// Filed pages have been punched: what lies under the sheet is white, with a shadow at the rim.
void punch(cv::Mat1f& sheet, int count, Random& random) {
  for (int i = 0; i < count; ++i) {
    const double cx = random.uniform(38, 60);
    const double cy = sheet.rows * (0.5 + (i - (count - 1) / 2.0) * 0.32) + random.uniform(-6, 6);
    const int reach = 40;
    for (int y = std::max(0, static_cast<int>(cy) - reach); y < std::min(sheet.rows, static_cast<int>(cy) + reach);
         ++y) {
      for (int x = 0; x < static_cast<int>(cx) + reach; ++x) {
        const double r = std::sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy));
        if (r < 31) sheet[y][x] = r > 27 || (y < cy && r > 23) ? 0.25F : 0.08F;
      }
    }
  }
}

/// A round office stamp: two rings and a bar.
void stamp(cv::Mat1f& ink, double strength, Random& random) {
  const double cx = random.uniform(0.3, 0.8) * ink.cols;
  const double cy = random.uniform(0.2, 0.75) * ink.rows;
  const double radius = random.uniform(110, 150);
  const cv::Mat1f wet = clouds(ink.size(), 30, 3, random);
  const auto band = [](double value, double centre, double half) {
    return 1 - smoothstep(half, half + 1.8, std::abs(value - centre));
  };
  each_pixel(ink, [&](int y, int x, float& value) {
    const double dx = x - cx;
    const double dy = y - cy + 0.2 * dx;
    const double r = std::sqrt(dx * dx + dy * dy);
    if (r > radius + 6) return;
    double mark = std::max(band(r, radius, 3.5), band(r, radius * 0.72, 2));
    if (r < radius * 0.72) mark = std::max(mark, std::max(band(dy, 20, 2), band(dy, -20, 2)));
    value = std::max(value, static_cast<float>(strength * mark * smoothstep(-0.9, 0.2, wet[y][x])));
  });
}

}  // namespace

cv::Mat1f worn(const cv::Mat1b& ink, const cv::Mat1b& back, const Damage& damage, std::uint64_t seed) {
  cv::Mat1f front = as_shares(ink);
  if (damage.spread > 0) spread(front, damage.spread);
  if (damage.fade > 0 || damage.patchy > 0 || damage.grain > 0) {
    Random random(Random::mix(seed, "thin"));
    thin_out(front, damage, random);
  }
  if (damage.smear > 0) {
    Random random(Random::mix(seed, "smear"));
    smear(front, damage.smear, random);
  }
  if (damage.stamp > 0) {
    Random random(Random::mix(seed, "stamp"));
    stamp(front, damage.stamp, random);
  }

  cv::Mat1f paper(ink.size(), static_cast<float>(1 - damage.tone));
  if (damage.fibre > 0 || damage.mottle > 0) {
    Random random(Random::mix(seed, "paper"));
    const cv::Mat1f fine = cloud(paper.size(), 2.6, random);
    const cv::Mat1f coarse = cloud(paper.size(), 9, 4, random);
    const cv::Mat1f patches = clouds(paper.size(), 330, 4, random);
    each_pixel(paper, [&](int y, int x, float& value) {
      value += static_cast<float>(
          (damage.fibre * (0.7 * fine[y][x] + 0.5 * coarse[y][x]) + damage.mottle * patches[y][x]) / 255);
    });
  }
  if (damage.stains > 0) {
    Random random(Random::mix(seed, "stains"));
    stain(paper, static_cast<int>(damage.stains), random);
  }
  if (damage.folds > 0) {
    Random random(Random::mix(seed, "folds"));
    fold(paper, front, static_cast<int>(damage.folds), random);
  }
  if (damage.bleed > 0) {
    const cv::Mat1f through = blurred(as_shares(back), 1.6);
    Random random(Random::mix(seed, "bleed"));
    const cv::Mat1f uneven = clouds(paper.size(), 300, 2, random);
    each_pixel(paper, [&](int y, int x, float& value) {
      const double share = damage.bleed * (1 + 0.5 * uneven[y][x]);
      const int from = back.cols - 1 - x;
      if (y < back.rows && from >= 0) value *= static_cast<float>(1 - share * through[y][from]);
    });
  }
  each_pixel(paper, [&](int y, int x, float& value) {
    value = value * (1 - front[y][x]) + std::min(value, ink_reflectance) * front[y][x];
  });
  if (damage.holes > 0) {
    Random random(Random::mix(seed, "holes"));
    punch(paper, static_cast<int>(damage.holes), random);
  }
  return paper;
}

}  // namespace ocrs::demo
