// Content hashes: BLAKE2b-256 (libsodium). The only user of libsodium's hashing.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"

namespace ocrs {

[[nodiscard]] ContentHash hash_bytes(std::string_view bytes);
/// Streams the file; the error names it.
[[nodiscard]] Result<ContentHash> hash_file(const std::filesystem::path& path);

}  // namespace ocrs
