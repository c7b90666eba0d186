#include "worker/core/blob_ledger.hpp"

#include <algorithm>

namespace ocrs {

bool BlobLedger::want(const ContentHash& hash, bool with_bytes) {
  const auto [entry, is_new] = entries_.try_emplace(hash);
  if (with_bytes && !entry->second.with_bytes) {
    entry->second.with_bytes = true;
    if (!is_new) {  // Known, but without its bytes: equal content under two uses.
      entry->second.state = State::fetching;
      return true;
    }
  }
  return is_new;
}

void BlobLedger::arrived(const BlobArrived& event) {
  const auto entry = entries_.find(event.hash);
  if (entry == entries_.end()) return;  // Asked for by a screening that is over.
  if (entry->second.with_bytes) entry->second.bytes = event.bytes;
  entry->second.state = State::here;
  entry->second.failures = 0;
  entry->second.missing = 0;
}

std::uint32_t BlobLedger::failed(const BlobFailed& event, AgentTime now) {
  const auto found = entries_.find(event.hash);
  if (found == entries_.end()) return 0;
  Entry& entry = found->second;
  const int seconds = std::min(60, 1 << std::min<std::uint32_t>(entry.failures, 6));
  ++entry.failures;
  entry.missing = event.missing ? entry.missing + 1 : 0;
  entry.state = State::waiting;
  entry.retry_at = now + std::chrono::seconds(seconds);
  return entry.missing;
}

void BlobLedger::lost(const ContentHash& hash) { forget(hash); }

void BlobLedger::forget(const ContentHash& hash) { entries_.erase(hash); }

bool BlobLedger::has(const ContentHash& hash) const {
  const auto entry = entries_.find(hash);
  return entry != entries_.end() && entry->second.state == State::here;
}

const std::string& BlobLedger::bytes(const ContentHash& hash) const {
  static const std::string none;
  const auto entry = entries_.find(hash);
  return entry == entries_.end() ? none : entry->second.bytes;
}

std::vector<FetchBlob> BlobLedger::retries(AgentTime now) {
  std::vector<FetchBlob> due;
  for (auto& [hash, entry] : entries_) {
    if (entry.state != State::waiting || now < entry.retry_at) continue;
    entry.state = State::fetching;
    due.push_back({hash, entry.with_bytes});
  }
  std::sort(due.begin(), due.end(), [](const FetchBlob& a, const FetchBlob& b) { return a.hash < b.hash; });
  return due;
}

}  // namespace ocrs
