// The Sobol sequence with Joe and Kuo's direction numbers (new-joe-kuo-6.21201, through Boost.Random), in 32-bit
// fixed-point digits, its first point 0 included. Point i is the XOR of the direction numbers at the set bits of the
// Gray code i ^ (i >> 1), so any point can be had alone. Pure; safe to share between threads once made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ocrs {

/// Changes with the direction numbers or the order of the points; part of the run id.
inline constexpr std::string_view sobol_version = "joe-kuo-6.21201/gray/32-bit/1";

class Sobol {
 public:
  static constexpr std::size_t dimensions_max = 3667;

  explicit Sobol(std::size_t dimensions);

  [[nodiscard]] std::size_t dimensions() const { return directions_.size(); }
  /// One number per dimension; x stands for x / 2^32 in [0, 1).
  [[nodiscard]] std::vector<std::uint32_t> point(std::uint32_t index) const;

 private:
  std::vector<std::array<std::uint32_t, 32>> directions_;
};

}  // namespace ocrs
