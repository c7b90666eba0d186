#include "coordinator/io/blob_server.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <list>
#include <utility>
#include <vector>

#include "common/core/codec.hpp"
#include "common/io/logging.hpp"

namespace ocrs {
namespace {

constexpr std::size_t open_files_max = 32;
constexpr std::uint64_t failures_logged = 50;
constexpr int round_frames_max = 256;  // answered before the thread looks at stop() again

/// What a file must keep for its hash to hold.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t changed_s = 0, changed_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

bool read_at(int fd, std::uint64_t offset, std::string& bytes) {
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

/// Either a file as it was when it was registered, or bytes.
struct BlobServer::Source {
  std::filesystem::path path;
  FileStamp stamp;
  std::string bytes;
  [[nodiscard]] std::uint64_t size() const { return path.empty() ? bytes.size() : stamp.size; }
};

/// The most recently read files stay open.
class BlobServer::FileCache {
 public:
  /// An open descriptor of the unchanged file, or why not.
  [[nodiscard]] Result<int> open(const ContentHash& hash, const Source& source) {
    auto at = std::find_if(files_.begin(), files_.end(), [&](const OpenFile& file) { return file.hash == hash; });
    if (at == files_.end()) {
      UniqueFd fd(::open(source.path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd) return Error{source.path.filename().string() + " cannot be opened: " + std::strerror(errno)};
      if (files_.size() >= open_files_max) files_.pop_back();
      files_.push_front({hash, std::move(fd)});
      at = files_.begin();
    }
    files_.splice(files_.begin(), files_, at);
    struct stat status {};
    if (::fstat(files_.front().fd.get(), &status) == 0 && stamp_of(status) == source.stamp)
      return files_.front().fd.get();
    files_.pop_front();
    return Error{source.path.filename().string() + " changed since the screening started"};
  }

 private:
  struct OpenFile {
    ContentHash hash;
    UniqueFd fd;
  };
  std::list<OpenFile> files_;  // the last used first
};

BlobServer::BlobServer(WireContext& context, const std::string& endpoint, SocketOptions options, Admits admits)
    : context_(context), admits_(std::move(admits)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) throw StartupError(std::string("cannot start the blob server: ") + std::strerror(errno));
  std::promise<std::string> bound;
  auto actual = bound.get_future();
  thread_ = std::thread([this, endpoint, options, &bound] { serve(endpoint, options, bound); });
  try {
    endpoint_ = actual.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

BlobServer::~BlobServer() { stop(); }

void BlobServer::stop() {
  stop_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

Result<void> BlobServer::add_file(const ContentHash& hash, const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error{path.string() + ": cannot be served: " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return Error{path.string() + ": cannot be served: not a file"};
  auto source = std::make_shared<const Source>(Source{path, stamp_of(status), ""});
  const std::lock_guard lock(mutex_);
  sources_[hash] = std::move(source);
  return {};
}

void BlobServer::add_bytes(const ContentHash& hash, std::string bytes) {
  auto source = std::make_shared<const Source>(Source{{}, {}, std::move(bytes)});
  const std::lock_guard lock(mutex_);
  sources_[hash] = std::move(source);
}

void BlobServer::remove(const ContentHash& hash) {
  const std::lock_guard lock(mutex_);
  sources_.erase(hash);
}

BlobCounters BlobServer::counters() const { return {chunks_, bytes_, missing_, refused_}; }

void BlobServer::serve(const std::string& endpoint, const SocketOptions& options, std::promise<std::string>& bound) {
  std::unique_ptr<RouterSocket> router;
  try {
    router = std::make_unique<RouterSocket>(context_, options);
    bound.set_value(router->bind(endpoint));
  } catch (...) {
    bound.set_exception(std::current_exception());
    return;
  }
  FileCache files;
  std::vector<WaitItem> wait{{router->handle()}, {nullptr, wake_.get()}};
  while (!stop_) {
    wait_ready(wait, std::chrono::seconds(10));
    for (int i = 0; i < round_frames_max; ++i) {
      const auto question = router->receive();
      if (!question) break;
      if (admits_ && !admits_(question->user)) {  // The control socket tells it.
        ++refused_;
        continue;
      }
      const std::string reply = answer(question->bytes, files);
      // A worker that is gone, or asks faster than it reads, asks again: nothing is kept for it here.
      if (!reply.empty()) (void)router->send(question->routing, reply);
    }
    for (const auto& event : router->events()) {
      if (event.kind == SocketEventKind::handshake_failed && ++failures_ <= failures_logged)
        log_warning("a peer of the blob socket {} cannot connect: {}", event.peer, event.text);
    }
  }
}

std::string BlobServer::answer(std::string_view frame, FileCache& files) {
  const auto question = decode_blob_question(frame);
  if (!question) {
    ++refused_;
    return {};
  }
  const auto& request = std::get<BlobRequest>(*question);
  std::shared_ptr<const Source> source;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = sources_.find(request.hash); found != sources_.end()) source = found->second;
  }
  if (!source) return missing(request.hash, "not part of this screening");
  const std::uint64_t total = source->size();
  if (request.offset > total) return missing(request.hash, "asked for a place after its end");

  BlobChunk chunk{request.hash, request.offset, total, ""};
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(request.length, total - request.offset));
  if (source->path.empty()) {
    chunk.bytes = source->bytes.substr(static_cast<std::size_t>(request.offset), length);
  } else {
    const auto fd = files.open(request.hash, *source);
    if (!fd) return missing(request.hash, fd.error().text);
    chunk.bytes.resize(length);
    if (!read_at(*fd, request.offset, chunk.bytes))
      return missing(request.hash, source->path.filename().string() + " cannot be read");
  }
  ++chunks_;
  bytes_ += length;
  return encode(BlobAnswer(std::move(chunk)));
}

std::string BlobServer::missing(const ContentHash& hash, const std::string& why) {
  ++missing_;
  return encode(BlobAnswer(BlobMissing{hash, why}));
}

}  // namespace ocrs
