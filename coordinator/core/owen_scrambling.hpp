// Owen's nested uniform scrambling in base 2, made of a hash instead of stored random bits, so that every machine and
// every design size gives the same points. It keeps each (t, m, s)-net a (t, m, s)-net. Pure.
//
// Specification (version 1). All arithmetic is unsigned and modulo 2^64; a number has 32 digits, the first digit is its
// most significant bit.
//   mix(z):   z ^= z >> 30; z *= 0xBF58476D1CE4E5B9; z ^= z >> 27; z *= 0x94D049BB133111EB; z ^= z >> 31
//             (the finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014; a bijection)
//   key(seed, d) = mix(mix(seed + G) + (d + 1) * G)   for dimension d = 0, 1, …;  G = 0x9E3779B97F4A7C15
//   node(x, k)   = 2^k + (the first k digits of x as a number)   for k = 0 … 31: the node of the binary tree of digits
//                  that x reaches before digit k (root 1, children 2n and 2n + 1), so each node has its own number
//   flip(x, k)   = the most significant bit of mix(key ^ mix(node(x, k) * G))
//   scrambled x  = x with digit k inverted where flip(x, k) is 1, for all 32 digits
// The flip of a digit depends on nothing but the unscrambled digits before it: nested scrambling proper, not the
// Laine-Karras approximation of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace ocrs {

/// Changes with the specification above; part of the run id.
inline constexpr std::string_view owen_version = "owen/splitmix64-tree/32-bit/1";

/// The key of dimension `dimension` (from 0).
[[nodiscard]] std::uint64_t owen_key(std::uint64_t seed, std::uint32_t dimension);

/// The number whose 32 binary digits are those of x, scrambled under the key.
[[nodiscard]] std::uint32_t owen_scrambled(std::uint32_t x, std::uint64_t key);

}  // namespace ocrs
