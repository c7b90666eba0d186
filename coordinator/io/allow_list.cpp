#include "coordinator/io/allow_list.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/io/keys.hpp"
#include "common/io/logging.hpp"
#include "coordinator/io/key_folder.hpp"

namespace ocrs {

AllowList::AllowList(std::filesystem::path file) : file_(std::move(file)) {
  refresh();
  if (!trouble_.empty()) throw StartupError(trouble_);
}

void AllowList::add_local(const std::string& public_key, std::string name) {
  const std::lock_guard lock(mutex_);
  local_[public_key] = {std::move(name), false};
}

void AllowList::refresh() {
  looked_ = std::chrono::steady_clock::now();
  struct stat status {};
  std::string trouble;
  if (::stat(file_.c_str(), &status) != 0) {
    trouble = file_.string() + ": " + std::strerror(errno);
  } else {
    const auto in_ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
    const FileStamp stamp{status.st_ino, status.st_size, in_ns(status.st_ctim), in_ns(status.st_mtim)};
    if (stamp == stamp_) return;
    stamp_ = stamp;
    auto folder_closed = check_private(file_.parent_path());
    auto keys = folder_closed ? read_worker_list(file_) : Result<std::vector<KnownKey>>(folder_closed.error());
    if (keys) {
      entries_.clear();
      for (KnownKey& key : *keys) entries_[key.public_key] = {std::move(key.name), key.revoked};
    } else {
      trouble = keys.error().text;
    }
  }
  if (!trouble.empty()) {
    entries_.clear();
    stamp_ = {};
    if (trouble != trouble_)
      log_error("the list of workers cannot be used, so no remote worker is let in: {}", trouble);
  } else if (!trouble_.empty()) {
    log_info("the list of workers can be used again");
  }
  trouble_ = std::move(trouble);
}

KeyAnswer AllowList::ask(const std::string& public_key, std::chrono::milliseconds look_again_after) {
  const std::lock_guard lock(mutex_);
  if (const auto local = local_.find(public_key); local != local_.end()) return {KeyState::allowed, local->second.name};
  if (std::chrono::steady_clock::now() - looked_ >= look_again_after) refresh();
  if (!trouble_.empty()) return {KeyState::list_unreadable, trouble_};
  const auto found = entries_.find(public_key);
  if (found == entries_.end()) return {KeyState::unknown, ""};
  return {found->second.revoked ? KeyState::revoked : KeyState::allowed, found->second.name};
}

}  // namespace ocrs
