// Bytes handed between processes as a sealed memory file: once made it can neither change nor shrink, so that a reader
// that mapped it is safe from a hostile or dying writer. Plain values; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

/// A memory file with these bytes, sealed against writing, growing, shrinking and unsealing; close-on-exec.
/// `name` shows in /proc/PID/fd only.
[[nodiscard]] Result<UniqueFd> make_memory_file(std::string_view bytes, const char* name = "ocrs-page");
/// The same from a file on disk, without a second copy in this process.
[[nodiscard]] Result<UniqueFd> make_memory_file_of(const char* path, std::size_t bytes_max);

/// A read-only mapping of a sealed memory file.
class MemoryView {
 public:
  /// Refuses a descriptor that is not sealed against writing and shrinking (it could raise SIGBUS later), and one of
  /// more than `bytes_max` bytes. The descriptor may be closed afterwards.
  [[nodiscard]] static Result<MemoryView> map(int descriptor, std::size_t bytes_max);

  MemoryView() = default;
  MemoryView(MemoryView&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MemoryView& operator=(MemoryView&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MemoryView();

  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  MemoryView(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ocrs
