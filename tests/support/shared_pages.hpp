// Where tests find real pages: the folder named by OCRS_PAGES, else ../shared/pages beside the repository.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

#ifndef OCRS_SOURCE_DIR
#define OCRS_SOURCE_DIR "."
#endif

namespace ocrs {

/// nullopt when there are none: such a test skips itself with a sentence.
inline std::optional<std::filesystem::path> shared_pages() {
  if (const char* const named = std::getenv("OCRS_PAGES")) {
    if (std::filesystem::is_directory(named)) return named;
    return std::nullopt;
  }
  const auto beside = std::filesystem::path(OCRS_SOURCE_DIR).parent_path() / "shared" / "pages";
  std::error_code error;
  if (std::filesystem::is_directory(beside, error)) return beside;
  return std::nullopt;
}

}  // namespace ocrs
