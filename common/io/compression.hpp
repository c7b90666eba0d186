// zstd with a bound on what comes out. The only user of zstd. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/core/result.hpp"

namespace ocrs {

/// zstd, level 3, with the content's size in the frame.
[[nodiscard]] std::string compress(std::string_view bytes);
/// Error when it is not zstd, is damaged, or holds more than `bytes_max` bytes (never allocates more than that).
[[nodiscard]] Result<std::string> decompress(std::string_view bytes, std::size_t bytes_max);

}  // namespace ocrs
