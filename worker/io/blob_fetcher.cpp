#include "worker/io/blob_fetcher.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "common/io/blob_client.hpp"

namespace ocrs {
namespace {

/// Ground truth, the only blob whose bytes the agent itself wants.
constexpr std::size_t text_bytes_max = 16 << 20;

}  // namespace

BlobFetcher::BlobFetcher(WireContext& context, SocketOptions socket, PageStore& store)
    : context_(context), socket_(std::move(socket)), store_(store), ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!ready_) throw StartupError(std::string("no event descriptor: ") + std::strerror(errno));
  thread_ = std::thread([this] { run(); });
}

BlobFetcher::~BlobFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void BlobFetcher::use_endpoint(std::string endpoint) {
  const std::lock_guard lock(mutex_);
  endpoint_ = std::move(endpoint);
}

void BlobFetcher::fetch(FetchBlob blob) {
  {
    const std::lock_guard lock(mutex_);
    wanted_.push_back(std::move(blob));
  }
  wake_.notify_all();
}

void BlobFetcher::forget() {
  const std::lock_guard lock(mutex_);
  wanted_.clear();
}

std::vector<BlobFetcher::Answer> BlobFetcher::answers() {
  std::uint64_t count = 0;
  while (::read(ready_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void BlobFetcher::run() {
  for (;;) {
    FetchBlob blob;
    std::string endpoint;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !wanted_.empty(); });
      if (stop_) return;
      blob = std::move(wanted_.front());
      wanted_.pop_front();
      endpoint = endpoint_;
    }
    Answer answer = carry_out(blob, endpoint);
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
    }
    constexpr std::uint64_t one = 1;
    while (::write(ready_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  }
}

BlobFetcher::Answer BlobFetcher::from_store(const FetchBlob& blob) {
  if (!blob.with_bytes) return BlobArrived{blob.hash, {}};
  Result<std::string> bytes = store_.read(blob.hash, text_bytes_max);
  if (!bytes) return BlobFailed{blob.hash, bytes.error().text, false};
  return BlobArrived{blob.hash, std::move(bytes).value()};
}

BlobFetcher::Answer BlobFetcher::carry_out(const FetchBlob& blob, const std::string& endpoint) {
  if (store_.has(blob.hash)) return from_store(blob);
  if (endpoint.empty()) return BlobFailed{blob.hash, "the coordinator has not said where blobs are", false};
  BlobClientOptions options;
  options.endpoint = endpoint;
  options.socket = socket_;
  options.bytes_max = blob_bytes_max;
  // Short, since the agent tries again by itself and other blobs wait in line.
  options.silences_max = 3;
  BlobClient client(context_, options, &stop_);
  BlobStatus status = BlobStatus::fetched;
  const Result<void> added = store_.add(blob.hash, [&](const std::filesystem::path& path) -> Result<void> {
    const BlobOutcome outcome = client.fetch_to_file(blob.hash, path);
    status = outcome.status;
    if (outcome.ok()) return {};
    return Error{outcome.text};
  });
  if (added.ok()) return from_store(blob);
  return BlobFailed{blob.hash, added.error().text, status == BlobStatus::missing};
}

}  // namespace ocrs
