// BlobLedger knows which blobs are on this machine, which are on their way and when a failed one is asked for again.
// It fetches nothing and holds no page bytes, only the texts of ground truths.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/core/agent_messages.hpp"

namespace ocrs {

class BlobLedger {
 public:
  /// The blob is needed. True when it has to be fetched now: it is neither here, on its way, nor waiting for a retry.
  [[nodiscard]] bool want(const ContentHash& hash, bool with_bytes);
  void arrived(const BlobArrived& event);
  /// How often the coordinator has now said in a row that it has no such bytes; 0 for other failures. The next try
  /// comes after 1 to 60 s.
  std::uint32_t failed(const BlobFailed& event, AgentTime now);
  /// It was here and is not any more.
  void lost(const ContentHash& hash);
  /// Nobody waits for it any more: no retry, and a later want() starts afresh.
  void forget(const ContentHash& hash);
  void clear() { entries_.clear(); }

  [[nodiscard]] bool has(const ContentHash& hash) const;
  /// The bytes of a blob that was wanted with them; empty until it is here.
  [[nodiscard]] const std::string& bytes(const ContentHash& hash) const;
  /// Those whose retry is due; they count as on their way from now on.
  [[nodiscard]] std::vector<FetchBlob> retries(AgentTime now);

 private:
  enum class State { fetching, here, waiting };
  struct Entry {
    State state = State::fetching;
    bool with_bytes = false;
    std::uint32_t failures = 0, missing = 0;
    AgentTime retry_at{};
    std::string bytes;
  };
  std::unordered_map<ContentHash, Entry> entries_;
};

}  // namespace ocrs
