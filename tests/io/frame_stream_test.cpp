// Frames and descriptors over real socket pairs, and memory files between them.
#include "common/io/frame_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/io/memory_file.hpp"

namespace ocrs {
namespace {

SocketPair pair_of_sockets() {
  auto sockets = make_socket_pair();
  EXPECT_TRUE(sockets.ok());
  return std::move(*sockets);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::string contents_of(const UniqueFd& fd) {
  std::string bytes(4096, '\0');
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

UniqueFd memory_file(const std::string& bytes) {
  auto fd = make_memory_file(bytes);
  EXPECT_TRUE(fd.ok());
  return std::move(*fd);
}

/// sendmsg by hand: bytes with any number of descriptors.
void send_raw(int socket, const std::string& bytes, const std::vector<int>& descriptors = {}) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(sizeof(int) * std::max<std::size_t>(descriptors.size(), 1)));
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::copy(descriptors.begin(), descriptors.end(), reinterpret_cast<int*>(CMSG_DATA(head)));
  }
  ASSERT_EQ(::sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

std::string header(std::uint32_t word) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(word >> (8 * i)));
  return bytes;
}
constexpr std::uint32_t with_descriptor = 0x80000000;

TEST(FrameStream, CarriesFramesAndTheirDescriptorsInOrder) {
  auto sockets = pair_of_sockets();
  ASSERT_TRUE(write_frame(sockets.ours.get(), "first"));
  ASSERT_TRUE(write_frame(sockets.ours.get(), "", memory_file("page").get()));
  ASSERT_TRUE(write_frame(sockets.ours.get(), "third"));
  sockets.ours.reset();

  auto first = read_frame(sockets.theirs.get());
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->bytes, "first");
  EXPECT_FALSE((*first)->descriptor);
  auto second = read_frame(sockets.theirs.get());
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ((*second)->bytes, "");
  EXPECT_EQ(contents_of((*second)->descriptor), "page");
  EXPECT_EQ(::fcntl((*second)->descriptor.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  auto third = read_frame(sockets.theirs.get());
  ASSERT_TRUE(third.ok() && third->has_value());
  EXPECT_FALSE((*third)->descriptor);
  const auto end = read_frame(sockets.theirs.get());
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value()) << "a close between frames is an end, not an error";
}

TEST(FrameStream, TellsAnEndInsideAFrameFromAnEndBetweenFrames) {
  for (const std::string& part : {std::string("\x05", 1), header(5), header(5) + "four"}) {
    auto sockets = pair_of_sockets();
    send_raw(sockets.ours.get(), part);
    sockets.ours.reset();
    EXPECT_FALSE(read_frame(sockets.theirs.get()).ok());

    auto others = pair_of_sockets();
    send_raw(others.ours.get(), part);
    others.ours.reset();
    FrameReader reader;
    EXPECT_FALSE(reader.read_from(others.theirs.get()).ok());
  }
}

TEST(FrameStream, RefusesFramesAboveTheLimitBeforeReadingThem) {
  auto sockets = pair_of_sockets();
  send_raw(sockets.ours.get(), header(101));
  const auto refused = read_frame(sockets.theirs.get(), 100);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text, "frame of 101 bytes is above the limit of 100");
  FrameReader reader(100);
  EXPECT_FALSE(reader.take(header(101)).ok());
}

TEST(FrameStream, WritingToAPeerThatIsGoneIsAnErrorAndNotASignal) {
  auto sockets = pair_of_sockets();
  sockets.theirs.reset();
  EXPECT_FALSE(write_frame(sockets.ours.get(), "anyone?").ok());
  FrameWriter writer;
  writer.queue("anyone?");
  EXPECT_FALSE(writer.write_to(sockets.ours.get()).ok());
}

TEST(FrameStream, ClosesDescriptorsThatNoFrameAnnounced) {
  auto sockets = pair_of_sockets();
  const auto page = memory_file("page");
  const std::size_t before = open_descriptors();
  const std::vector<int> three(3, page.get());
  send_raw(sockets.ours.get(), header(2) + "a", {page.get()});
  send_raw(sockets.ours.get(), "b", three);
  send_raw(sockets.ours.get(), header(1) + "c", three);
  send_raw(sockets.ours.get(), header(1) + "d", {page.get()});
  FrameReader reader;
  ASSERT_TRUE(reader.read_from(sockets.theirs.get()).ok());
  for (const char* expected : {"ab", "c", "d"}) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->bytes, expected);
    EXPECT_FALSE(frame->descriptor);
  }
  EXPECT_EQ(open_descriptors(), before);

  send_raw(sockets.ours.get(), header(1) + "x", three);
  const auto blocking = read_frame(sockets.theirs.get());
  ASSERT_TRUE(blocking.ok());
  EXPECT_FALSE((*blocking)->descriptor);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(FrameStream, RefusesAnAnnouncedDescriptorThatDoesNotCome) {
  auto sockets = pair_of_sockets();
  send_raw(sockets.ours.get(), header(1 | with_descriptor) + "x");
  EXPECT_FALSE(read_frame(sockets.theirs.get()).ok());
  FrameReader reader;
  EXPECT_FALSE(reader.take(header(1 | with_descriptor) + "x").ok());
}

