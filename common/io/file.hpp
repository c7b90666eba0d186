// Files as the project uses them: written whole or not at all, read with a bound, private folders, lock files.
// Every error names the path. Any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

/// Replaces the file in one step that survives a power cut: temporary file beside it, fsync, rename, fsync of the
/// folder.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                                                 mode_t mode = 0600);
/// The whole file; more than `bytes_max` is an error. Works on pipes and /proc files as well.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);
/// Makes the folder and its parents; the folder itself gets mode 0700, also when it was there (and is ours).
[[nodiscard]] Result<void> make_private_dir(const std::filesystem::path& path);
/// Puts the folder's entries on disk (after a rename or unlink in it).
[[nodiscard]] Result<void> sync_dir(const std::filesystem::path& path);

/// Holds an exclusive flock on a file until destroyed; the file carries the holder's pid as text.
class LockFile {
 public:
  /// Never waits. The error says who holds it: "DIR/lock is held by process 4711".
  [[nodiscard]] static Result<LockFile> acquire(const std::filesystem::path& path);

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// NFS, SMB, 9p, FUSE over the network and the like, where locks and fsync cannot be trusted. A path that does not
/// exist yet is judged by its nearest existing parent.
[[nodiscard]] bool is_network_filesystem(const std::filesystem::path& path);
/// Bytes an unprivileged process may still write there.
[[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

}  // namespace ocrs
