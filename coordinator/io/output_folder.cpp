#include "coordinator/io/output_folder.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// Making these private would lock their other users out.
void refuse_shared_folder(const fs::path& dir) {
  struct stat status {};
  if (::stat(dir.c_str(), &status) != 0) return;  // There is none yet.
  const std::string name = dir.string();
  if (!S_ISDIR(status.st_mode)) throw StartupError(name + " is not a folder; name a new or an empty folder for --out");
  std::error_code ignored;
  const struct passwd* user = ::getpwuid(::geteuid());
  const bool home = user && user->pw_dir && fs::equivalent(dir, user->pw_dir, ignored);
  const bool root = fs::equivalent(dir, "/", ignored);
  if (home || root || (status.st_mode & S_ISVTX)) {
    throw StartupError(name + " is used by other programs as well; name a folder of its own for --out");
  }
  if (status.st_uid != ::geteuid()) {
    throw StartupError(name + " belongs to another user; name a folder of your own for --out");
  }
}

}  // namespace

OutputFolder OutputFolder::acquire(const fs::path& dir) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(dir, failed);
  if (failed) throw StartupError(dir.string() + ": " + failed.message());
  if (is_network_filesystem(absolute)) {
    throw StartupError(dir.string() + " is on a network file system, where a journal cannot be kept safely; " +
                       "name a folder on a local disk for --out");
  }
  refuse_shared_folder(absolute);
  if (const Result<void> made = make_private_dir(absolute); !made) throw StartupError(made.error().text);
  OutputPaths paths{absolute};
  Result<LockFile> lock = LockFile::acquire(paths.lock());
  if (!lock) {
    throw StartupError(lock.error().text + "; only one coordinator can work in " + dir.string() +
                       " (`ocrscreen status " + dir.string() + "` shows what it does)");
  }
  return OutputFolder(std::move(paths), std::move(*lock));
}

OutputPaths existing_output(const fs::path& dir) {
  std::error_code failed;
  OutputPaths paths{fs::absolute(dir, failed)};
  if (failed) throw StartupError(dir.string() + ": " + failed.message());
  const fs::file_status status = fs::status(paths.journal(), failed);
  if (fs::is_regular_file(status)) return paths;
  if (status.type() == fs::file_type::none && failed) {
    throw StartupError(paths.journal().string() + ": " + failed.message());
  }
  throw StartupError(dir.string() + " holds no screening.sqlite: it is not an output folder of `ocrscreen run`");
}

}  // namespace ocrs
