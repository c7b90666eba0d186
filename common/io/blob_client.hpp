// BlobClient fetches files by content hash from a coordinator's blob server: pipelined chunks, resumed on a new socket
// after silence, and handed over only when the bytes have the hash that was asked for. Keeps nothing (page_store does).
// Blocks: belongs to a thread of its own, on which it is made and used.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/core/ids.hpp"
#include "common/io/socket.hpp"

namespace ocrs {

struct BlobClientOptions {
  std::string endpoint;
  SocketOptions socket;
  std::size_t window = 8;                    // chunks asked for ahead
  std::chrono::milliseconds silence{10000};  // without an answer: new socket, same place
  int silences_max = 6;                      // in a row; then `unreachable`
  std::uint64_t bytes_max = std::uint64_t{4} << 30;
};

enum class BlobStatus {
  fetched,
  missing,      // the server does not have it (any more): asking again is useless
  corrupt,      // what came does not have the hash, or contradicts itself
  too_large,    // more than bytes_max
  unreachable,  // nothing heard for silences_max x silence: try later
  stopped,      // stop was set
  local,        // the file could not be written here
};
struct BlobOutcome {
  BlobStatus status = BlobStatus::fetched;
  std::string bytes;  // of fetch()
  std::string text;   // why not; names endpoint and hash
  [[nodiscard]] bool ok() const { return status == BlobStatus::fetched; }
};

class BlobClient {
 public:
  /// `stop` (may be null) is polled about ten times a second and ends a fetch early.
  BlobClient(WireContext& context, BlobClientOptions options, const std::atomic<bool>* stop = nullptr);
  ~BlobClient();
  BlobClient(const BlobClient&) = delete;
  BlobClient& operator=(const BlobClient&) = delete;

  [[nodiscard]] BlobOutcome fetch(const ContentHash& hash);
  /// Streams to a temporary file beside `path`, which appears (mode 0600) only once the hash is right.
  [[nodiscard]] BlobOutcome fetch_to_file(const ContentHash& hash, const std::filesystem::path& path);

 private:
  using Sink = std::function<bool(std::string_view)>;
  struct Transfer;
  [[nodiscard]] BlobOutcome run(const ContentHash& hash, const Sink& sink);
  [[nodiscard]] std::optional<BlobOutcome> take(Transfer& transfer, const std::string& frame, const Sink& sink,
                                                bool& progress);
  WireContext& context_;
  BlobClientOptions options_;
  const std::atomic<bool>* stop_;
  std::unique_ptr<DealerSocket> socket_;
};

}  // namespace ocrs
