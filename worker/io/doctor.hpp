// `ocrscreen-worker doctor`: what a worker finds on this host, a verdict per line, and the evaluators it would start.
// Changes nothing but for making the cache folder. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/messages.hpp"
#include "worker/core/placement.hpp"

namespace ocrs {

struct DoctorOptions {
  std::filesystem::path cache;
  std::optional<std::uint32_t> slots;
};

enum class Verdict { good, note, bad };
struct Finding {
  std::string subject;  // "memory", "evaluator", …
  Verdict verdict = Verdict::good;
  std::string text;
};

struct DoctorReport {
  std::string version, host_id, host_name;
  EngineVersions engine;
  Hardware hardware;
  Topology topology;
  Placement placement;
  std::vector<Finding> findings;
};

[[nodiscard]] DoctorReport examine(const DoctorOptions& options);
/// To stdout; returns the exit code: 0, or 2 when something is bad.
[[nodiscard]] int print_doctor(const DoctorReport& report, bool json);

/// OpenCL devices as the driver lists them; empty without OpenCL.
[[nodiscard]] std::vector<GpuInfo> list_devices();

}  // namespace ocrs
