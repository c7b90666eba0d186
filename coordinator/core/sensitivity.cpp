#include "coordinator/core/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ocrs {
namespace {

constexpr std::size_t few_values = 8;        // with so many distinct values, each is a group of its own
constexpr std::size_t series_terms = 8;      // cosines; the eighth swings four times over the range
constexpr std::size_t series_terms_few = 4;  // below few_points
constexpr std::size_t few_points = 256;
constexpr double nothing = 1e-12;  // relative variance below which a column does not vary

std::vector<std::size_t> order_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

double total_of(const Multiplicities& drawn) {
  return static_cast<double>(std::accumulate(drawn.begin(), drawn.end(), std::uint64_t{0}));
}

/// As adjusted R²: what `parameters` free terms explain of pure noise is taken off.
std::optional<double> adjusted(double explained, double total, double points, double parameters) {
  if (points - 1 <= parameters || total <= 0) return std::nullopt;
  return 1 - (1 - explained / total) * (points - 1) / (points - 1 - parameters);
}

/// Positions in `pieces` of every distinct value, in their order; count 0 when there are more than `most`.
Pieces piece_per_value(const std::vector<double>& values, std::size_t most) {
  Pieces pieces;
  pieces.of_point.resize(values.size());
  const std::vector<std::size_t> order = order_of(values);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || values[order[i]] != values[order[i - 1]]) ++pieces.count;
    if (pieces.count > most) return {};
    pieces.of_point[order[i]] = pieces.count - 1;
  }
  return pieces;
}

std::size_t most_groups(const std::vector<double>& x, bool unordered) { return unordered ? x.size() : few_values; }

}  // namespace

std::vector<double> mean_ranks(const std::vector<double>& values) {
  const std::vector<std::size_t> order = order_of(values);
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = (static_cast<double>(first + 1) + static_cast<double>(end)) / 2;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = shared;
    first = end;
  }
  return ranks;
}

Pieces pieces_of(const std::vector<double>& values, std::size_t pieces_max) {
  Pieces pieces = piece_per_value(values, pieces_max);
  if (pieces.count > 0 || values.empty()) return pieces;
  pieces.count = pieces_max;
  pieces.of_point.resize(values.size());
  const std::vector<std::size_t> order = order_of(values);
  for (std::size_t i = 0; i < order.size(); ++i) pieces.of_point[order[i]] = i * pieces_max / order.size();
  return pieces;
}

std::vector<std::optional<double>> piece_means(const Pieces& pieces, const std::vector<double>& y,
                                               const Multiplicities& drawn) {
  std::vector<double> sums(pieces.count, 0), counts(pieces.count, 0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    sums[pieces.of_point[i]] += drawn[i] * y[i];
    counts[pieces.of_point[i]] += drawn[i];
  }
  std::vector<std::optional<double>> means(pieces.count);
  for (std::size_t p = 0; p < pieces.count; ++p) {
    if (counts[p] > 0) means[p] = sums[p] / counts[p];
  }
  return means;
}

FirstOrder::FirstOrder(const std::vector<double>& x, bool unordered)
    : groups_(piece_per_value(x, most_groups(x, unordered))) {
  if (groups_.count > 0) return;
  terms_ = x.size() < few_points ? series_terms_few : series_terms;
  // Ties are broken by position: within a tie the design is spread evenly, so this is a tie's own fair share.
  const std::vector<std::size_t> order = order_of(x);
  basis_.resize(x.size() * terms_);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(order.size());
    for (std::size_t k = 0; k < terms_; ++k) {
      basis_[order[i] * terms_ + k] = std::numbers::sqrt2 * std::cos(std::numbers::pi * static_cast<double>(k + 1) * u);
    }
  }
}

std::optional<double> FirstOrder::index(const std::vector<double>& y, const Multiplicities& drawn) const {
  const double points = total_of(drawn);
  if (points < 2) return std::nullopt;
  double mean = 0;
  for (std::size_t i = 0; i < y.size(); ++i) mean += drawn[i] * y[i];
  mean /= points;
  std::vector<double> centred(y.size());
  double variance = 0, size = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    centred[i] = y[i] - mean;
    variance += drawn[i] * centred[i] * centred[i];
    size += drawn[i] * y[i] * y[i];
  }
  variance /= points;
  if (variance <= nothing * nothing * size / points) return std::nullopt;
  if (terms_ > 0) {
    return adjusted(explained_by_series(centred, drawn) / (points * points), variance, points,
                    static_cast<double>(terms_));
  }
  if (groups_.count < 2) return std::nullopt;
  return adjusted(explained_by_groups(centred, drawn) / points, variance, points,
                  static_cast<double>(groups_.count - 1));
}

