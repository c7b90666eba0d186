// Files by content hash over loopback: whole, damaged, resumed, refused.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "common/core/codec.hpp"
#include "common/io/blob_client.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "coordinator/io/blob_server.hpp"
#include "tests/support/scratch_dir.hpp"

namespace ocrs {
namespace {

using namespace std::chrono_literals;

std::string random_page(std::size_t size) {
  std::mt19937 random(11);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}
const std::string page = random_page(3'000'001);
const ContentHash page_hash = hash_bytes(page);

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

BlobClientOptions quick(const std::string& endpoint) {
  BlobClientOptions options;
  options.endpoint = endpoint;
  options.socket.linger = 0ms;
  options.socket.reconnect_min = 20ms;
  options.socket.reconnect_max = 100ms;
  options.silence = 400ms;
  options.silences_max = 2;
  return options;
}

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// A server that answers as the test says; for what the real one never does.
class ScriptedServer {
 public:
  /// The reply to a question, or empty for silence.
  using Reply = std::function<std::string(const BlobRequest&)>;
  ScriptedServer(WireContext& context, Reply reply) : reply_(std::move(reply)) {
    std::promise<std::string> bound;
    thread_ = std::thread([&] {
      RouterSocket router(context);
      bound.set_value(router.bind("tcp://127.0.0.1:0"));
      std::vector<WaitItem> wait{{router.handle()}};
      while (!stop_) {
        wait_ready(wait, 20ms);
        while (const auto question = router.receive()) {
          const auto request = decode_blob_question(question->bytes);
          const std::string answer = reply_(std::get<BlobRequest>(*request));
          if (!answer.empty()) (void)router.send(question->routing, answer);
        }
      }
    });
    endpoint_ = bound.get_future().get();
  }
  ~ScriptedServer() {
    stop_ = true;
    thread_.join();
  }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  Reply reply_;
  std::string endpoint_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

std::string chunk_of(const BlobRequest& request, const std::string& bytes) {
  const auto offset = static_cast<std::size_t>(request.offset);
  return encode(
      BlobAnswer(BlobChunk{request.hash, request.offset, bytes.size(), bytes.substr(offset, request.length)}));
}

TEST(Blobs, ArriveWholeInMemoryAndOnDisk) {
  const test::ScratchDir scratch;
  write(scratch / "page.png", page);
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  ASSERT_TRUE(server.add_file(page_hash, scratch / "page.png"));
  server.add_bytes(hash_bytes(""), "");
  server.add_bytes(hash_bytes("short"), "short");
  BlobClient client(context, quick(server.endpoint()));
  const auto fetched = client.fetch(page_hash);
  ASSERT_TRUE(fetched.ok()) << fetched.text;
  EXPECT_TRUE(fetched.bytes == page);
  EXPECT_EQ(client.fetch(hash_bytes("short")).bytes, "short");
  EXPECT_TRUE(client.fetch(hash_bytes("")).ok()) << "an empty file is a file";

  std::filesystem::create_directory(scratch / "cache");
  const auto stored = client.fetch_to_file(page_hash, scratch / "cache/copy");
  ASSERT_TRUE(stored.ok()) << stored.text;
  EXPECT_TRUE(*read_file(scratch / "cache/copy", 1 << 23) == page);
  struct stat status {};
  ASSERT_EQ(::stat((scratch / "cache/copy").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(files_in(scratch / "cache"), 1u);
  EXPECT_GE(server.counters().bytes, 2 * page.size());
}

TEST(Blobs, OfUnknownHashesAreMissing) {
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  server.add_bytes(page_hash, page);
  server.remove(page_hash);
  BlobClient client(context, quick(server.endpoint()));
  const auto outcome = client.fetch(page_hash);
  EXPECT_EQ(outcome.status, BlobStatus::missing);
  EXPECT_NE(outcome.text.find("not part of this screening"), std::string::npos) << outcome.text;
  EXPECT_EQ(server.counters().missing, 1u);
}

TEST(Blobs, WhoseFileChangedOrWentAreMissingWithTheReason) {
  const test::ScratchDir scratch;
  write(scratch / "page.png", page);
  write(scratch / "gone.png", "gone");
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  ASSERT_TRUE(server.add_file(page_hash, scratch / "page.png"));
  ASSERT_TRUE(server.add_file(hash_bytes("gone"), scratch / "gone.png"));
  EXPECT_FALSE(server.add_file(hash_bytes("never"), scratch / "never.png").ok());
  std::filesystem::remove(scratch / "gone.png");
  write(scratch / "page.png", page + "x");
  BlobClient client(context, quick(server.endpoint()));
  const auto changed = client.fetch(page_hash);
  EXPECT_EQ(changed.status, BlobStatus::missing);
  EXPECT_NE(changed.text.find("page.png changed since the screening started"), std::string::npos) << changed.text;
  EXPECT_EQ(client.fetch(hash_bytes("gone")).status, BlobStatus::missing);
}

TEST(Blobs, ThatDoNotHaveTheirHashAreNeverHandedOver) {
  const test::ScratchDir scratch;
  std::string damaged = page;
  damaged[2'000'000] ^= 1;
  write(scratch / "page.png", damaged);
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  ASSERT_TRUE(server.add_file(page_hash, scratch / "page.png"));
  BlobClient client(context, quick(server.endpoint()));
  const auto outcome = client.fetch(page_hash);
  EXPECT_EQ(outcome.status, BlobStatus::corrupt);
  EXPECT_TRUE(outcome.bytes.empty());
  std::filesystem::create_directory(scratch / "cache");
  EXPECT_EQ(client.fetch_to_file(page_hash, scratch / "cache/copy").status, BlobStatus::corrupt);
  EXPECT_EQ(files_in(scratch / "cache"), 0u);
}

TEST(Blobs, GoOnWhereTheyWereAfterSilence) {
  WireContext context;
  std::atomic<int> questions{0};
  std::atomic<std::uint64_t> resumed_at{0};
  ScriptedServer server(context, [&](const BlobRequest& request) -> std::string {
    const int number = ++questions;
    if (number > 4 && number <= 12) return "";  // Lost, with everything else under way.
    if (number > 12 && resumed_at == 0) resumed_at = request.offset;
    return chunk_of(request, page);
  });
  BlobClientOptions options = quick(server.endpoint());
  options.silence = 1000ms;
  BlobClient client(context, options);
  const auto outcome = client.fetch(page_hash);
  ASSERT_TRUE(outcome.ok()) << outcome.text;
  EXPECT_TRUE(outcome.bytes == page);
  EXPECT_EQ(resumed_at, 4u * blob_chunk_max) << "what had come is not asked for again";
}

TEST(Blobs, FromAServerThatNeverAnswersAreUnreachable) {
  WireContext context;
  ScriptedServer server(context, [](const BlobRequest&) { return std::string(); });
  BlobClientOptions options = quick(server.endpoint());
  options.silence = 100ms;
  BlobClient client(context, options);
  const auto outcome = client.fetch(page_hash);
  EXPECT_EQ(outcome.status, BlobStatus::unreachable);
  EXPECT_NE(outcome.text.find(server.endpoint()), std::string::npos) << outcome.text;
}

TEST(Blobs, AboveTheLimitAreRefusedFromTheFirstChunk) {
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  server.add_bytes(page_hash, page);
  BlobClientOptions options = quick(server.endpoint());
  options.bytes_max = 1'000'000;
  BlobClient client(context, options);
  EXPECT_EQ(client.fetch(page_hash).status, BlobStatus::too_large);
  EXPECT_LE(server.counters().chunks, 1u);
}

TEST(Blobs, WithShortForeignOrUnreadableChunksAreCorrupt) {
  WireContext context;
  int form = 0;
  ScriptedServer server(context, [&](const BlobRequest& request) -> std::string {
    switch (form) {
      case 0:
        return encode(BlobAnswer(BlobChunk{request.hash, request.offset, page.size(), "short"}));
      case 1:
        return encode(BlobAnswer(BlobChunk{request.hash, request.offset, page.size(), ""}));
      case 2:
        return "no frame";
      default: {  // The size grows with every chunk.
        std::string whole = page + std::string(static_cast<std::size_t>(request.offset), 'x');
        return chunk_of(request, whole);
      }
    }
  });
  for (form = 0; form < 4; ++form) {
    BlobClient client(context, quick(server.endpoint()));
    EXPECT_EQ(client.fetch(page_hash).status, BlobStatus::corrupt) << form;
  }
}

TEST(Blobs, StopEndsAFetch) {
  WireContext context;
  const std::atomic<bool> stop{true};
  BlobClient client(context, quick("tcp://127.0.0.1:1"), &stop);
  EXPECT_EQ(client.fetch(page_hash).status, BlobStatus::stopped);
}

TEST(Blobs, ThatCannotBeWrittenHereAreALocalFailure) {
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  server.add_bytes(page_hash, page);
  BlobClient client(context, quick(server.endpoint()));
  const auto outcome = client.fetch_to_file(page_hash, "/dev/null/copy");
  EXPECT_EQ(outcome.status, BlobStatus::local);
  EXPECT_TRUE(outcome.text.starts_with("/dev/null/copy: ")) << outcome.text;
}

TEST(BlobServer, CountsWhatIsNoQuestionAndGoesOn) {
  WireContext context;
  BlobServer server(context, "tcp://127.0.0.1:0");
  server.add_bytes(page_hash, page);
  SocketOptions options;
  options.linger = 1000ms;
  DealerSocket vandal(context, options);
  ASSERT_TRUE(vandal.connect(server.endpoint()));
  while (vandal.send("\xDD\xFF\xFF\xFF\xFF") != Delivery::sent) {
    std::vector<WaitItem> wait{{vandal.events_handle()}};
    wait_ready(wait, 20ms);
    (void)vandal.events();
  }
  while (server.counters().refused == 0) std::this_thread::yield();
  BlobClient client(context, quick(server.endpoint()));
  EXPECT_TRUE(client.fetch(page_hash).ok());
}

TEST(BlobServer, SaysWhyItCannotBind) {
  WireContext context;
  BlobServer first(context, "tcp://127.0.0.1:0");
  EXPECT_THROW(BlobServer(context, first.endpoint()), StartupError);
}

}  // namespace
}  // namespace ocrs
