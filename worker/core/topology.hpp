// The machine as a worker may use it: plain data, filled in by io/hwloc_topology, read by placement and by doctor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocrs {

/// A core with at least one processing unit this process may use.
struct TopologyCore {
  std::uint32_t package = 0, numa_node = 0;
  std::vector<int> units;  // OS numbers of its allowed processing units, ascending
  bool operator==(const TopologyCore&) const = default;
};

struct Topology {
  std::string cpu;                                                   // model name; empty when unknown
  std::uint32_t packages = 0, numa_nodes = 0, cores = 0, units = 0;  // of the whole machine
  std::vector<TopologyCore> usable_cores;                            // allowed by affinity and cgroup, in machine order
  std::optional<double> cpu_quota;                  // processors' worth of time a cgroup grants; empty = no quota
  std::uint64_t memory_bytes = 0;                   // of the machine
  std::uint64_t memory_available_bytes = 0;         // by the kernel's estimate (MemAvailable)
  std::optional<std::uint64_t> memory_limit_bytes;  // the tightest cgroup's
  std::uint64_t memory_limit_used_bytes = 0;        // of that limit, what cannot be reclaimed

  [[nodiscard]] std::uint32_t usable_units() const;
  /// What a worker may still take: the kernel's estimate or what its cgroup leaves, whichever is less.
  [[nodiscard]] std::uint64_t memory_free_bytes() const;
};

}  // namespace ocrs