double FirstOrder::explained_by_groups(const std::vector<double>& centred, const Multiplicities& drawn) const {
  std::vector<double> sums(groups_.count, 0), counts(groups_.count, 0);
  for (std::size_t i = 0; i < centred.size(); ++i) {
    sums[groups_.of_point[i]] += drawn[i] * centred[i];
    counts[groups_.of_point[i]] += drawn[i];
  }
  double explained = 0;
  for (std::size_t g = 0; g < groups_.count; ++g) {
    if (counts[g] > 0) explained += sums[g] * sums[g] / counts[g];
  }
  return explained;
}

double FirstOrder::explained_by_series(const std::vector<double>& centred, const Multiplicities& drawn) const {
  std::vector<double> coefficients(terms_, 0);
  for (std::size_t i = 0; i < centred.size(); ++i) {
    const double value = drawn[i] * centred[i];
    for (std::size_t k = 0; k < terms_; ++k) coefficients[k] += value * basis_[i * terms_ + k];
  }
  double explained = 0;
  for (const double coefficient : coefficients) explained += coefficient * coefficient;
  return explained;
}

Pawn::Pawn(const std::vector<double>& x, bool unordered, const std::vector<double>& y)
    : pieces_(piece_per_value(x, most_groups(x, unordered))), by_y_(order_of(y)) {
  if (pieces_.count == 0) pieces_ = pieces_of(x, x.size() < few_points ? 6 : 10);
  for (std::size_t i = 1; i <= by_y_.size(); ++i) {
    if (i == by_y_.size() || y[by_y_[i]] != y[by_y_[i - 1]]) tie_ends_.push_back(i);
  }
}

std::optional<double> Pawn::index(const Multiplicities& drawn) const { return index(drawn, pieces_.of_point); }

std::optional<double> Pawn::index_of_dummy(const std::vector<std::size_t>& permutation) const {
  std::vector<std::size_t> exchanged(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) exchanged[i] = pieces_.of_point[permutation[i]];
  return index(Multiplicities(permutation.size(), 1), exchanged);
}

std::optional<double> Pawn::index(const Multiplicities& drawn, const std::vector<std::size_t>& piece) const {
  if (pieces_.count < 2 || tie_ends_.size() < 2) return std::nullopt;
  std::vector<double> in_piece(pieces_.count, 0), below(pieces_.count, 0), distance(pieces_.count, 0);
  for (std::size_t i = 0; i < piece.size(); ++i) in_piece[piece[i]] += drawn[i];
  const double total = total_of(drawn);
  double below_all = 0;
  // Between two of its own points a piece's distribution stands still while that of all rises: the distance is largest
  // just before or just after a point of the piece.
  for (std::size_t run = 0, first = 0; run < tie_ends_.size(); first = tie_ends_[run++]) {
    const double before = below_all / total;
    for (std::size_t i = first; i < tie_ends_[run]; ++i) {
      const std::size_t p = piece[by_y_[i]];
      if (drawn[by_y_[i]] > 0 && in_piece[p] > 0) {
        distance[p] = std::max(distance[p], std::abs(below[p] / in_piece[p] - before));
      }
      below_all += drawn[by_y_[i]];
    }
    for (std::size_t i = first; i < tie_ends_[run]; ++i) below[piece[by_y_[i]]] += drawn[by_y_[i]];
    for (std::size_t i = first; i < tie_ends_[run]; ++i) {
      const std::size_t p = piece[by_y_[i]];
      if (in_piece[p] > 0) distance[p] = std::max(distance[p], std::abs(below[p] / in_piece[p] - below_all / total));
    }
  }
  std::vector<double> distances;
  for (std::size_t p = 0; p < pieces_.count; ++p) {
    if (in_piece[p] > 0) distances.push_back(distance[p]);
  }
  if (distances.empty()) return std::nullopt;
  return quantile(std::move(distances), 0.5);
}

