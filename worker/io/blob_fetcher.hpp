// BlobFetcher gets blobs into the page store on a thread of its own: from disk if they are there, else from the
// coordinator's blob server. Answers come back through a queue and a descriptor for the poll loop. Retries are the
// agent's; it starts each fetch once. Made, asked and read on one thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "common/io/fd.hpp"
#include "common/io/socket.hpp"
#include "worker/core/agent_messages.hpp"
#include "worker/io/page_store.hpp"

namespace ocrs {

class BlobFetcher {
 public:
  using Answer = std::variant<BlobArrived, BlobFailed>;

  /// Throws StartupError when the kernel gives no descriptor.
  BlobFetcher(WireContext& context, SocketOptions socket, PageStore& store);
  /// Ends a fetch under way and the thread.
  ~BlobFetcher();
  BlobFetcher(const BlobFetcher&) = delete;
  BlobFetcher& operator=(const BlobFetcher&) = delete;

  /// Fetches started from now on go there.
  void use_endpoint(std::string endpoint);
  void fetch(FetchBlob blob);
  /// Forgets what was asked for and not started.
  void forget();
  [[nodiscard]] int descriptor() const { return ready_.get(); }  // readable while answers wait
  [[nodiscard]] std::vector<Answer> answers();

 private:
  void run();
  [[nodiscard]] Answer carry_out(const FetchBlob& blob, const std::string& endpoint);
  [[nodiscard]] Answer from_store(const FetchBlob& blob);

  WireContext& context_;
  SocketOptions socket_;
  PageStore& store_;
  UniqueFd ready_;
  std::atomic<bool> stop_{false};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<FetchBlob> wanted_;
  std::vector<Answer> answers_;
  std::string endpoint_;

  std::thread thread_;
};

}  // namespace ocrs
