#include "coordinator/core/sobol.hpp"

#include <boost/random/sobol.hpp>

#include "common/core/check.hpp"

namespace ocrs {

Sobol::Sobol(std::size_t dimensions) : directions_(dimensions) {
  OCRS_CHECK(dimensions <= dimensions_max, "no direction numbers for so many dimensions");
  if (dimensions == 0) return;
  boost::random::sobol_engine<std::uint32_t, 32> engine(dimensions);
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    // The Gray code of 2^(bit+1) - 1 has this one bit. Boost starts at the second point, hence one less again.
    const std::uint32_t index = bit == 31 ? 0xFFFFFFFFU : (std::uint32_t{1} << (bit + 1)) - 1;
    engine.seed(index - 1);
    for (auto& direction : directions_) direction[bit] = engine();
  }
}

std::vector<std::uint32_t> Sobol::point(std::uint32_t index) const {
  const std::uint32_t gray = index ^ (index >> 1);
  std::vector<std::uint32_t> digits(directions_.size(), 0);
  for (std::size_t d = 0; d < digits.size(); ++d) {
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
      if ((gray >> bit) & 1U) digits[d] ^= directions_[d][bit];
    }
  }
  return digits;
}

}  // namespace ocrs
