#include "worker/core/outbox.hpp"

namespace ocrs {

void Outbox::put(ResultMessage result, AgentTime now) {
  const std::pair key{result.result.id, result.result.attempt};
  entries_.insert_or_assign(key, Entry{std::move(result), now});
}

bool Outbox::acknowledge(const HeldEvaluation& evaluation) {
  return entries_.erase({evaluation.id, evaluation.attempt}) > 0;
}

std::vector<ResultMessage> Outbox::all(AgentTime now) { return older_than(AgentTime::min(), entries_.size(), now); }

std::vector<ResultMessage> Outbox::older_than(AgentTime age, std::size_t count, AgentTime now) {
  std::vector<ResultMessage> due;
  for (auto& [key, entry] : entries_) {
    if (due.size() == count) break;
    if (age != AgentTime::min() && now - entry.sent_at < age) continue;
    entry.sent_at = now;
    due.push_back(entry.result);
  }
  return due;
}

std::vector<HeldEvaluation> Outbox::clear() {
  std::vector<HeldEvaluation> gone = held();
  entries_.clear();
  return gone;
}

std::vector<HeldEvaluation> Outbox::held() const {
  std::vector<HeldEvaluation> list;
  list.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) list.push_back({key.first, key.second});
  return list;
}

ContentHash Outbox::run() const { return entries_.empty() ? ContentHash{} : entries_.begin()->second.result.run; }

}  // namespace ocrs
