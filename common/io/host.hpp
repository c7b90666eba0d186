// This machine: its identity and its randomness. No hardware (worker/io/hwloc_topology). Any thread.
#pragma once

#include <cstddef>
#include <string>

#include "common/core/ids.hpp"

namespace ocrs {

/// 32 hex digits that stay the same over reboots: a keyed hash of the systemd machine id (which is not to be
/// published), of the host name where there is none.
[[nodiscard]] std::string machine_id();
[[nodiscard]] std::string host_name();
/// From the kernel's generator; aborts if there is none.
[[nodiscard]] std::string random_bytes(std::size_t count);
[[nodiscard]] WorkerUuid random_uuid();
/// Raises this process's limit of open descriptors as far as it may and returns it; every worker takes two.
std::size_t raise_descriptor_limit();

}  // namespace ocrs
