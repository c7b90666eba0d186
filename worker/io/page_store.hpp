// PageStore keeps fetched blobs on disk by content hash: pages and ground truths below pages/, models below models/,
// and the tessdata folder made of them. Every blob's hash is checked before it gets its name and whenever its bytes are
// handed out. The least recently used pages go when the limit is passed. Fetches nothing. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"
#include "common/core/screening_spec.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

/// Largest blob that is kept.
inline constexpr std::uint64_t blob_bytes_max = std::uint64_t{4} << 30;

class PageStore {
 public:
  /// Makes the folders (0700) below `folder` and removes what an interrupted write left. Throws StartupError.
  PageStore(std::filesystem::path folder, std::uint64_t bytes_max);

  /// The blob is here and its bytes are right; a damaged one is removed.
  [[nodiscard]] bool has(const ContentHash& hash);
  /// `write` is given a temporary path and fills it; the blob gets its name if the bytes have the hash.
  [[nodiscard]] Result<void> add(const ContentHash& hash,
                                 const std::function<Result<void>(const std::filesystem::path&)>& write);
  [[nodiscard]] Result<void> add(const ContentHash& hash, std::string_view bytes);
  /// The blob's bytes as a sealed memory file, or as text; the error says what became of it.
  [[nodiscard]] Result<UniqueFd> open(const ContentHash& hash);
  [[nodiscard]] Result<std::string> read(const ContentHash& hash, std::size_t bytes_max);

  /// Takes these blobs among the models and lays out a folder with LANG.traineddata for each; returns the folder.
  [[nodiscard]] Result<std::filesystem::path> store_models(const std::vector<ModelRef>& models);
  /// Removes all pages and ground truths; models stay.
  void drop_pages();

  [[nodiscard]] std::uint64_t page_bytes() const;

 private:
  [[nodiscard]] std::filesystem::path page_path(const ContentHash& hash) const;
  [[nodiscard]] std::filesystem::path model_path(const ContentHash& hash) const;
  /// Where the blob is, unchecked; empty = nowhere.
  [[nodiscard]] std::filesystem::path find(const ContentHash& hash) const;
  void make_room(const ContentHash& keep);

  mutable std::mutex mutex_;
  std::filesystem::path folder_;
  std::uint64_t bytes_max_;
};

}  // namespace ocrs
