// The machine as hwloc, /proc and the control groups describe it. The only user of hwloc. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/core/messages.hpp"
#include "common/core/result.hpp"
#include "worker/core/topology.hpp"

namespace ocrs {

struct TopologySource {
  std::string synthetic;  // hwloc's description of an invented machine ("pack:2 core:4 pu:2"); empty = this one
  std::filesystem::path root = "/";  // where proc and sys are; another one in tests
};

/// Error when hwloc cannot tell anything.
[[nodiscard]] Result<Topology> detect_topology(const TopologySource& source = {});

/// MemAvailable, or what the control groups leave, whichever is less; 0 where it cannot be told.
[[nodiscard]] std::uint64_t memory_free_now(const std::filesystem::path& root = "/");

/// 1-minute load average; 0 where it cannot be told.
[[nodiscard]] double load_now();

/// As it travels in HELLO, without devices.
[[nodiscard]] Hardware hardware_of(const Topology& topology);

}  // namespace ocrs
