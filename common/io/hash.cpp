#include "common/io/hash.hpp"

#include <sodium/crypto_generichash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace ocrs {

ContentHash hash_bytes(std::string_view bytes) {
  ContentHash hash;
  crypto_generichash(hash.bytes.data(), hash.bytes.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return hash;
}

Result<ContentHash> hash_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{path.string() + ": cannot be opened: " + std::strerror(errno)};
  crypto_generichash_state state;
  ContentHash hash;
  crypto_generichash_init(&state, nullptr, 0, hash.bytes.size());
  std::array<char, 1 << 16> buffer{};
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(buffer.data()),
                              static_cast<unsigned long long>(file.gcount()));
  }
  if (file.bad()) return Error{path.string() + ": cannot be read: " + std::strerror(errno)};
  crypto_generichash_final(&state, hash.bytes.data(), hash.bytes.size());
  return hash;
}

}  // namespace ocrs
