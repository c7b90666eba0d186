#include "worker/io/hwloc_topology.hpp"

#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

#include "worker/io/cgroup.hpp"

namespace ocrs {
namespace {

struct DestroyTopology {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
struct FreeBitmap {
  void operator()(hwloc_bitmap_s* bitmap) const { hwloc_bitmap_free(bitmap); }
};
using TopologyHandle = std::unique_ptr<hwloc_topology, DestroyTopology>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

Result<TopologyHandle> load(const std::string& synthetic) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return Error{"hwloc cannot be started"};
  TopologyHandle topology(raw);
  if (!synthetic.empty() && hwloc_topology_set_synthetic(raw, synthetic.c_str()) != 0) {
    return Error{"hwloc does not understand the topology \"" + synthetic + "\""};
  }
  if (hwloc_topology_load(raw) != 0)
    return Error{std::string("hwloc cannot read this machine: ") + std::strerror(errno)};
  return topology;
}

/// What this process may run on: hwloc's allowed set (control group) and the affinity it was started with.
Bitmap allowed_units(hwloc_topology_t topology) {
  Bitmap allowed(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology)));
  if (hwloc_topology_is_thissystem(topology) != 0) {
    const Bitmap bound(hwloc_bitmap_alloc());
    if (hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_PROCESS) == 0 && hwloc_bitmap_iszero(bound.get()) == 0) {
      hwloc_bitmap_and(allowed.get(), allowed.get(), bound.get());
    }
  }
  return allowed;
}

std::uint32_t count(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return static_cast<std::uint32_t>(std::max(0, hwloc_get_nbobjs_by_type(topology, type)));
}

TopologyCore core_of(hwloc_topology_t topology, hwloc_obj_t core, hwloc_const_bitmap_t allowed) {
  TopologyCore out;
  for (int unit = hwloc_bitmap_first(core->cpuset); unit >= 0; unit = hwloc_bitmap_next(core->cpuset, unit)) {
    if (hwloc_bitmap_isset(allowed, static_cast<unsigned>(unit)) != 0) out.units.push_back(unit);
  }
  if (hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, core)) {
    out.package = package->logical_index;
  }
  const int node = core->nodeset == nullptr ? -1 : hwloc_bitmap_first(core->nodeset);
  out.numa_node = node < 0 ? 0 : static_cast<std::uint32_t>(node);
  return out;
}

std::string cpu_model(hwloc_topology_t topology) {
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_MACHINE}) {
    hwloc_obj_t object = hwloc_get_obj_by_type(topology, type, 0);
    const char* model = object == nullptr ? nullptr : hwloc_obj_get_info_by_name(object, "CPUModel");
    if (model != nullptr) return model;
  }
  return {};
}

struct Memory {
  std::uint64_t total = 0, available = 0;
};
Memory read_memory(const std::filesystem::path& root) {
  Memory memory;
  std::ifstream file(root / "proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::uint64_t bytes = std::strtoull(line.c_str() + colon + 1, nullptr, 10) * 1024;
    if (line.starts_with("MemTotal:")) memory.total = bytes;
    if (line.starts_with("MemAvailable:")) memory.available = bytes;
  }
  return memory;
}

}  // namespace

Result<Topology> detect_topology(const TopologySource& source) {
  Result<TopologyHandle> loaded = load(source.synthetic);
  if (!loaded) return loaded.error();
  hwloc_topology_t handle = loaded->get();
  Topology topology;
  topology.cpu = cpu_model(handle);
  topology.packages = count(handle, HWLOC_OBJ_PACKAGE);
  topology.numa_nodes = count(handle, HWLOC_OBJ_NUMANODE);
  topology.cores = count(handle, HWLOC_OBJ_CORE);
  topology.units = count(handle, HWLOC_OBJ_PU);
  const Bitmap allowed = allowed_units(handle);
  // Some virtual machines show processing units only.
  const hwloc_obj_type_t type = topology.cores > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  for (hwloc_obj_t object = nullptr; (object = hwloc_get_next_obj_by_type(handle, type, object)) != nullptr;) {
    TopologyCore core = core_of(handle, object, allowed.get());
    if (!core.units.empty()) topology.usable_cores.push_back(std::move(core));
  }
  const Memory memory = read_memory(source.root);
  topology.memory_bytes = memory.total;
  topology.memory_available_bytes = memory.available;
  const CgroupLimits limits = read_cgroup_limits(source.root);
  topology.cpu_quota = limits.cpu_quota;
  topology.memory_limit_bytes = limits.memory_bytes;
  topology.memory_limit_used_bytes = limits.memory_used_bytes;
  return topology;
}

std::uint64_t memory_free_now(const std::filesystem::path& root) {
  Topology topology;
  topology.memory_available_bytes = read_memory(root).available;
  const CgroupLimits limits = read_cgroup_limits(root);
  topology.memory_limit_bytes = limits.memory_bytes;
  topology.memory_limit_used_bytes = limits.memory_used_bytes;
  return topology.memory_free_bytes();
}

double load_now() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

Hardware hardware_of(const Topology& topology) {
  Hardware hardware;
  hardware.cpu = topology.cpu;
  hardware.cores = topology.cores;
  hardware.processing_units = topology.units;
  hardware.memory_bytes = topology.memory_bytes;
  hardware.memory_available_bytes = topology.memory_free_bytes();
  return hardware;
}

}  // namespace ocrs
