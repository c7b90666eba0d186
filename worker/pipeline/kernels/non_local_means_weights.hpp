// The weights of non-local means as OpenCV rounds them, in the forms that the kernel looks them up in. Pure, any
// thread.
#pragma once

#include <cstdint>
#include <vector>

namespace ocrs::kernels {

inline constexpr std::uint32_t table_entries_max = 4096;
inline constexpr std::uint32_t narrow_entries_max =
    1023;  // the last index that narrow sums can tell apart has no weight
constexpr int fine_bits(bool wide) { return wide ? 6 : 5; }

/// Weights by block distance / 64, all zero from `entries` on, and what does not depend on the pixel.
struct Weights {
  int search_half = 0;
  std::uint32_t entries = 0;         // weights that are not zero
  std::vector<std::uint16_t> small;  // padded with zeros to whole 64s and one more
  std::vector<std::uint32_t> wide;   // the same in 32 bits, for gathers
  // Weight i = coarse[i >> fine_bits] * fine[i & mask] rounded, exactly, if there are such floats; else both are empty.
  std::vector<float> coarse, fine;
  std::uint16_t centre = 0;  // weight of distance 0
  std::uint16_t bias = 0;    // taken off every weight so that it fits a signed 16-bit factor
};

[[nodiscard]] Weights non_local_means_weights(float h, int window);

}  // namespace ocrs::kernels
