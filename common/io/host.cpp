#include "common/io/host.hpp"

#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/core/check.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"

namespace ocrs {

std::string machine_id() {
  std::string identity;
  for (const char* path : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    const auto text = read_file(path, 4096);
    if (text && text->size() >= 32) {
      identity = text->substr(0, 32);
      break;
    }
  }
  if (identity.empty()) identity = "host name " + host_name();
  const ContentHash hash = hash_bytes("ocrscreen machine id\n" + identity);
  return to_hex(hash.bytes.data(), 16);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unnamed";
  return name.data();
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::getrandom(bytes.data() + have, count - have, 0);
    OCRS_CHECK(got >= 0 || errno == EINTR, "the kernel gives no random bytes");
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

WorkerUuid random_uuid() {
  WorkerUuid uuid;
  const std::string bytes = random_bytes(uuid.bytes.size());
  std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{std::min<rlim_t>(limit.rlim_max, 1 << 20), limit.rlim_max};
  if (raised.rlim_cur > limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  return limit.rlim_cur;
}

}  // namespace ocrs
