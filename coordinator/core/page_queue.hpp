// The evaluations of one page that wait to be handed out, and which lane works through which stretch of them.
// Positions are places in the schedule order, where neighbours share prefixes: a lane owns one contiguous stretch and
// takes from its front; a lane that joins gets a stretch nobody owns, or the back half of the fullest one.
// Every operation costs O(log). Knows nothing of points, workers or time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ocrs {

/// A lane of a worker, by the coordinator's own worker number.
struct LaneKey {
  std::uint32_t worker = 0;
  std::uint32_t lane = 0;
  auto operator<=>(const LaneKey&) const = default;
};

/// A set of positions with rank and select.
class PositionSet {
 public:
  /// Positions 0 … size - 1 may be members; keeps the members it has.
  void resize(std::uint32_t size);
  bool insert(std::uint32_t position);  // false: was a member
  bool erase(std::uint32_t position);   // false: was not a member
  [[nodiscard]] bool contains(std::uint32_t position) const;
  [[nodiscard]] std::uint32_t size() const { return members_; }
  /// How many members are below `position`.
  [[nodiscard]] std::uint32_t rank(std::uint32_t position) const;
  /// The member with exactly `rank` members below it; rank < size().
  [[nodiscard]] std::uint32_t select(std::uint32_t rank) const;
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

 private:
  void add(std::size_t word, std::int32_t amount);
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> tree_;  // Fenwick tree over the words' member counts, 1-based
  std::uint32_t members_ = 0;
  std::uint32_t capacity_ = 0;
};

class PageQueue {
 public:
  explicit PageQueue(std::uint32_t positions = 0) { extend(positions); }

  void extend(std::uint32_t positions);
  void add(std::uint32_t position);
  void remove(std::uint32_t position);
  [[nodiscard]] bool contains(std::uint32_t position) const { return waiting_.contains(position); }
  [[nodiscard]] std::uint32_t waiting() const { return waiting_.size(); }

  /// Up to `count` positions for this lane, in order, removed from the queue; empty only when nothing waits.
  [[nodiscard]] std::vector<std::uint32_t> take(LaneKey lane, std::uint32_t count);
  /// The lane gives its stretch up.
  void release(LaneKey lane);

  /// The first sentence of what is wrong inside, or nothing.
  [[nodiscard]] std::optional<std::string> inconsistency() const;

 private:
  struct Stretch {
    std::uint32_t end = 0;
    std::optional<LaneKey> owner;
    std::uint32_t waiting = 0;
  };
  using Stretches = std::map<std::uint32_t, Stretch>;  // by begin; they cover 0 … capacity without gaps

  [[nodiscard]] Stretches::iterator stretch_of(std::uint32_t position);
  void index(Stretches::iterator stretch);
  void unindex(Stretches::iterator stretch);
  void change_waiting(Stretches::iterator stretch, std::int64_t amount);
  void set_owner(Stretches::iterator stretch, std::optional<LaneKey> owner);
  void dissolve(Stretches::iterator stretch);
  Stretches::iterator acquire(LaneKey lane);

  PositionSet waiting_;
  Stretches stretches_;
  // (waiting, begin counted from the end) so that the last entry is the fullest, the first in order among equals.
  std::set<std::pair<std::uint32_t, std::uint32_t>> owned_, free_;
  std::map<LaneKey, std::uint32_t> begin_of_;
};

}  // namespace ocrs
