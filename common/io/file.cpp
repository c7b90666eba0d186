#include "common/io/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace ocrs {
namespace {

namespace fs = std::filesystem;

Error path_error(const fs::path& path, const char* what) {
  return Error{path.string() + ": " + what + ": " + std::strerror(errno)};
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Removes a temporary file unless it was renamed away.
struct TemporaryFile {
  fs::path path;
  ~TemporaryFile() {
    if (!path.empty()) ::unlink(path.c_str());
  }
};

/// FUSE has one type for local disks (fuseblk) and everything else (fuse.sshfs, …): the mount table tells them apart.
bool is_fuse_disk(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  const std::string device = std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, mounted_device, word, type;
    words >> id >> parent >> mounted_device;
    if (mounted_device != device) continue;
    while (words >> word && word != "-") {
    }
    if (words >> type) return type == "fuseblk";
  }
  return false;
}

}  // namespace

Result<void> write_file_atomically(const fs::path& path, std::string_view bytes, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  const std::string unique = std::to_string(::getpid()) + "-" + std::to_string(counter++);
  TemporaryFile temporary{folder_of(path) / ("." + path.filename().string() + ".tmp-" + unique)};
  UniqueFd fd(::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) {
    const Error error = path_error(path, "cannot be written");
    temporary.path.clear();
    return error;
  }
  if (::fchmod(fd.get(), mode) != 0 || !write_all(fd.get(), bytes) || ::fsync(fd.get()) != 0)
    return path_error(path, "cannot be written");
  fd.reset();
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) return path_error(path, "cannot be replaced");
  temporary.path.clear();
  return sync_dir(folder_of(path));
}

Result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return path_error(path, "cannot be opened");
  std::string bytes;
  std::size_t have = 0;
  while (true) {
    if (have == bytes.size()) bytes.resize(std::max<std::size_t>(have * 2, 64 * 1024));
    const ssize_t got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return path_error(path, "cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (have > bytes_max) return Error{path.string() + ": larger than " + std::to_string(bytes_max) + " bytes"};
  }
  bytes.resize(have);
  return bytes;
}

Result<void> make_private_dir(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(folder_of(path.lexically_normal()), failure);
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return path_error(path, "cannot be made");
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return path_error(path, "cannot be looked at");
  if (!S_ISDIR(status.st_mode)) return Error{path.string() + ": is not a folder"};
  if (status.st_uid != ::geteuid()) return Error{path.string() + ": belongs to another user"};
  if ((status.st_mode & S_ISVTX) != 0) return Error{path.string() + ": is a folder shared by all users"};
  if ((status.st_mode & 0777) != 0700 && ::chmod(path.c_str(), 0700) != 0)
    return path_error(path, "cannot be made private");
  return {};
}

Result<void> sync_dir(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return path_error(path, "cannot be opened");
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return path_error(path, "cannot be put on disk");
  return {};
}

Result<LockFile> LockFile::acquire(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return path_error(path, "cannot be opened");
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return path_error(path, "cannot be locked");
    std::array<char, 24> pid{};
    const ssize_t got = ::pread(fd.get(), pid.data(), pid.size(), 0);
    std::string holder(pid.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    holder.resize(std::min(holder.find('\n'), holder.size()));
    return Error{path.string() + " is held by process " + (holder.empty() ? "(starting)" : holder)};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || !write_all(fd.get(), pid)) return path_error(path, "cannot be written");
  return LockFile(std::move(fd));
}

bool is_network_filesystem(const fs::path& path) {
  static constexpr std::array<std::uint32_t, 13> network_types{
      0x6969,      // NFS
      0x517B,      // SMB
      0xFE534D42,  // SMB2
      0xFF534D42,  // CIFS
      0x01021997,  // 9p
      0x73757245,  // Coda
      0x5346414F,  // AFS (OpenAFS)
      0x6B414653,  // AFS (kernel)
      0x00C36400,  // Ceph
      0x0BD00BD0,  // Lustre
      0x19830326,  // BeeGFS
      0x47504653,  // GPFS
      0x564C,      // NCP
  };
  constexpr std::uint32_t fuse = 0x65735546;
  fs::path existing = fs::absolute(path);
  std::error_code failure;
  while (!fs::exists(existing, failure) && existing.has_relative_path()) existing = existing.parent_path();
  struct statfs status {};
  if (::statfs(existing.c_str(), &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  if (type == fuse) return !is_fuse_disk(existing);
  return std::find(network_types.begin(), network_types.end(), type) != network_types.end();
}

Result<std::uint64_t> free_bytes(const fs::path& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return path_error(path, "its free space cannot be told");
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace ocrs
