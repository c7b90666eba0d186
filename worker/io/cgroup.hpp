// What the control groups of a process leave it: processor time and memory, version 1, 2 and mixed. Reads files below
// a root that tests may fake; decides nothing. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace ocrs {

struct CgroupLimits {
  std::optional<double> cpu_quota;            // processors' worth of time
  std::optional<std::uint64_t> memory_bytes;  // of the group that leaves least
  std::uint64_t memory_used_bytes = 0;        // of that, without page cache that can be dropped
};

/// Of the calling process; `root` is "/" except in tests. Each group's ancestors count too. What cannot be read limits
/// nothing.
[[nodiscard]] CgroupLimits read_cgroup_limits(const std::filesystem::path& root = "/");

}  // namespace ocrs