TEST(FrameReader, GivesADescriptorToTheFrameThatAnnouncedItHoweverTheBytesAreCut) {
  const std::string stream =
      header(3) + "one" + header(3 | with_descriptor) + "two" + header(0) + header(4 | with_descriptor) + "four";
  const std::size_t second = 7, fourth = 7 + 7 + 4;
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    FrameReader reader;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      const std::size_t end = std::min(at + size, stream.size());
      // As the kernel does: a read ends behind the bytes a descriptor came with, so at most one comes at once.
      std::size_t begin = at;
      for (const std::size_t carrier : {second, fourth}) {
        if (carrier < at || carrier >= end) continue;
        ASSERT_TRUE(reader.take(stream.substr(begin, carrier + 1 - begin), memory_file(std::to_string(carrier))).ok());
        begin = carrier + 1;
      }
      ASSERT_TRUE(reader.take(stream.substr(begin, end - begin)).ok());
    }
    std::vector<Frame> frames;
    while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    ASSERT_EQ(frames.size(), 4u) << "cut every " << size;
    EXPECT_FALSE(frames[0].descriptor);
    EXPECT_EQ(contents_of(frames[1].descriptor), std::to_string(second));
    EXPECT_EQ(frames[2].bytes, "");
    EXPECT_FALSE(frames[2].descriptor);
    EXPECT_EQ(contents_of(frames[3].descriptor), std::to_string(fourth));
    EXPECT_FALSE(reader.inside_frame());
  }
}

TEST(FrameStream, MovesManyFramesOfAllSizesThroughAPollLoopWithoutBlocking) {
  auto sockets = pair_of_sockets();
  std::mt19937 random(7);
  std::vector<std::string> sent;
  FrameWriter writer;
  for (int i = 0; i < 60; ++i) {
    sent.emplace_back(i % 7 == 0 ? random() % 900000 : random() % 50, static_cast<char>('a' + i % 26));
    writer.queue(sent.back(), i % 3 == 0 ? memory_file(std::to_string(i)) : UniqueFd());
  }
  FrameReader reader;
  std::size_t received = 0;
  while (received < sent.size()) {
    ASSERT_TRUE(writer.write_to(sockets.ours.get()).ok());
    ASSERT_TRUE(reader.read_from(sockets.theirs.get()).ok());
    while (auto frame = reader.next()) {
      EXPECT_TRUE(frame->bytes == sent[received]) << received;
      EXPECT_EQ(static_cast<bool>(frame->descriptor), received % 3 == 0);
      if (frame->descriptor) {
        EXPECT_EQ(contents_of(frame->descriptor), std::to_string(received));
      }
      ++received;
    }
  }
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.queued_bytes(), 0u);
  sockets.ours.reset();
  const auto state = reader.read_from(sockets.theirs.get());
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(*state, FrameReader::State::ended);
}

TEST(FrameStream, BlockingEndsMoveAFrameLargerThanTheSocketsBuffer) {
  auto sockets = pair_of_sockets();
  const std::string large(20 << 20, 'L');
  std::thread sender([&] { EXPECT_TRUE(write_frame(sockets.ours.get(), large, memory_file("x").get()).ok()); });
  const auto frame = read_frame(sockets.theirs.get());
  sender.join();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  EXPECT_TRUE((*frame)->bytes == large);
  EXPECT_TRUE((*frame)->descriptor);
}

// ---- memory files ----

TEST(MemoryFile, CanBeReadButNeverChangedOrCutShort) {
  const auto fd = memory_file("a page's bytes");
  const auto view = MemoryView::map(fd.get(), 100);
  ASSERT_TRUE(view.ok()) << view.error().text;
  EXPECT_EQ(view->bytes(), "a page's bytes");
  EXPECT_LT(::pwrite(fd.get(), "X", 1, 0), 0);
  EXPECT_NE(::ftruncate(fd.get(), 0), 0);
  EXPECT_NE(::ftruncate(fd.get(), 1000), 0);
  EXPECT_EQ(::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
  EXPECT_EQ(view->bytes(), "a page's bytes");
}

TEST(MemoryFile, MappingRefusesWhatCouldShrinkUnderTheReader) {
  const UniqueFd open_file(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(open_file.get(), 4096), 0);
  EXPECT_FALSE(MemoryView::map(open_file.get(), 10000).ok());
  ASSERT_EQ(::fcntl(open_file.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_FALSE(MemoryView::map(open_file.get(), 10000).ok()) << "it can still shrink";
  const UniqueFd plain(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(MemoryView::map(plain.get(), std::size_t{1} << 40).ok());
  EXPECT_FALSE(MemoryView::map(-1, 100).ok());
}

TEST(MemoryFile, ObeysTheSizeLimitAndAllowsEmptyFiles) {
  const auto fd = memory_file("12345");
  EXPECT_FALSE(MemoryView::map(fd.get(), 4).ok());
  EXPECT_TRUE(MemoryView::map(fd.get(), 5).ok());
  const auto empty = MemoryView::map(memory_file("").get(), 5);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->bytes(), "");
}

TEST(MemoryFile, TakesAFilesBytes) {
  const std::string page = std::string(OCRS_SOURCE_DIR) + "/LICENSE";
  const auto fd = make_memory_file_of(page.c_str(), 1 << 20);
  ASSERT_TRUE(fd.ok()) << fd.error().text;
  const auto view = MemoryView::map(fd->get(), 1 << 20);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->bytes().size(), std::filesystem::file_size(page));
  EXPECT_FALSE(make_memory_file_of(page.c_str(), 10).ok());
  EXPECT_FALSE(make_memory_file_of("/nonexistent", 10).ok());
}

}  // namespace
}  // namespace ocrs
