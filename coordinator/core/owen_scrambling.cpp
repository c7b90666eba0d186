#include "coordinator/core/owen_scrambling.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;

constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t owen_key(std::uint64_t seed, std::uint32_t dimension) {
  return mix(mix(seed + golden) + (std::uint64_t{dimension} + 1) * golden);
}

std::uint32_t owen_scrambled(std::uint32_t x, std::uint64_t key) {
  std::uint32_t flips = 0;
  for (unsigned k = 0; k < 32; ++k) {
    // In 64 bits, because a 32-bit shift by 32 (k = 0) is undefined.
    const std::uint64_t node = (std::uint64_t{1} << k) + (std::uint64_t{x} >> (32 - k));
    const auto flip = static_cast<std::uint32_t>(mix(key ^ mix(node * golden)) >> 63);
    flips |= flip << (31 - k);
  }
  return x ^ flips;
}

}  // namespace ocrs
