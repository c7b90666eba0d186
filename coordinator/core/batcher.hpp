// Which page a free lane works on next, and which of its points (DESIGN §6, §7): a lane stays on its page until nothing
// of it waits, then takes the page that fewest lanes hold, the one with most waiting among those.
// Knows what waits, not who runs what; decides neither when a batch is sent nor how large it is. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "coordinator/core/evaluation_table.hpp"
#include "coordinator/core/page_queue.hpp"

namespace ocrs {

class Batcher {
 public:
  Batcher(std::uint32_t pages, std::uint32_t positions);

  void extend(std::uint32_t positions);
  void add(const Place& place);
  void remove(const Place& place);
  [[nodiscard]] bool contains(const Place& place) const { return pages_[place.page].queue.contains(place.position); }
  /// All that waits on pages that are not held back, and what of it may be handed out now.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  [[nodiscard]] std::uint64_t available() const { return waiting_ - suspended_waiting_; }
  /// What waits on pages that are held back.
  [[nodiscard]] std::uint64_t held_back() const { return held_back_; }
  [[nodiscard]] std::uint32_t waiting_on(std::uint32_t page) const { return pages_[page].queue.waiting(); }

  /// A suspended page keeps its lanes and gives nothing out.
  void suspend(std::uint32_t page, bool suspended);
  [[nodiscard]] bool is_suspended(std::uint32_t page) const { return pages_[page].suspended; }
  /// Nothing of a page that is held back counts as waiting yet.
  void hold_back(std::uint32_t page, bool held_back);
  [[nodiscard]] bool is_held_back(std::uint32_t page) const { return pages_[page].held_back; }

  /// The page this lane is to work on next; it holds that page from then on. nullopt = nothing is available.
  [[nodiscard]] std::optional<std::uint32_t> choose_page(LaneKey lane);
  /// Up to `count` positions of the page the lane holds, neighbours in the schedule order; no longer waiting.
  [[nodiscard]] std::vector<std::uint32_t> take(LaneKey lane, std::uint32_t count);
  /// The lane takes this page, whatever it held; for evaluations that are given to it without having waited.
  void hold(LaneKey lane, std::uint32_t page);
  /// The lane has worked on that page and gone on to another: its evaluator would start from the untouched page again.
  [[nodiscard]] bool has_left(LaneKey lane, std::uint32_t page) const { return left_.contains({lane, page}); }
  /// The lane is gone: its page and its stretch are free for others.
  void release(LaneKey lane);
  [[nodiscard]] std::optional<std::uint32_t> page_of(LaneKey lane) const;

  /// The first sentence of what is wrong inside, or nothing.
  [[nodiscard]] std::optional<std::string> inconsistency() const;

 private:
  struct Page {
    PageQueue queue;
    std::uint32_t holders = 0;
    bool suspended = false;
    bool held_back = false;
    [[nodiscard]] bool gives() const { return !suspended && !held_back && queue.waiting() > 0; }
  };
  // (lanes that hold it, waiting counted from the end, page) of the pages that have something to give.
  using Order = std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>;
  [[nodiscard]] static Order::value_type key(std::uint32_t index, const Page& page) {
    return {page.holders, ~page.queue.waiting(), index};
  }
  /// Runs `change` on the page with the order and the sums kept true.
  template <class Change>
  void change_page(std::uint32_t index, const Change& change);
  void leave_page(LaneKey lane);
  /// The sum that what waits on the page belongs to, besides suspended_waiting_.
  [[nodiscard]] std::uint64_t& sum_of(const Page& page) { return page.held_back ? held_back_ : waiting_; }

  std::vector<Page> pages_;
  Order order_;
  std::map<LaneKey, std::uint32_t> page_of_;
  std::set<std::pair<LaneKey, std::uint32_t>> left_;
  std::uint64_t waiting_ = 0, suspended_waiting_ = 0, held_back_ = 0;  // suspended_waiting_ is part of waiting_
};

}  // namespace ocrs
