// The evaluations that died once and wait to be run alone, grouped by the host they died on, oldest first.
// Every operation costs O(log). Knows nothing of workers or time. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "coordinator/core/evaluation_table.hpp"

namespace ocrs {

class RetryQueue {
 public:
  using Group = std::set<std::pair<TimePoint, Place>>;

  void add(const Place& place, std::uint32_t host, TimePoint since) {
    remove(place);
    groups_[host].emplace(since, place);
    known_.emplace(place, std::pair{host, since});
  }
  void remove(const Place& place) {
    const auto known = known_.find(place);
    if (known == known_.end()) return;
    const auto group = groups_.find(known->second.first);
    group->second.erase({known->second.second, place});
    if (group->second.empty()) groups_.erase(group);
    known_.erase(known);
  }
  [[nodiscard]] bool contains(const Place& place) const { return known_.contains(place); }
  [[nodiscard]] std::size_t size() const { return known_.size(); }
  [[nodiscard]] bool empty() const { return known_.empty(); }
  /// By the host they died on; no group is empty.
  [[nodiscard]] const std::map<std::uint32_t, Group>& groups() const { return groups_; }

 private:
  std::map<std::uint32_t, Group> groups_;
  std::unordered_map<Place, std::pair<std::uint32_t, TimePoint>, PlaceHash> known_;
};

}  // namespace ocrs
