#include "common/io/frame_stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ocrs {
namespace {

constexpr std::size_t header_bytes = 4;
constexpr std::uint32_t descriptor_bit = 0x80000000;
constexpr std::size_t read_bytes_max = 64 * 1024;         // of one recvmsg
constexpr std::size_t read_call_bytes_max = 1024 * 1024;  // of one FrameReader::read_from

Error system_error(const char* what) { return Error{std::string(what) + ": " + std::strerror(errno)}; }

std::array<char, header_bytes> header_of(std::size_t length, bool descriptor) {
  const std::uint32_t word = static_cast<std::uint32_t>(length) | (descriptor ? descriptor_bit : 0);
  return {static_cast<char>(word), static_cast<char>(word >> 8), static_cast<char>(word >> 16),
          static_cast<char>(word >> 24)};
}

struct Header {
  std::size_t length;
  bool descriptor;
};

Result<Header> parse_header(std::string_view bytes, std::size_t bytes_max) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < header_bytes; ++i) word |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  const Header header{word & ~descriptor_bit, (word & descriptor_bit) != 0};
  if (header.length > bytes_max) {
    return Error{"frame of " + std::to_string(header.length) + " bytes is above the limit of " +
                 std::to_string(bytes_max)};
  }
  return header;
}

/// Room for exactly one descriptor: CMSG_SPACE would round up to room for two.
struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))] = {};
  static constexpr std::size_t length = CMSG_LEN(sizeof(int));
};

/// sendmsg of a frame's rest; the descriptor goes with its first byte.
ssize_t send_some(int socket, iovec* parts, std::size_t count, int descriptor, int flags) {
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  Control control;
  if (descriptor >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = Control::length;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | flags);
  while (sent < 0 && errno == EINTR);
  return sent;
}

/// recvmsg of up to `size` bytes and the descriptor that came with them; what is more than one is closed.
ssize_t receive_some(int socket, char* data, std::size_t size, int flags, UniqueFd& descriptor) {
  iovec part{data, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control;
  message.msg_control = control.bytes;
  message.msg_controllen = Control::length;
  ssize_t received = 0;
  do received = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  while (received < 0 && errno == EINTR);
  if (received < 0) return received;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= head->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + at, sizeof fd);
      descriptor.reset(fd);
    }
  }
  return received;
}

/// The peer closed: a reset (it died with our frames unread) says the same as an end of file.
bool is_end(ssize_t received) { return received == 0 || (received < 0 && errno == ECONNRESET); }

Error ended_inside_frame() { return Error{"the peer ended inside a frame"}; }

}  // namespace

Result<std::optional<Frame>> read_frame(int socket, std::size_t bytes_max) {
  Frame frame;
  char head[header_bytes];
  std::size_t have = 0;
  while (have < header_bytes) {
    const ssize_t received = receive_some(socket, head + have, header_bytes - have, 0, frame.descriptor);
    if (is_end(received)) {
      if (have == 0) return std::optional<Frame>();
      return ended_inside_frame();
    }
    if (received < 0) return system_error("cannot read a frame");
    have += static_cast<std::size_t>(received);
  }
  const auto header = parse_header({head, header_bytes}, bytes_max);
  if (!header) return header.error();
  if (header->descriptor && !frame.descriptor) return Error{"a frame announced a descriptor that did not come"};
  if (!header->descriptor) frame.descriptor.reset();

  while (frame.bytes.size() < header->length) {
    // Grown as bytes come: the announced length alone must not cost memory.
    const std::size_t begin = frame.bytes.size();
    frame.bytes.resize(begin + std::min(header->length - begin, std::max(begin, read_bytes_max)));
    while (have - header_bytes < frame.bytes.size()) {
      const std::size_t at = have - header_bytes;
      UniqueFd unexpected;
      const ssize_t received = receive_some(socket, frame.bytes.data() + at, frame.bytes.size() - at, 0, unexpected);
      if (is_end(received)) return ended_inside_frame();
      if (received < 0) return system_error("cannot read a frame");
      have += static_cast<std::size_t>(received);
    }
  }
  return std::optional<Frame>(std::move(frame));
}

