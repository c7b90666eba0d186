// Frames on a Unix stream socket: u32 little endian, whose low 31 bits are the length and whose top bit says that one
// file descriptor travels with the frame, then that many bytes. Decides nothing about what a frame means (codec).
// Descriptors that no frame announces are closed. One thread per object; each direction may have its own thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/codec.hpp"
#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

struct Frame {
  std::string bytes;
  UniqueFd descriptor;  // empty unless one came with the frame
};

/// Blocks for the next frame; nullopt = the peer closed between two frames. The socket must be in blocking mode.
[[nodiscard]] Result<std::optional<Frame>> read_frame(int socket, std::size_t bytes_max = frame_bytes_max);

/// Blocks until the frame is handed to the kernel. `descriptor` is duplicated into the message and stays the caller's.
/// Never raises SIGPIPE.
[[nodiscard]] Result<void> write_frame(int socket, std::string_view bytes, int descriptor = -1);

/// Collects frames from a socket in a poll loop, without ever blocking (whatever the socket's mode).
class FrameReader {
 public:
  enum class State { open, ended };  // ended = the peer closed between two frames
  explicit FrameReader(std::size_t bytes_max = frame_bytes_max) : bytes_max_(bytes_max) {}

  /// Takes what the socket has, at most about 1 MiB per call so that one chatty peer cannot hold the loop.
  /// After an error or `ended` the stream is over; frames completed before are still in next().
  [[nodiscard]] Result<State> read_from(int socket);
  /// The next complete frame, if there is one.
  [[nodiscard]] std::optional<Frame> next();

  /// The parser alone: bytes as they came and the descriptor that came with them. read_from() uses it, tests feed it.
  [[nodiscard]] Result<void> take(std::string_view bytes, UniqueFd descriptor = {});
  /// Part of a frame is buffered: an end of file here is an error.
  [[nodiscard]] bool inside_frame() const { return !header_.empty() || body_missing_ > 0; }

 private:
  struct Arrived {
    UniqueFd fd;
    std::uint64_t until;  // stream position after the bytes it came with
  };
  [[nodiscard]] Result<void> begin_body();

  std::size_t bytes_max_;
  std::uint64_t position_ = 0;     // stream position of the next byte to take
  std::uint64_t frame_begin_ = 0;  // stream position of the current frame's header
  std::string header_;             // 0-3 bytes of an incomplete header
  std::size_t body_missing_ = 0;
  Frame current_;
  std::deque<Arrived> arrived_;
  std::deque<Frame> complete_;
};

/// Queues frames for a socket in a poll loop and writes them as it takes them.
class FrameWriter {
 public:
  void queue(std::string bytes, UniqueFd descriptor = {});
  /// Writes without blocking; true = nothing is left (poll for POLLOUT while it is false).
  [[nodiscard]] Result<bool> write_to(int socket);
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  std::deque<Frame> frames_;      // bytes include the header
  std::size_t written_ = 0;       // of the first frame
  std::size_t queued_bytes_ = 0;  // not yet written
};

/// A connected pair of stream sockets, close-on-exec.
struct SocketPair {
  UniqueFd ours, theirs;
};
[[nodiscard]] Result<SocketPair> make_socket_pair();

}  // namespace ocrs
