#include "worker/io/state_folder.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "common/io/host.hpp"

namespace ocrs {
namespace {

constexpr int numbers = 1024;

/// The uuid of earlier starts, or a new one that is kept.
Result<WorkerUuid> uuid_in(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "uuid";
  if (const auto text = read_file(file, 256)) {
    // A uuid is half a content hash: the same parser reads it doubled.
    const std::string digits = text->substr(0, text->find('\n'));
    if (const auto doubled = content_hash_from_hex(digits + digits)) {
      WorkerUuid uuid;
      std::copy_n(doubled->bytes.begin(), uuid.bytes.size(), uuid.bytes.begin());
      return uuid;
    }
  }
  const WorkerUuid uuid = random_uuid();
  if (const auto written = write_file_atomically(file, to_hex(uuid) + "\n"); !written) return written.error();
  return uuid;
}

}  // namespace

StateFolder StateFolder::open(const std::filesystem::path& cache) {
  const std::filesystem::path host = cache / machine_id();
  if (is_network_filesystem(host)) {
    throw StartupError(cache.string() +
                       ": is on a network file system, where results cannot be kept safely; give a local folder with "
                       "--cache");
  }
  // The cache may be a folder of the user's, or shared like /var/tmp: only what is below is made private.
  if (const auto made = make_private_dir(host); !made) throw StartupError(made.error().text);
  for (int number = 0; number < numbers; ++number) {
    const std::filesystem::path folder = host / std::to_string(number);
    if (const auto made = make_private_dir(folder); !made) throw StartupError(made.error().text);
    Result<LockFile> lock = LockFile::acquire(folder / "lock");
    if (!lock) continue;
    const Result<WorkerUuid> uuid = uuid_in(folder);
    if (!uuid) throw StartupError(uuid.error().text);
    return {folder, std::move(lock).value(), *uuid};
  }
  throw StartupError(host.string() + ": all " + std::to_string(numbers) + " worker folders are in use or not lockable");
}

std::filesystem::path default_cache() {
  std::filesystem::path cache;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/') {
    cache = std::filesystem::path(xdg) / "ocrscreen";
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    cache = std::filesystem::path(home) / ".cache" / "ocrscreen";
  }
  // Home folders of laboratories are often on NFS: /var/tmp is on the machine and outlives a restart of it.
  if (!cache.empty() && !is_network_filesystem(cache)) return cache;
  return "/var/tmp/ocrscreen-" + std::to_string(::getuid());
}

}  // namespace ocrs
