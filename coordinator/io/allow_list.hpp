// AllowList answers which CURVE keys may work now: the worker list of a key folder, read again whenever the file
// changes, and the keys of this run's own local workers. Fails closed: while the file cannot be read or its mode is
// wrong, only the local workers are in. Any thread.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/core/result.hpp"

namespace ocrs {

enum class KeyState { allowed, revoked, unknown, list_unreadable };

struct KeyAnswer {
  KeyState state = KeyState::unknown;
  std::string name;  // of the worker; list_unreadable: why
};

class AllowList {
 public:
  /// Throws StartupError when the list cannot be read.
  explicit AllowList(std::filesystem::path file);
  void add_local(const std::string& public_key, std::string name);

  /// `look_again_after`: how old what is known of the file may be.
  [[nodiscard]] KeyAnswer ask(const std::string& public_key,
                              std::chrono::milliseconds look_again_after = std::chrono::milliseconds(200));

 private:
  struct Entry {
    std::string name;
    bool revoked = false;
  };
  struct FileStamp {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0, modified_ns = 0;
    bool operator==(const FileStamp&) const = default;
  };
  void refresh();

  std::filesystem::path file_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_, local_;
  FileStamp stamp_;
  std::string trouble_;  // empty = the list holds
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace ocrs
