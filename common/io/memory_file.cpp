#include "common/io/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace ocrs {
namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Error system_error(const std::string& what) { return Error{what + ": " + std::strerror(errno)}; }

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot fill a memory file");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<UniqueFd> sealed(UniqueFd fd) {
  if (::fcntl(fd.get(), F_ADD_SEALS, all_seals) != 0) return system_error("cannot seal a memory file");
  return fd;
}

}  // namespace

Result<UniqueFd> make_memory_file(std::string_view bytes, const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_error("cannot make a memory file");
  if (const auto written = write_all(fd.get(), bytes); !written) return written.error();
  return sealed(std::move(fd));
}

Result<UniqueFd> make_memory_file_of(const char* path, std::size_t bytes_max) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(std::string(path) + ": cannot be opened");
  UniqueFd fd(::memfd_create("ocrs-file", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_error("cannot make a memory file");
  std::array<char, 256 * 1024> buffer;
  for (std::size_t total = 0;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(std::string(path) + ": cannot be read");
    if (got == 0) return sealed(std::move(fd));
    total += static_cast<std::size_t>(got);
    if (total > bytes_max) return Error{std::string(path) + ": larger than " + std::to_string(bytes_max) + " bytes"};
    if (const auto written = write_all(fd.get(), {buffer.data(), static_cast<std::size_t>(got)}); !written)
      return written.error();
  }
}

Result<MemoryView> MemoryView::map(int descriptor, std::size_t bytes_max) {
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (seals < 0) return Error{"the descriptor is not a memory file"};
  if ((seals & F_SEAL_WRITE) == 0 || (seals & F_SEAL_SHRINK) == 0) return Error{"the memory file is not sealed"};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return system_error("cannot look at a memory file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > bytes_max) {
    return Error{"the memory file of " + std::to_string(size) + " bytes is above the limit of " +
                 std::to_string(bytes_max)};
  }
  if (size == 0) return MemoryView();
  // Private: kernels before 6.7 refuse a shared mapping of a file sealed against writing even for reading.
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED) return system_error("cannot map a memory file");
  return MemoryView(data, size);
}

MemoryView::~MemoryView() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace ocrs
