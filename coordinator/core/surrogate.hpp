// The port to a regression model that stands in for the screening: fitted to the points that were read, asked for those
// that were not. The analysis uses it for interactions only, and believes it as far as its out-of-sample Q² goes.
// Equal rows and targets must give equal predictions to the last bit. Random trees implement it (io/random_trees).
#pragma once

#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

/// Rows of equal length, one number per column.
using SurrogateRows = std::vector<std::vector<float>>;

class Surrogate {
 public:
  virtual ~Surrogate() = default;
  /// Forgets what it knew. `categorical[c]` = column c holds the numbers of unordered options, from 0. One target per
  /// row, at least one row.
  [[nodiscard]] virtual Result<void> fit(const std::vector<bool>& categorical, const SurrogateRows& rows,
                                         const std::vector<double>& targets) = 0;
  /// One number per row; fit() has succeeded before.
  [[nodiscard]] virtual Result<std::vector<double>> predict(const SurrogateRows& rows) = 0;
};

}  // namespace ocrs
