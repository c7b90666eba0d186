// `ocrscreen-worker doctor`: what a worker finds on this host, a verdict per line, and the evaluators it would start.
// Changes nothing but for making the cache folder. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/messages.hpp"
#include "common/io/health.hpp"
#include "worker/core/placement.hpp"

namespace ocrs {

struct DoctorOptions {
  std::filesystem::path cache;
  std::optional<std::uint32_t> slots;
};

struct DoctorReport {
  std::string version, host_id, host_name, simd;
  EngineVersions engine;
  Hardware hardware;
  Topology topology;
  Placement placement;
  std::vector<Finding> findings;
};

[[nodiscard]] DoctorReport examine(const DoctorOptions& options);
/// To stdout; returns the exit code: 0, or 2 when something is bad.
[[nodiscard]] int print_doctor(const DoctorReport& report, bool json);

/// OpenCL devices as the drivers list them, or why there is none.
struct DeviceList {
  std::vector<GpuInfo> devices;
  std::string why_none;  // one sentence; empty when there are devices
};
[[nodiscard]] DeviceList list_devices();

}  // namespace ocrs
