#include "coordinator/core/page_queue.hpp"

#include <algorithm>
#include <bit>

#include "common/core/check.hpp"

namespace ocrs {

namespace {
constexpr std::uint32_t word_bits = 64;
constexpr std::uint64_t bit(std::uint32_t position) { return std::uint64_t{1} << (position % word_bits); }
std::uint32_t ones(std::uint64_t word) { return static_cast<std::uint32_t>(std::popcount(word)); }
}  // namespace

void PositionSet::resize(std::uint32_t size) {
  OCRS_CHECK(size >= capacity_, "a position set never shrinks");
  capacity_ = size;
  words_.resize((size + word_bits - 1) / word_bits, 0);
  tree_.assign(words_.size() + 1, 0);
  for (std::size_t i = 1; i < tree_.size(); ++i) {
    tree_[i] += ones(words_[i - 1]);
    const std::size_t parent = i + (i & (~i + 1));
    if (parent < tree_.size()) tree_[parent] += tree_[i];
  }
}

void PositionSet::add(std::size_t word, std::int32_t amount) {
  members_ += static_cast<std::uint32_t>(amount);
  for (std::size_t i = word + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += static_cast<std::uint32_t>(amount);
}

bool PositionSet::insert(std::uint32_t position) {
  OCRS_CHECK(position < capacity_, "position outside the set");
  std::uint64_t& word = words_[position / word_bits];
  if (word & bit(position)) return false;
  word |= bit(position);
  add(position / word_bits, 1);
  return true;
}

bool PositionSet::erase(std::uint32_t position) {
  if (!contains(position)) return false;
  words_[position / word_bits] &= ~bit(position);
  add(position / word_bits, -1);
  return true;
}

bool PositionSet::contains(std::uint32_t position) const {
  return position < capacity_ && (words_[position / word_bits] & bit(position)) != 0;
}

std::uint32_t PositionSet::rank(std::uint32_t position) const {
  if (position >= capacity_) return members_;
  std::uint32_t below = ones(words_[position / word_bits] & (bit(position) - 1));
  for (std::size_t i = position / word_bits; i > 0; i -= i & (~i + 1)) below += tree_[i];
  return below;
}

std::uint32_t PositionSet::select(std::uint32_t rank) const {
  OCRS_CHECK(rank < members_, "select past the last member");
  std::size_t word = 0;
  for (std::size_t step = std::bit_floor(words_.size()); step > 0; step /= 2) {
    if (word + step < tree_.size() && tree_[word + step] <= rank) {
      word += step;
      rank -= tree_[word];
    }
  }
  std::uint64_t bits = words_[word];
  for (; rank > 0; --rank) bits &= bits - 1;
  return static_cast<std::uint32_t>(word) * word_bits + static_cast<std::uint32_t>(std::countr_zero(bits));
}

void PageQueue::extend(std::uint32_t positions) {
  if (positions <= waiting_.capacity()) return;
  waiting_.resize(positions);
  if (stretches_.empty()) {
    index(stretches_.emplace(0, Stretch{positions, std::nullopt, 0}).first);
  } else {
    stretches_.rbegin()->second.end = positions;
  }
}

PageQueue::Stretches::iterator PageQueue::stretch_of(std::uint32_t position) {
  return std::prev(stretches_.upper_bound(position));
}

void PageQueue::index(Stretches::iterator stretch) {
  (stretch->second.owner ? owned_ : free_).emplace(stretch->second.waiting, ~stretch->first);
}

void PageQueue::unindex(Stretches::iterator stretch) {
  (stretch->second.owner ? owned_ : free_).erase({stretch->second.waiting, ~stretch->first});
}

void PageQueue::change_waiting(Stretches::iterator stretch, std::int64_t amount) {
  unindex(stretch);
  stretch->second.waiting = static_cast<std::uint32_t>(stretch->second.waiting + amount);
  index(stretch);
}

void PageQueue::set_owner(Stretches::iterator stretch, std::optional<LaneKey> owner) {
  unindex(stretch);
  if (stretch->second.owner) begin_of_.erase(*stretch->second.owner);
  stretch->second.owner = owner;
  if (owner) begin_of_[*owner] = stretch->first;
  index(stretch);
}

void PageQueue::add(std::uint32_t position) {
  if (waiting_.insert(position)) change_waiting(stretch_of(position), 1);
}

void PageQueue::remove(std::uint32_t position) {
  if (waiting_.erase(position)) change_waiting(stretch_of(position), -1);
}

// An exhausted stretch joins a neighbour, so that there are never more stretches than lanes and lost lanes.
void PageQueue::dissolve(Stretches::iterator stretch) {
  if (stretches_.size() == 1) {
    set_owner(stretch, std::nullopt);
    return;
  }
  set_owner(stretch, std::nullopt);
  unindex(stretch);
  const auto [begin, gone] = *stretch;
  auto next = stretches_.erase(stretch);
  if (begin != 0) {
    std::prev(next)->second.end = gone.end;
    return;
  }
  const Stretch moved = next->second;
  unindex(next);
  stretches_.erase(next);
  const auto first = stretches_.emplace(0, moved).first;
  if (moved.owner) begin_of_[*moved.owner] = 0;
  index(first);
}

PageQueue::Stretches::iterator PageQueue::acquire(LaneKey lane) {
  if (!free_.empty() && free_.rbegin()->first > 0) {
    const auto stretch = stretches_.find(~free_.rbegin()->second);
    set_owner(stretch, lane);
    return stretch;
  }
  const auto fullest = stretches_.find(~owned_.rbegin()->second);
  const std::uint32_t half = fullest->second.waiting / 2;
  if (half == 0) {
    set_owner(fullest, lane);
    return fullest;
  }
  const std::uint32_t middle = waiting_.select(waiting_.rank(fullest->first) + fullest->second.waiting - half);
  const std::uint32_t end = fullest->second.end;
  change_waiting(fullest, -static_cast<std::int64_t>(half));
  fullest->second.end = middle;
  const auto stretch = stretches_.emplace(middle, Stretch{end, std::nullopt, half}).first;
  index(stretch);
  set_owner(stretch, lane);
  return stretch;
}

std::vector<std::uint32_t> PageQueue::take(LaneKey lane, std::uint32_t count) {
  std::vector<std::uint32_t> taken;
  if (waiting() == 0 || count == 0) return taken;
  auto own = begin_of_.find(lane);
  if (own != begin_of_.end() && stretches_.at(own->second).waiting == 0) {
    dissolve(stretches_.find(own->second));
    own = begin_of_.end();
  }
  const auto stretch = own != begin_of_.end() ? stretches_.find(own->second) : acquire(lane);
  count = std::min(count, stretch->second.waiting);
  const std::uint32_t first = waiting_.rank(stretch->first);
  taken.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t position = waiting_.select(first);
    waiting_.erase(position);
    taken.push_back(position);
  }
  change_waiting(stretch, -static_cast<std::int64_t>(count));
  return taken;
}

void PageQueue::release(LaneKey lane) {
  const auto own = begin_of_.find(lane);
  if (own == begin_of_.end()) return;
  const auto stretch = stretches_.find(own->second);
  if (stretch->second.waiting == 0) {
    dissolve(stretch);
  } else {
    set_owner(stretch, std::nullopt);
  }
}

std::optional<std::string> PageQueue::inconsistency() const {
  std::uint32_t expected_begin = 0, waiting = 0;
  std::size_t owners = 0;
  for (const auto& [begin, stretch] : stretches_) {
    if (begin != expected_begin || stretch.end <= begin) return "stretches leave a gap or overlap";
    expected_begin = stretch.end;
    waiting += stretch.waiting;
    if (waiting_.rank(stretch.end) - waiting_.rank(begin) != stretch.waiting) return "a stretch miscounts";
    if (!(stretch.owner ? owned_ : free_).contains({stretch.waiting, ~begin})) return "a stretch is not indexed";
    if (stretch.owner) {
      ++owners;
      const auto own = begin_of_.find(*stretch.owner);
      if (own == begin_of_.end() || own->second != begin) return "a lane does not know its stretch";
    }
  }
  if (expected_begin != waiting_.capacity()) return "stretches do not cover the page";
  if (waiting != waiting_.size()) return "waiting positions are miscounted";
  if (owners != begin_of_.size() || owned_.size() + free_.size() != stretches_.size()) return "stale stretch entries";
  return std::nullopt;
}

}  // namespace ocrs
