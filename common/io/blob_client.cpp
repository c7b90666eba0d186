#include "common/io/blob_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "common/core/codec.hpp"
#include "common/io/fd.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"

namespace ocrs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds tick{100};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Mirrors the answer to one question exactly, so that what is missing can be told from what is short.
std::uint64_t chunk_length(std::uint64_t offset, std::uint64_t total) {
  return std::min<std::uint64_t>(blob_chunk_max, total - offset);
}

}  // namespace

/// One blob on its way: what was asked for, what has come, in order.
struct BlobClient::Transfer {
  const ContentHash& hash;
  std::uint64_t bytes_max;
  std::optional<std::uint64_t> total{};
  std::uint64_t received = 0;  // handed to the sink
  std::uint64_t asked = 0;     // on the present socket

  [[nodiscard]] bool complete() const { return total && received == *total; }
  /// Until the first answer tells the size, one question is enough.
  [[nodiscard]] bool wants_more(std::size_t window) const {
    if (!total) return asked == received;
    return asked < *total && asked - received < window * blob_chunk_max;
  }
  [[nodiscard]] std::string next_question() const {
    return encode(BlobQuestion(BlobRequest{hash, asked, blob_chunk_max}));
  }
};

BlobClient::BlobClient(WireContext& context, BlobClientOptions options, const std::atomic<bool>* stop)
    : context_(context), options_(std::move(options)), stop_(stop) {
  options_.window = std::max<std::size_t>(options_.window, 1);
}
BlobClient::~BlobClient() = default;

BlobOutcome BlobClient::fetch(const ContentHash& hash) {
  std::string bytes;
  BlobOutcome outcome = run(hash, [&](std::string_view chunk) {
    bytes += chunk;
    return true;
  });
  if (!outcome.ok()) return outcome;
  if (hash_bytes(bytes) != hash) {
    socket_.reset();
    return {BlobStatus::corrupt, "", options_.endpoint + ": what came for " + to_hex(hash) + " has another hash"};
  }
  outcome.bytes = std::move(bytes);
  return outcome;
}

BlobOutcome BlobClient::fetch_to_file(const ContentHash& hash, const std::filesystem::path& path) {
  const auto temporary = path.parent_path() / ("." + path.filename().string() + ".part-" + std::to_string(::getpid()));
  const auto failed = [&](const char* what) {
    const std::string why = path.string() + ": " + what + ": " + std::strerror(errno);
    ::unlink(temporary.c_str());
    return BlobOutcome{BlobStatus::local, "", why};
  };
  UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed("cannot be written");
  BlobOutcome outcome = run(hash, [&](std::string_view chunk) { return write_all(file.get(), chunk); });
  if (outcome.status == BlobStatus::local) return failed("cannot be written");
  if (!outcome.ok()) {
    ::unlink(temporary.c_str());
    return outcome;
  }
  if (::fsync(file.get()) != 0) return failed("cannot be put on disk");
  file.reset();
  const auto written = hash_file(temporary);
  if (!written || *written != hash) {
    ::unlink(temporary.c_str());
    socket_.reset();
    return {BlobStatus::corrupt, "", options_.endpoint + ": what came for " + to_hex(hash) + " has another hash"};
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot be put in place");
  if (!sync_dir(path.has_parent_path() ? path.parent_path() : ".")) return failed("cannot be put on disk");
  return outcome;
}

/// What an answer means for the transfer; nullopt = go on.
std::optional<BlobOutcome> BlobClient::take(Transfer& transfer, const std::string& frame, const Sink& sink,
                                            bool& progress) {
  const auto fail = [&](BlobStatus status, const std::string& why) {
    return BlobOutcome{status, "", options_.endpoint + ": " + to_hex(transfer.hash) + ": " + why};
  };
  const auto answer = decode_blob_answer(frame);
  if (!answer) return fail(BlobStatus::corrupt, answer.error().text);
  if (const auto* missing = std::get_if<BlobMissing>(&*answer)) {
    if (missing->hash != transfer.hash) return std::nullopt;
    return fail(BlobStatus::missing, missing->text);
  }
  const auto& chunk = std::get<BlobChunk>(*answer);
  // Answers to questions of an earlier fetch may still come.
  if (chunk.hash != transfer.hash || chunk.offset != transfer.received) return std::nullopt;
  if (transfer.total && *transfer.total != chunk.total) return fail(BlobStatus::corrupt, "its size changed");
  if (chunk.total > transfer.bytes_max) {
    return fail(BlobStatus::too_large,
                std::to_string(chunk.total) + " bytes are above the limit of " + std::to_string(transfer.bytes_max));
  }
  if (chunk.bytes.size() != chunk_length(chunk.offset, chunk.total))
    return fail(BlobStatus::corrupt, "a chunk has the wrong length");
  if (!sink(chunk.bytes)) return BlobOutcome{BlobStatus::local, "", ""};
  transfer.total = chunk.total;
  transfer.received += chunk.bytes.size();
  transfer.asked = std::max(transfer.asked, transfer.received);
  progress = true;
  if (transfer.complete()) return BlobOutcome{};
  return std::nullopt;
}

BlobOutcome BlobClient::run(const ContentHash& hash, const Sink& sink) {
  Transfer transfer{hash, options_.bytes_max};
  bool asked_first = false;  // the question whose answer tells the size
  std::string last_event;
  int silences = 0;
  auto heard = Clock::now();
  while (true) {
    if (stop_ != nullptr && stop_->load()) return {BlobStatus::stopped, "", options_.endpoint + ": stopped"};
    if (!socket_) {
      socket_ = std::make_unique<DealerSocket>(context_, options_.socket);
      if (const auto connected = socket_->connect(options_.endpoint); !connected)
        return {BlobStatus::unreachable, "", connected.error().text};
      transfer.asked = transfer.received;
      asked_first = false;
    }
    while (transfer.wants_more(options_.window) && !(asked_first && !transfer.total)) {
      if (socket_->send(transfer.next_question()) != Delivery::sent) break;
      asked_first = true;
      transfer.asked += transfer.total ? chunk_length(transfer.asked, *transfer.total) : 0;
    }
    std::vector<WaitItem> wait{{socket_->handle()}, {socket_->events_handle()}};
    wait_ready(wait, tick);
    bool progress = false;
    while (const auto frame = socket_->receive()) {
      if (auto outcome = take(transfer, *frame, sink, progress)) {
        if (outcome->status == BlobStatus::corrupt) socket_.reset();
        return std::move(*outcome);
      }
    }
    for (const auto& event : socket_->events()) {
      if (event.kind == SocketEventKind::handshake_failed) last_event = ", handshake failed: " + event.text;
    }
    if (progress) {
      silences = 0;
      heard = Clock::now();
    } else if (Clock::now() - heard > options_.silence) {
      heard = Clock::now();
      socket_.reset();  // What was asked on it is forgotten: its answers can never come.
      if (++silences < options_.silences_max) continue;
      return {BlobStatus::unreachable, "", options_.endpoint + ": no answer for " + to_hex(hash) + last_event};
    }
  }
}

}  // namespace ocrs
