#include "worker/pipeline/kernels/non_local_means_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>

namespace ocrs::kernels {
namespace {

/// Floats whose rounded products are the table's weights: the exponential of a sum is a product. `spread` moves the
/// rounding errors of all of them. False if a weight is missed by every float near the wanted one.
bool factor_weights(Weights& table, double decay, double scale, double spread) {
  const int bits = fine_bits(table.entries > narrow_entries_max), count = 1 << bits;
  table.fine.assign(64, 0.0F), table.coarse.assign(64, 0.0F);  // no weight from the last entry on
  for (int i = 0; i < count; ++i)
    table.fine[static_cast<std::size_t>(i)] = static_cast<float>(std::exp(-i * decay) * spread);
  const auto entries = static_cast<int>(table.entries);
  for (int first = 0; first < entries; first += count) {
    const int last = std::min(first + count, entries);
    const auto fits = [&](float factor) {
      for (int i = first; i < last; ++i) {
        const float product = factor * table.fine[static_cast<std::size_t>(i - first)];
        if (cvRound(product) != table.small[static_cast<std::size_t>(i)]) return false;
      }
      return true;
    };
    const auto wanted = static_cast<float>(scale * std::exp(-first * decay) / spread);
    float above = wanted, below = wanted;
    for (int tries = 0; tries < 64 && !fits(above) && !fits(below); ++tries) {
      above = std::nextafter(above, 2 * wanted), below = std::nextafter(below, 0.0F);
    }
    if (!fits(above) && !fits(below)) return false;
    table.coarse[static_cast<std::size_t>(first >> bits)] = fits(above) ? above : below;
  }
  return true;
}

}  // namespace

/// OpenCV's table (FastNlMeansDenoisingInvoker, 8-bit, L2): round(scale exp(-distance / h²)) for a mean distance in
/// steps of 64 / 49, nothing below a thousandth.
Weights non_local_means_weights(float h, int window) {
  Weights table;
  table.search_half = window / 2;
  const int scale = std::numeric_limits<int>::max() / (window * window * 255);
  const double step = 64.0 / 49.0;
  const int entries = static_cast<int>(255 * 255 / step + 1);
  const float denominator = h * h;
  for (int i = 0; i < entries; ++i) {
    const int weight = cvRound(scale * std::exp(-(i * step) / denominator));
    if (weight < 0.001 * scale) break;  // they only fall
    table.small.push_back(static_cast<std::uint16_t>(weight));
  }
  table.entries = static_cast<std::uint32_t>(table.small.size());
  table.centre = static_cast<std::uint16_t>(scale);
  table.bias = scale > std::numeric_limits<std::int16_t>::max() ? static_cast<std::uint16_t>(scale / 2 + 1) : 0;
  bool factored = false;
  for (int tries = 0; tries < 32 && !factored && table.entries <= table_entries_max; ++tries) {
    factored = factor_weights(table, step / denominator, scale, 1 + tries / 32.0);
  }
  if (!factored) table.coarse.clear(), table.fine.clear();
  table.small.resize((table.entries / 64 + 2) * 64, 0);
  table.wide.assign(table.small.begin(), table.small.end());
  return table;
}

}  // namespace ocrs::kernels
