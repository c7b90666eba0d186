#include "common/io/compression.hpp"

#include <zstd.h>

#include <algorithm>

namespace ocrs {

std::string compress(std::string_view bytes) {
  constexpr int level = 3;
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
  OCRS_CHECK(!ZSTD_isError(size), "zstd refused a buffer of the size it asked for");
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view bytes, std::size_t bytes_max) {
  const unsigned long long announced = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR || announced == ZSTD_CONTENTSIZE_UNKNOWN)
    return Error{"not zstd data with a known size"};
  if (announced > bytes_max) {
    return Error{"compressed data holds " + std::to_string(announced) + " bytes, above the limit of " +
                 std::to_string(bytes_max)};
  }
  std::string out(static_cast<std::size_t>(announced), '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return Error{std::string("compressed data is damaged: ") + ZSTD_getErrorName(size)};
  if (size != out.size()) return Error{"compressed data is shorter than it says"};
  return out;
}

}  // namespace ocrs
