// What is known of every evaluation of a screening: its state, how it ended, who holds it, how it died before.
// Owns the only place where a state changes (apply). Decides nothing: no choice of work, no blame, no messages.
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/scheduler_messages.hpp"
#include "coordinator/core/stored_evaluation.hpp"
#include "coordinator/core/transitions.hpp"

namespace ocrs {

/// An evaluation by its page and its point's position in the schedule order.
struct Place {
  std::uint32_t page = 0;
  std::uint32_t position = 0;
  auto operator<=>(const Place&) const = default;
};

struct PlaceHash {
  std::size_t operator()(const Place& place) const noexcept {
    const std::uint64_t both = (std::uint64_t{place.page} << 32) | place.position;
    return std::hash<std::uint64_t>{}(both * 0x9E3779B97F4A7C15ULL);
  }
};

/// One holder of an evaluation. An undisturbed evaluation has one, a copied one two.
struct Lease {
  BatchId batch;
  std::uint32_t worker = 0;
  Attempt attempt;
};

/// One death of an evaluation that did not end it.
struct Death {
  Attempt attempt;
  std::uint32_t host = 0;
  std::string worker;  // label
  bool alone = false;
  FailureKind kind = FailureKind::crashed;
  std::string node;
};

class EvaluationTable {
 public:
  /// Every evaluation pending. `points` in schedule order, no index twice.
  EvaluationTable(std::uint32_t pages, std::vector<Point> points);
  /// Adds points behind the others; their evaluations are pending on every page. Returns the first new position.
  std::uint32_t extend(std::vector<Point> points);

  [[nodiscard]] std::uint32_t pages() const { return static_cast<std::uint32_t>(cells_.size()); }
  [[nodiscard]] std::uint32_t positions() const { return static_cast<std::uint32_t>(points_.size()); }
  [[nodiscard]] std::uint64_t size() const { return std::uint64_t{pages()} * positions(); }
  [[nodiscard]] const Point& point(std::uint32_t position) const { return points_[position]; }
  [[nodiscard]] std::optional<Place> find(const EvaluationId& id) const;
  [[nodiscard]] EvaluationId id(const Place& place) const;
  [[nodiscard]] bool knows(PointIndex point) const { return position_of_.contains(point.value); }

  [[nodiscard]] EvaluationState state(const Place& place) const { return cell(place).state; }
  /// nullopt until final; cancelled evaluations have none either.
  [[nodiscard]] std::optional<EvaluationStatus> status(const Place& place) const;
  /// Moves the evaluation along the table of transitions; false = the event changes nothing in its state.
  bool apply(const Place& place, EvaluationEvent event);
  /// How a final evaluation ended, and for all but done the reason in one sentence. Cleared by reopening.
  void set_status(const Place& place, EvaluationStatus status, std::string reason = {});
  /// Puts a pending evaluation into the final state a journal remembers.
  void restore(const Place& place, const StoredEvaluation& stored);
  [[nodiscard]] std::string reason(const Place& place) const;
  [[nodiscard]] const std::map<Place, std::string>& reasons() const { return reasons_; }

  [[nodiscard]] Attempt attempt(const Place& place) const { return Attempt{cell(place).attempts}; }
  Attempt next_attempt(const Place& place) { return Attempt{++cell(place).attempts}; }
  void saw_attempt(const Place& place, Attempt attempt);

  /// Fingerprint of a done evaluation's numbers, 0 = unknown.
  [[nodiscard]] std::uint64_t numbers(const Place& place) const { return cell(place).numbers; }
  void set_numbers(const Place& place, std::uint64_t numbers) { cell(place).numbers = numbers; }

  [[nodiscard]] const std::vector<Lease>& leases(const Place& place) const;
  [[nodiscard]] const std::unordered_map<Place, std::vector<Lease>, PlaceHash>& all_leases() const { return leases_; }
  void add_lease(const Place& place, const Lease& lease);
  /// Ends the worker's lease of that attempt; nullopt = there is none.
  std::optional<Lease> end_lease(const Place& place, std::uint32_t worker, Attempt attempt);

  [[nodiscard]] const std::vector<Death>& deaths(const Place& place) const;
  void add_death(const Place& place, Death death);
  void forget_deaths(const Place& place);
  [[nodiscard]] const std::unordered_map<Place, std::vector<Death>, PlaceHash>& all_deaths() const { return deaths_; }

  [[nodiscard]] std::uint64_t count(EvaluationState state) const { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] std::uint64_t count(EvaluationStatus status) const {
    return status_counts_[static_cast<std::size_t>(status)];
  }
  /// Pending, leased and retry: what still has to be run.
  [[nodiscard]] std::uint64_t open() const;

 private:
  static constexpr std::uint8_t no_status = 0xFF;
  struct Cell {
    EvaluationState state = EvaluationState::pending;
    std::uint8_t status = no_status;
    std::uint32_t attempts = 0;
    std::uint64_t numbers = 0;
  };
  [[nodiscard]] const Cell& cell(const Place& place) const { return cells_[place.page][place.position]; }
  [[nodiscard]] Cell& cell(const Place& place) { return cells_[place.page][place.position]; }
  void clear_status(const Place& place);

  std::vector<Point> points_;
  std::unordered_map<std::int64_t, std::uint32_t> position_of_;
  std::vector<std::vector<Cell>> cells_;  // by page, then position
  std::unordered_map<Place, std::vector<Lease>, PlaceHash> leases_;
  std::unordered_map<Place, std::vector<Death>, PlaceHash> deaths_;
  std::map<Place, std::string> reasons_;
  std::array<std::uint64_t, evaluation_states> counts_{};
  std::array<std::uint64_t, 4> status_counts_{};
};

/// Equal for two done results whose scores and readings are bit for bit the same; never 0.
[[nodiscard]] std::uint64_t numbers_of(const EvaluationResult& result);

}  // namespace ocrs