namespace {

/// Lower Cholesky factor of a positive definite matrix in place; false when it is not.
bool factorise(std::vector<double>& matrix, std::size_t size) {
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = j; i < size; ++i) {
      double sum = matrix[i * size + j];
      for (std::size_t k = 0; k < j; ++k) sum -= matrix[i * size + k] * matrix[j * size + k];
      if (i == j) {
        if (sum <= 1e-9) return false;
        matrix[i * size + i] = std::sqrt(sum);
      } else {
        matrix[i * size + j] = sum / matrix[j * size + j];
      }
    }
  }
  return true;
}

void centre(std::vector<double>& column) {
  const double mean = std::accumulate(column.begin(), column.end(), 0.0) / static_cast<double>(column.size());
  for (double& value : column) value -= mean;
}

}  // namespace

PartialCorrelation::PartialCorrelation(std::vector<std::vector<double>> columns, std::vector<double> y)
    : columns_(std::move(columns)) {
  columns_.push_back(std::move(y));
  for (auto& column : columns_) centre(column);
}

std::optional<double> PartialCorrelation::index(const Multiplicities& drawn) const {
  // Order: the controls, then column 0, then y. With L the Cholesky factor, the last two rows hold what the controls
  // leave: partial correlation = L(y,x) / sqrt(L(y,x)² + L(y,y)²).
  const std::size_t size = columns_.size();
  const double total = total_of(drawn);
  std::vector<const std::vector<double>*> order;
  for (std::size_t c = 1; c + 1 < size; ++c) order.push_back(&columns_[c]);
  order.push_back(&columns_.front());
  order.push_back(&columns_.back());
  std::vector<double> means(size, 0), matrix(size * size, 0), row(size);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] == 0) continue;
    for (std::size_t c = 0; c < size; ++c) row[c] = (*order[c])[i];
    for (std::size_t c = 0; c < size; ++c) {
      const double value = drawn[i] * row[c];
      means[c] += value;
      for (std::size_t d = 0; d <= c; ++d) matrix[c * size + d] += value * row[d];
    }
  }
  std::vector<double> deviation(size);
  for (std::size_t c = 0; c < size; ++c) {
    deviation[c] = std::sqrt(std::max(0.0, matrix[c * size + c] / total - means[c] * means[c] / (total * total)));
    if (deviation[c] <= nothing) {
      if (c + 2 >= size) return std::nullopt;
      deviation[c] = 0;  // a control that does not vary in this resample controls nothing
    }
  }
  for (std::size_t c = 0; c < size; ++c) {
    for (std::size_t d = 0; d <= c; ++d) {
      const double scale = deviation[c] * deviation[d];
      double& cell = matrix[c * size + d];
      cell = scale > 0 ? (cell / total - means[c] * means[d] / (total * total)) / scale : 0;
      if (c == d) cell = 1 + 1e-6;  // controls that say the same as each other must not stop the estimate
    }
  }
  if (!factorise(matrix, size)) return std::nullopt;
  const double along = matrix[(size - 1) * size + size - 2], across = matrix[(size - 1) * size + size - 1];
  return along / std::sqrt(along * along + across * across);
}

std::vector<double> PartialCorrelation::residual_without_first() const {
  // Modified Gram-Schmidt over the controls; controls that add nothing are skipped.
  std::vector<std::vector<double>> directions;
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const auto take_off = [&](std::vector<double>& from) {
    for (const auto& direction : directions) {
      const double along = dot(from, direction);
      for (std::size_t i = 0; i < from.size(); ++i) from[i] -= along * direction[i];
    }
  };
  for (std::size_t c = 1; c + 1 < columns_.size(); ++c) {
    std::vector<double> direction = columns_[c];
    const double before = dot(direction, direction);
    take_off(direction);
    const double length = dot(direction, direction);
    if (before <= 0 || length <= 1e-9 * before) continue;
    for (double& value : direction) value /= std::sqrt(length);
    directions.push_back(std::move(direction));
  }
  std::vector<double> residual = columns_.back();
  take_off(residual);
  return residual;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / count;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace ocrs
