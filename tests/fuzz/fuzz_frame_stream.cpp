// Any bytes in any pieces to the frame reader: the frames do not depend on how the stream was cut, and no descriptor
// that came with it is lost or kept. Input: a piece length (0-127, top bit = a descriptor comes along), then that many
// bytes of the stream, and so on.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/io/frame_stream.hpp"

namespace {

constexpr std::size_t bytes_max = 4096;

struct Outcome {
  bool ok = true;
  std::vector<std::string> frames;
};

void collect(ocrs::FrameReader& reader, Outcome& outcome) {
  while (auto frame = reader.next()) outcome.frames.push_back(std::move(frame->bytes));
}

/// The lowest free number: grows when a descriptor leaks.
int lowest_free_descriptor() {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(fd);
  return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int free_before = lowest_free_descriptor();
  std::string stream;
  bool descriptors = false;
  Outcome in_pieces;
  {
    ocrs::FrameReader reader(bytes_max);
    for (std::size_t at = 0; at < size && in_pieces.ok;) {
      const std::size_t length = std::min<std::size_t>(data[at] & 0x7F, size - at - 1);
      const bool with_descriptor = (data[at] & 0x80) != 0 && length > 0;
      const std::string_view piece(reinterpret_cast<const char*>(data) + at + 1, length);
      ocrs::UniqueFd descriptor;
      if (with_descriptor) descriptor.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      descriptors |= with_descriptor;
      in_pieces.ok = reader.take(piece, std::move(descriptor)).ok();
      stream += piece;
      at += 1 + length;
    }
    collect(reader, in_pieces);
  }
  if (lowest_free_descriptor() != free_before) std::abort();

  if (descriptors) return 0;  // Whether an announced one is there depends on the pieces.
  Outcome whole;
  ocrs::FrameReader reader(bytes_max);
  whole.ok = reader.take(stream).ok();
  collect(reader, whole);
  if (whole.ok != in_pieces.ok || whole.frames != in_pieces.frames) std::abort();
  return 0;
}