Result<void> write_frame(int socket, std::string_view bytes, int descriptor) {
  OCRS_CHECK(bytes.size() < descriptor_bit, "frame too long for its header");
  auto header = header_of(bytes.size(), descriptor >= 0);
  std::size_t written = 0;
  while (written < header_bytes + bytes.size()) {
    iovec parts[2];
    std::size_t count = 0;
    if (written < header_bytes) parts[count++] = {header.data() + written, header_bytes - written};
    const std::size_t of_body = written < header_bytes ? 0 : written - header_bytes;
    if (of_body < bytes.size()) parts[count++] = {const_cast<char*>(bytes.data()) + of_body, bytes.size() - of_body};
    const ssize_t sent = send_some(socket, parts, count, written == 0 ? descriptor : -1, 0);
    if (sent < 0) return system_error("cannot write a frame");
    written += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<FrameReader::State> FrameReader::read_from(int socket) {
  std::array<char, read_bytes_max> buffer;
  for (std::size_t total = 0; total < read_call_bytes_max;) {
    UniqueFd descriptor;
    const ssize_t received = receive_some(socket, buffer.data(), buffer.size(), MSG_DONTWAIT, descriptor);
    if (is_end(received)) {
      if (inside_frame()) return ended_inside_frame();
      return State::ended;
    }
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (received < 0) return system_error("cannot read frames");
    const auto size = static_cast<std::size_t>(received);
    if (const auto taken = take({buffer.data(), size}, std::move(descriptor)); !taken) return taken.error();
    total += size;
  }
  return State::open;
}

Result<void> FrameReader::take(std::string_view bytes, UniqueFd descriptor) {
  if (descriptor) arrived_.push_back({std::move(descriptor), position_ + bytes.size()});
  while (!bytes.empty()) {
    std::size_t used = 0;
    if (body_missing_ > 0) {
      used = std::min(body_missing_, bytes.size());
      current_.bytes.append(bytes.substr(0, used));
      body_missing_ -= used;
      if (body_missing_ == 0) complete_.push_back(std::exchange(current_, Frame{}));
    } else {
      if (header_.empty()) frame_begin_ = position_;
      used = std::min(header_bytes - header_.size(), bytes.size());
      header_.append(bytes.substr(0, used));
    }
    position_ += used;
    bytes.remove_prefix(used);
    if (header_.size() == header_bytes) {
      if (auto begun = begin_body(); !begun) return begun;
    }
  }
  // Only a header that is not complete yet can still ask for what has arrived.
  const std::uint64_t claimable_after = header_.empty() ? position_ : frame_begin_;
  while (!arrived_.empty() && arrived_.front().until <= claimable_after) arrived_.pop_front();
  return {};
}

Result<void> FrameReader::begin_body() {
  const auto header = parse_header(header_, bytes_max_);
  if (!header) return header.error();
  header_.clear();
  // A descriptor comes with the first byte of its frame, perhaps behind the end of the frame before.
  while (!arrived_.empty() && arrived_.front().until <= frame_begin_) arrived_.pop_front();
  if (header->descriptor) {
    if (arrived_.empty()) return Error{"a frame announced a descriptor that did not come"};
    current_.descriptor = std::move(arrived_.front().fd);
    arrived_.pop_front();
  }
  body_missing_ = header->length;
  if (body_missing_ == 0) complete_.push_back(std::exchange(current_, Frame{}));
  return {};
}

std::optional<Frame> FrameReader::next() {
  if (complete_.empty()) return std::nullopt;
  Frame frame = std::move(complete_.front());
  complete_.pop_front();
  return frame;
}

void FrameWriter::queue(std::string bytes, UniqueFd descriptor) {
  OCRS_CHECK(bytes.size() < descriptor_bit, "frame too long for its header");
  const auto header = header_of(bytes.size(), static_cast<bool>(descriptor));
  bytes.insert(0, header.data(), header.size());
  queued_bytes_ += bytes.size();
  frames_.push_back({std::move(bytes), std::move(descriptor)});
}

Result<bool> FrameWriter::write_to(int socket) {
  while (!frames_.empty()) {
    Frame& frame = frames_.front();
    iovec part{frame.bytes.data() + written_, frame.bytes.size() - written_};
    const ssize_t sent = send_some(socket, &part, 1, written_ == 0 ? frame.descriptor.get() : -1, MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (sent < 0) return system_error("cannot write frames");
    written_ += static_cast<std::size_t>(sent);
    queued_bytes_ -= static_cast<std::size_t>(sent);
    if (written_ < frame.bytes.size()) continue;
    frames_.pop_front();
    written_ = 0;
  }
  return true;
}

Result<SocketPair> make_socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return system_error("cannot make a socket pair");
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace ocrs
