#include "coordinator/core/batcher.hpp"

#include "common/core/check.hpp"

namespace ocrs {

Batcher::Batcher(std::uint32_t pages, std::uint32_t positions) {
  pages_.resize(pages);
  for (Page& page : pages_) page.queue.extend(positions);
}

template <class Change>
void Batcher::change_page(std::uint32_t index, const Change& change) {
  Page& page = pages_[index];
  if (page.gives()) order_.erase(key(index, page));
  sum_of(page) -= page.queue.waiting();
  if (page.suspended && !page.held_back) suspended_waiting_ -= page.queue.waiting();
  change(page);
  sum_of(page) += page.queue.waiting();
  if (page.suspended && !page.held_back) suspended_waiting_ += page.queue.waiting();
  if (page.gives()) order_.insert(key(index, page));
}

void Batcher::extend(std::uint32_t positions) {
  for (Page& page : pages_) page.queue.extend(positions);
}

void Batcher::add(const Place& place) {
  change_page(place.page, [&](Page& page) { page.queue.add(place.position); });
}

void Batcher::remove(const Place& place) {
  change_page(place.page, [&](Page& page) { page.queue.remove(place.position); });
}

void Batcher::suspend(std::uint32_t page, bool suspended) {
  change_page(page, [&](Page& known) { known.suspended = suspended; });
}

void Batcher::hold_back(std::uint32_t page, bool held_back) {
  change_page(page, [&](Page& known) { known.held_back = held_back; });
}

std::optional<std::uint32_t> Batcher::page_of(LaneKey lane) const {
  const auto held = page_of_.find(lane);
  if (held == page_of_.end()) return std::nullopt;
  return held->second;
}

std::optional<std::uint32_t> Batcher::choose_page(LaneKey lane) {
  if (const auto held = page_of(lane)) {
    if (pages_[*held].gives()) return held;
  }
  if (order_.empty()) return std::nullopt;
  // Left first: a page counts one holder less for its own last holder.
  leave_page(lane);
  const std::uint32_t index = std::get<2>(*order_.begin());
  hold(lane, index);
  return index;
}

void Batcher::hold(LaneKey lane, std::uint32_t index) {
  if (page_of(lane) == index) return;
  leave_page(lane);
  change_page(index, [](Page& page) { ++page.holders; });
  page_of_[lane] = index;
  left_.erase({lane, index});
}

std::vector<std::uint32_t> Batcher::take(LaneKey lane, std::uint32_t count) {
  const auto held = page_of_.find(lane);
  OCRS_CHECK(held != page_of_.end(), "a lane takes from the page it holds");
  std::vector<std::uint32_t> taken;
  change_page(held->second, [&](Page& page) { taken = page.queue.take(lane, count); });
  return taken;
}

void Batcher::leave_page(LaneKey lane) {
  const auto held = page_of_.find(lane);
  if (held == page_of_.end()) return;
  change_page(held->second, [&](Page& page) {
    page.queue.release(lane);
    --page.holders;
  });
  left_.emplace(lane, held->second);
  page_of_.erase(held);
}

void Batcher::release(LaneKey lane) {
  leave_page(lane);
  left_.erase(left_.lower_bound({lane, 0}), left_.upper_bound({lane, ~0U}));
}

std::optional<std::string> Batcher::inconsistency() const {
  std::uint64_t waiting = 0, suspended = 0, held_back = 0;
  std::size_t ordered = 0;
  std::vector<std::uint32_t> holders(pages_.size(), 0);
  for (const auto& [lane, page] : page_of_) ++holders[page];
  for (std::uint32_t index = 0; index < pages_.size(); ++index) {
    const Page& page = pages_[index];
    if (auto wrong = page.queue.inconsistency()) return wrong;
    if (holders[index] != page.holders) return "holders of a page are miscounted";
    (page.held_back ? held_back : waiting) += page.queue.waiting();
    if (page.suspended && !page.held_back) suspended += page.queue.waiting();
    if (page.gives()) {
      ++ordered;
      if (!order_.contains(key(index, page))) return "a page with work is not in the order of pages";
    }
  }
  if (ordered != order_.size()) return "a page without work is in the order of pages";
  if (waiting != waiting_ || suspended != suspended_waiting_ || held_back != held_back_)
    return "waiting evaluations are miscounted";
  return std::nullopt;
}

}  // namespace ocrs
