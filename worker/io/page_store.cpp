#include "worker/io/page_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "common/io/logging.hpp"
#include "common/io/memory_file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// Marks the blob as used now; a failure only makes it leave earlier.
void touch(const fs::path& path) { ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

void remove_quietly(const fs::path& path) {
  std::error_code none;
  fs::remove_all(path, none);
}

}  // namespace

PageStore::PageStore(fs::path folder, std::uint64_t bytes_max) : folder_(std::move(folder)), bytes_max_(bytes_max) {
  // tmp/ holds unfinished writes only.
  remove_quietly(folder_ / "tmp");
  for (const char* name : {"pages", "models", "tmp"}) {
    if (const auto made = make_private_dir(folder_ / name); !made) throw StartupError(made.error().text);
  }
}

fs::path PageStore::page_path(const ContentHash& hash) const { return folder_ / "pages" / to_hex(hash); }
fs::path PageStore::model_path(const ContentHash& hash) const { return folder_ / "models" / to_hex(hash); }

fs::path PageStore::find(const ContentHash& hash) const {
  std::error_code none;
  for (fs::path path : {page_path(hash), model_path(hash)}) {
    if (fs::is_regular_file(path, none)) return path;
  }
  return {};
}

bool PageStore::has(const ContentHash& hash) {
  const std::lock_guard lock(mutex_);
  const fs::path path = find(hash);
  if (path.empty()) return false;
  const Result<ContentHash> actual = hash_file(path);
  if (actual.ok() && *actual == hash) {
    touch(path);
    return true;
  }
  log_warning("{}: damaged in the cache; it is fetched again", path.string());
  remove_quietly(path);
  return false;
}

Result<void> PageStore::add(const ContentHash& hash, const std::function<Result<void>(const fs::path&)>& write) {
  const fs::path temporary = folder_ / "tmp" / to_hex(hash);
  // Outside the lock: a fetch takes its time. One thread fetches, so names in tmp/ do not collide.
  if (Result<void> written = write(temporary); !written) {
    remove_quietly(temporary);
    return written;
  }
  const Result<ContentHash> actual = hash_file(temporary);
  if (!actual || *actual != hash) {
    remove_quietly(temporary);
    return actual ? Error{"blob " + to_hex(hash) + ": other bytes came than were asked for"} : actual.error();
  }
  const std::lock_guard lock(mutex_);
  std::error_code failure;
  fs::rename(temporary, page_path(hash), failure);
  if (failure) return Error{page_path(hash).string() + ": cannot be stored: " + failure.message()};
  make_room(hash);
  return {};
}

Result<void> PageStore::add(const ContentHash& hash, std::string_view bytes) {
  return add(hash, [&](const fs::path& path) { return write_file_atomically(path, bytes); });
}

Result<UniqueFd> PageStore::open(const ContentHash& hash) {
  const std::lock_guard lock(mutex_);
  const fs::path path = find(hash);
  if (path.empty()) return Error{page_path(hash).string() + ": not in the cache"};
  Result<UniqueFd> file = make_memory_file_of(path.c_str(), blob_bytes_max);
  if (!file) return file;
  const Result<MemoryView> view = MemoryView::map(file->get(), blob_bytes_max);
  if (!view) return view.error();
  if (hash_bytes(view->bytes()) != hash) {
    remove_quietly(path);
    return Error{path.string() + ": damaged in the cache"};
  }
  touch(path);
  return file;
}

Result<std::string> PageStore::read(const ContentHash& hash, std::size_t bytes_max) {
  const std::lock_guard lock(mutex_);
  const fs::path path = find(hash);
  if (path.empty()) return Error{page_path(hash).string() + ": not in the cache"};
  Result<std::string> bytes = read_file(path, bytes_max);
  if (bytes.ok() && hash_bytes(*bytes) != hash) {
    remove_quietly(path);
    return Error{path.string() + ": damaged in the cache"};
  }
  touch(path);
  return bytes;
}

Result<fs::path> PageStore::store_models(const std::vector<ModelRef>& models) {
  const std::lock_guard lock(mutex_);
  std::string names;
  for (const ModelRef& model : models) names += model.language + '\0' + to_hex(model.hash) + '\n';
  const fs::path tessdata = folder_ / ("tessdata-" + to_hex(hash_bytes(names)).substr(0, 16));
  remove_quietly(tessdata);
  if (const auto made = make_private_dir(tessdata); !made) return made.error();
  for (const ModelRef& model : models) {
    // A name from outside becomes a file name: nothing but a plain one, or script/Latin.
    const fs::path name(model.language + ".traineddata");
    if (model.language.empty() || name.is_absolute() || model.language.find("..") != std::string::npos) {
      return Error{"\"" + model.language + "\" is not the name of a language"};
    }
    std::error_code failure;
    if (fs::exists(page_path(model.hash), failure)) fs::rename(page_path(model.hash), model_path(model.hash), failure);
    const fs::path source = model_path(model.hash);
    const Result<ContentHash> actual = hash_file(source);
    if (!actual) return actual.error();
    if (*actual != model.hash) {
      remove_quietly(source);
      return Error{source.string() + ": damaged in the cache"};
    }
    fs::create_directories((tessdata / name).parent_path(), failure);
    fs::create_hard_link(source, tessdata / name, failure);
    if (failure) fs::copy_file(source, tessdata / name, failure);
    if (failure) return Error{(tessdata / name).string() + ": cannot be made: " + failure.message()};
  }
  return tessdata;
}

void PageStore::drop_pages() {
  const std::lock_guard lock(mutex_);
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "pages", none)) remove_quietly(entry.path());
}

std::uint64_t PageStore::page_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "pages", none)) {
    const std::uint64_t size = entry.file_size(none);
    if (!none) sum += size;
  }
  return sum;
}

void PageStore::make_room(const ContentHash& keep) {
  struct Kept {
    fs::file_time_type used;
    std::uint64_t bytes;
    fs::path path;
  };
  std::vector<Kept> pages;
  std::uint64_t sum = 0;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "pages", none)) {
    const Kept page{entry.last_write_time(none), entry.file_size(none), entry.path()};
    if (none) continue;
    sum += page.bytes;
    pages.push_back(page);
  }
  if (sum <= bytes_max_) return;
  std::sort(pages.begin(), pages.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& page : pages) {
    if (sum <= bytes_max_) break;
    if (page.path == page_path(keep)) continue;
    remove_quietly(page.path);
    sum -= page.bytes;
  }
}

}  // namespace ocrs
