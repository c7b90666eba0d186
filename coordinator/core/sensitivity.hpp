// Sensitivity indices from whatever points there are: no special design, holes allowed (ANALYSIS.md has the formulas
// and their sources). Each estimator is prepared once for its points and then asked with multiplicities, so that
// bootstrap and dummy factors cost one pass each. Knows no factor names, pages or scores. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "coordinator/core/resampling.hpp"

namespace ocrs {

/// Ranks 1 … n, ties sharing their mean rank.
[[nodiscard]] std::vector<double> mean_ranks(const std::vector<double>& values);

/// Points in pieces of one factor: equal numbers of points per piece, or a piece per value when it has few.
struct Pieces {
  std::vector<std::size_t> of_point;
  std::size_t count = 0;
};
/// At most `pieces_max` pieces, in the order of the values; equal values are never parted when they get pieces of their
/// own (no more distinct values than `pieces_max`).
[[nodiscard]] Pieces pieces_of(const std::vector<double>& values, std::size_t pieces_max);

/// The weighted means of y in each piece (empty where nothing was drawn).
[[nodiscard]] std::vector<std::optional<double>> piece_means(const Pieces& pieces, const std::vector<double>& y,
                                                             const Multiplicities& drawn);

/// First-order index Var(E[y|x]) / Var(y), bias-adjusted (as adjusted R²), so a dummy factor is near 0 and may be a
/// little below. E[y|x] is a cosine series over the ranks of x, or the means of the values when they are few or
/// unordered.
class FirstOrder {
 public:
  /// `unordered`: the values are numbers of options.
  FirstOrder(const std::vector<double>& x, bool unordered);
  /// nullopt without variance, or with too few points.
  [[nodiscard]] std::optional<double> index(const std::vector<double>& y, const Multiplicities& drawn) const;

 private:
  [[nodiscard]] double explained_by_groups(const std::vector<double>& centred, const Multiplicities& drawn) const;
  [[nodiscard]] double explained_by_series(const std::vector<double>& centred, const Multiplicities& drawn) const;

  Pieces groups_;              // one per value; count 0 = series
  std::vector<double> basis_;  // [point][term]
  std::size_t terms_ = 0;
};

/// PAWN (Pianosi, Wagener 2015; given data 2018): the median over pieces of x of the Kolmogorov-Smirnov distance
/// between y there and y everywhere. Not zero for a dummy factor: compare with one.
class Pawn {
 public:
  Pawn(const std::vector<double>& x, bool unordered, const std::vector<double>& y);
  [[nodiscard]] std::optional<double> index(const Multiplicities& drawn) const;
  /// With the pieces' points exchanged: a dummy factor of the same make.
  [[nodiscard]] std::optional<double> index_of_dummy(const std::vector<std::size_t>& permutation) const;

 private:
  [[nodiscard]] std::optional<double> index(const Multiplicities& drawn, const std::vector<std::size_t>& piece) const;

  Pieces pieces_;
  std::vector<std::size_t> by_y_;      // points in the order of y
  std::vector<std::size_t> tie_ends_;  // positions in by_y_ after each run of equal y
};

/// Partial correlation of y with column 0 of `columns`, the other columns held: from the inverse of the weighted
/// correlation matrix. Give ranks for the partial rank correlation.
class PartialCorrelation {
 public:
  PartialCorrelation(std::vector<std::vector<double>> columns, std::vector<double> y);
  /// nullopt when a needed column does not vary.
  [[nodiscard]] std::optional<double> index(const Multiplicities& drawn) const;
  /// y less what columns 1 … explain, for dummies in place of column 0.
  [[nodiscard]] std::vector<double> residual_without_first() const;

 private:
  std::vector<std::vector<double>> columns_;  // y last; each centred over all points
};

/// Pearson's; 0 when one does not vary.
[[nodiscard]] double correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace ocrs
