#include "coordinator/core/evaluation_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "common/core/check.hpp"

namespace ocrs {

EvaluationTable::EvaluationTable(std::uint32_t pages, std::vector<Point> points) : cells_(pages) {
  extend(std::move(points));
}

std::uint32_t EvaluationTable::extend(std::vector<Point> points) {
  const std::uint32_t first = positions();
  points_.reserve(points_.size() + points.size());
  for (Point& point : points) {
    const auto position = static_cast<std::uint32_t>(points_.size());
    if (!position_of_.emplace(point.index.value, position).second) continue;
    points_.push_back(std::move(point));
  }
  for (std::vector<Cell>& page : cells_) page.resize(points_.size());
  counts_[static_cast<std::size_t>(EvaluationState::pending)] += std::uint64_t{pages()} * (positions() - first);
  return first;
}

std::optional<Place> EvaluationTable::find(const EvaluationId& id) const {
  if (id.page.value >= cells_.size()) return std::nullopt;
  const auto position = position_of_.find(id.point.value);
  if (position == position_of_.end()) return std::nullopt;
  return Place{id.page.value, position->second};
}

EvaluationId EvaluationTable::id(const Place& place) const {
  return {PageIndex{place.page}, points_[place.position].index};
}

std::optional<EvaluationStatus> EvaluationTable::status(const Place& place) const {
  const std::uint8_t status = cell(place).status;
  if (status == no_status) return std::nullopt;
  return static_cast<EvaluationStatus>(status);
}

bool EvaluationTable::apply(const Place& place, EvaluationEvent event) {
  Cell& known = cell(place);
  const std::optional<EvaluationState> next = next_state(known.state, event);
  if (!next) return false;
  --counts_[static_cast<std::size_t>(known.state)];
  ++counts_[static_cast<std::size_t>(*next)];
  if (!is_final(*next)) {
    clear_status(place);
    if (is_final(known.state)) known.numbers = 0;
  }
  known.state = *next;
  return true;
}

void EvaluationTable::set_status(const Place& place, EvaluationStatus status, std::string reason) {
  OCRS_CHECK(is_final(state(place)), "an evaluation that is not final has no status");
  clear_status(place);
  cell(place).status = static_cast<std::uint8_t>(status);
  ++status_counts_[static_cast<std::size_t>(status)];
  if (status != EvaluationStatus::done) reasons_[place] = std::move(reason);
}

void EvaluationTable::clear_status(const Place& place) {
  Cell& known = cell(place);
  if (known.status == no_status) return;
  --status_counts_[known.status];
  known.status = no_status;
  reasons_.erase(place);
}

void EvaluationTable::restore(const Place& place, const StoredEvaluation& stored) {
  OCRS_CHECK(state(place) == EvaluationState::pending, "only a pending evaluation can be restored");
  const std::optional<Failure>& failure = stored.result.failure;
  EvaluationEvent event = EvaluationEvent::finished;
  if (stored.status == EvaluationStatus::dropped) event = EvaluationEvent::drop;
  // What blame ended can be reopened; what the setting ended for certain cannot.
  const bool certain = failure && is_deterministic(failure->kind);
  if (stored.status == EvaluationStatus::missing || (stored.status == EvaluationStatus::failed && !certain)) {
    event = EvaluationEvent::blamed;
  }
  apply(place, event);
  set_status(place, stored.status, failure ? failure->text : std::string{});
  saw_attempt(place, stored.result.attempt);
  if (stored.status == EvaluationStatus::done) set_numbers(place, numbers_of(stored.result));
}

std::string EvaluationTable::reason(const Place& place) const {
  const auto known = reasons_.find(place);
  return known == reasons_.end() ? std::string{} : known->second;
}

void EvaluationTable::saw_attempt(const Place& place, Attempt attempt) {
  cell(place).attempts = std::max(cell(place).attempts, attempt.value);
}

namespace {
template <class Map>
const typename Map::mapped_type& or_empty(const Map& map, const Place& place) {
  static const typename Map::mapped_type empty;
  const auto known = map.find(place);
  return known == map.end() ? empty : known->second;
}
}  // namespace

const std::vector<Lease>& EvaluationTable::leases(const Place& place) const { return or_empty(leases_, place); }

void EvaluationTable::add_lease(const Place& place, const Lease& lease) { leases_[place].push_back(lease); }

std::optional<Lease> EvaluationTable::end_lease(const Place& place, std::uint32_t worker, Attempt attempt) {
  const auto known = leases_.find(place);
  if (known == leases_.end()) return std::nullopt;
  const auto lease = std::find_if(known->second.begin(), known->second.end(), [&](const Lease& candidate) {
    return candidate.worker == worker && candidate.attempt == attempt;
  });
  if (lease == known->second.end()) return std::nullopt;
  const Lease ended = *lease;
  known->second.erase(lease);
  if (known->second.empty()) leases_.erase(known);
  return ended;
}

const std::vector<Death>& EvaluationTable::deaths(const Place& place) const { return or_empty(deaths_, place); }

void EvaluationTable::add_death(const Place& place, Death death) { deaths_[place].push_back(std::move(death)); }

void EvaluationTable::forget_deaths(const Place& place) { deaths_.erase(place); }

std::uint64_t EvaluationTable::open() const {
  return count(EvaluationState::pending) + count(EvaluationState::leased) + count(EvaluationState::retry);
}

namespace {
class Fingerprint {
 public:
  void add(std::uint64_t value) {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 29;
  }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(const std::optional<double>& value) {
    add(std::uint64_t{value.has_value()});
    if (value) add(*value);
  }
  [[nodiscard]] std::uint64_t value() const { return state_ == 0 ? 1 : state_; }

 private:
  std::uint64_t state_ = 0x0C85'C4EE'0C85'C4EEULL;
};
}  // namespace

std::uint64_t numbers_of(const EvaluationResult& result) {
  const Scores& scores = result.scores;
  Fingerprint print;
  print.add(scores.confidence);
  print.add(std::uint64_t{scores.words});
  print.add(std::uint64_t{scores.characters});
  print.add(scores.lexicon);
  print.add(scores.sharpness);
  print.add(scores.contrast);
  for (const auto& score : {scores.cnr, scores.cer, scores.wer, scores.word_recall}) print.add(score);
  for (const std::uint8_t byte : result.reading.bytes) print.add(std::uint64_t{byte});
  return print.value();
}

}  // namespace ocrs
