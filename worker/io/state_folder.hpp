// StateFolder is one worker's own place on disk, <cache>/<machine id>/<n>/: n is the first number no other worker
// holds, by flock, so that several workers, and hosts with one home folder, never share. Owns the worker's uuid, which
// outlives restarts. Page cache and spool live inside (page_store, spool). One thread.
#pragma once

#include <filesystem>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"
#include "common/io/file.hpp"

namespace ocrs {

class StateFolder {
 public:
  /// Takes the first free number below `cache`. Throws StartupError when no folder can be made or locked there, or when
  /// it is on a network file system, whose locks and writes cannot be relied on.
  [[nodiscard]] static StateFolder open(const std::filesystem::path& cache);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const WorkerUuid& uuid() const { return uuid_; }

 private:
  StateFolder(std::filesystem::path path, LockFile lock, WorkerUuid uuid)
      : path_(std::move(path)), lock_(std::move(lock)), uuid_(uuid) {}
  std::filesystem::path path_;
  LockFile lock_;
  WorkerUuid uuid_;
};

/// $XDG_CACHE_HOME/ocrscreen or ~/.cache/ocrscreen; /var/tmp/ocrscreen-UID where that is on a network file system.
[[nodiscard]] std::filesystem::path default_cache();

}  // namespace ocrs
