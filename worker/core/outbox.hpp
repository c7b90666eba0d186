// Outbox keeps every result from the moment it exists until the coordinator acknowledged it. It sends and writes
// nothing. All results in it belong to one screening.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "worker/core/agent_messages.hpp"

namespace ocrs {

class Outbox {
 public:
  void put(ResultMessage result, AgentTime now);
  /// Forgets it; false when it is not here (acknowledged before, or never ours).
  bool acknowledge(const HeldEvaluation& evaluation);
  /// The results to send again: all of them (a new connection), or those not sent for `age`, at most `count`.
  [[nodiscard]] std::vector<ResultMessage> all(AgentTime now);
  [[nodiscard]] std::vector<ResultMessage> older_than(AgentTime age, std::size_t count, AgentTime now);
  /// Empties it and says what was in it.
  std::vector<HeldEvaluation> clear();

  [[nodiscard]] std::vector<HeldEvaluation> held() const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// Of the results in it; zero when empty.
  [[nodiscard]] ContentHash run() const;

 private:
  struct Entry {
    ResultMessage result;
    AgentTime sent_at{};
  };
  std::map<std::pair<EvaluationId, Attempt>, Entry> entries_;
};

}  // namespace ocrs
