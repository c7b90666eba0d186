// BlobServer hands out the files of a screening (pages, ground truth, models) by content hash, in chunks, on a socket
// and a thread of its own. It serves only what was registered and never looks for files. Registering, counters and
// stop() may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"
#include "common/io/fd.hpp"
#include "common/io/socket.hpp"

namespace ocrs {

struct BlobCounters {
  std::uint64_t chunks = 0, bytes = 0;  // handed to the network
  std::uint64_t missing = 0;            // questions for what is not there
  std::uint64_t refused = 0;            // frames that were no question, or of a key that is not allowed (any more)
};

class BlobServer {
 public:
  /// Whether the key of a connection may still be served; called by the server's thread.
  using Admits = std::function<bool(const std::string& public_key)>;
  /// Binds at once; throws StartupError naming the endpoint. `options.queue_max` bounds the chunks queued per worker.
  /// Without `admits` everybody is served.
  BlobServer(WireContext& context, const std::string& endpoint, SocketOptions options = {}, Admits admits = {});
  ~BlobServer();
  BlobServer(const BlobServer&) = delete;
  BlobServer& operator=(const BlobServer&) = delete;

  /// The actual endpoint, a wildcard port resolved.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  /// Serves this file under `hash`, which the caller has computed. A file whose size or time of change differs later is
  /// not served any more.
  [[nodiscard]] Result<void> add_file(const ContentHash& hash, const std::filesystem::path& path);
  void add_bytes(const ContentHash& hash, std::string bytes);
  void remove(const ContentHash& hash);

  [[nodiscard]] BlobCounters counters() const;
  /// Ends the thread; done by the destructor too.
  void stop();

 private:
  struct Source;
  class FileCache;
  void serve(const std::string& endpoint, const SocketOptions& options, std::promise<std::string>& bound);
  [[nodiscard]] std::string answer(std::string_view frame, FileCache& files);
  [[nodiscard]] std::string missing(const ContentHash& hash, const std::string& why);

  WireContext& context_;
  Admits admits_;
  UniqueFd wake_;  // eventfd: the thread is to look at stop_
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::unordered_map<ContentHash, std::shared_ptr<const Source>> sources_;  // guarded by mutex_
  std::atomic<std::uint64_t> chunks_{0}, bytes_{0}, missing_{0}, refused_{0};
  std::uint64_t failures_ = 0;  // handshakes; of the thread
  std::string endpoint_;
  std::thread thread_;
};

}  // namespace ocrs
