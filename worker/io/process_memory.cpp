#include "worker/io/process_memory.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace ocrs {
namespace {

struct Sizes {
  std::uint64_t address_space = 0, resident = 0;  // bytes
};

Sizes sizes_now() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return {};
  unsigned long long total = 0, resident = 0;  // pages
  const int read = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  if (read != 2) return {};
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return {total * page, resident * page};
}

}  // namespace

std::uint64_t resident_bytes() { return sizes_now().resident; }

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t address_space_left() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  const std::uint64_t used = sizes_now().address_space;
  return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

}  // namespace ocrs
