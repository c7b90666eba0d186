#include "worker/io/doctor.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>
#include <opencv2/core/ocl.hpp>

#include "common/io/file.hpp"
#include "common/io/host.hpp"
#include "common/version.hpp"
#include "worker/io/hwloc_topology.hpp"
#include "worker/io/slot_process.hpp"
#include "worker/io/tesseract_engine.hpp"
#include "worker/pipeline/kernels/simd_target.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t cache_bytes_wanted = std::uint64_t{2} << 30;

Finding check_evaluator(const Topology& topology) {
  const Result<std::filesystem::path> program = own_executable();
  if (!program) return {"evaluator", Verdict::bad, program.error().text};
  Result<SlotProcess> slot = SlotProcess::start({*program, {}, address_space_limit(topology)});
  if (!slot) return {"evaluator", Verdict::bad, slot.error().text};
  std::string problem;
  for (int round = 0; round < 300; ++round) {
    pollfd item{slot->socket(), POLLIN, 0};
    ::poll(&item, 1, 100);
    for (const EvaluatorReport& report : slot->reports()) {
      if (std::holds_alternative<Ready>(report)) return {"evaluator", Verdict::ok, "one was started and is ready"};
      if (const auto* said = std::get_if<Problem>(&report)) problem = said->text;
    }
    if (const std::optional<SlotDied> death = slot->death({})) {
      return {"evaluator", Verdict::bad, "it does not start: " + problem + death->stderr_tail};
    }
  }
  return {"evaluator", Verdict::bad, "it was started and said nothing for 30 s"};
}

Finding check_cache(const std::filesystem::path& cache) {
  Finding disk = check_disk("cache", cache, cache_bytes_wanted);
  if (disk.verdict == Verdict::bad) {
    disk.text += "; give another folder with --cache";
    return disk;
  }
  if (const Result<void> made = make_private_dir(cache / machine_id()); !made) {
    return {"cache", Verdict::bad, made.error().text};
  }
  return disk;
}

Finding check_descriptors(std::size_t slots) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = 64 + 4 * slots;
  const std::string text = limit.rlim_cur == RLIM_INFINITY ? std::string("unlimited") : std::to_string(limit.rlim_cur);
  return {"descriptors", limit.rlim_cur < needed ? Verdict::bad : Verdict::ok,
          fmt::format("{} open files allowed, {} needed", text, needed)};
}

Finding check_memory(const Topology& topology) {
  const std::uint64_t free = topology.memory_free_bytes();
  std::string text = bytes_text(topology.memory_bytes) + " in the machine, " + bytes_text(free) + " free for a worker";
  if (topology.memory_limit_bytes) text += ", control group limit " + bytes_text(*topology.memory_limit_bytes);
  return {"memory", free < slot_bytes(pixels_assumed) ? Verdict::bad : Verdict::ok, text};
}

Finding check_processors(const Topology& topology) {
  std::string text = topology.cpu.empty() ? std::string("processor of unknown model") : topology.cpu;
  const auto counted = [](std::uint32_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  text += ": " + counted(topology.packages, "package") + ", " + counted(topology.numa_nodes, "memory node") + ", " +
          counted(topology.cores, "core") + ", " + counted(topology.units, "processing unit") + ", " +
          std::to_string(topology.usable_units()) + " usable";
  if (topology.cpu_quota) text += fmt::format(", control group quota {:.2f}", *topology.cpu_quota);
  const bool restricted = topology.cpu_quota.has_value() || topology.usable_units() < topology.units;
  return {"processors", restricted ? Verdict::warn : Verdict::ok, text};
}

nlohmann::json as_json(const DoctorReport& report) {
  nlohmann::json json;
  json["version"] = report.version;
  json["host"] = {{"id", report.host_id}, {"name", report.host_name}};
  json["engine"] = {
      {"tesseract", report.engine.tesseract}, {"leptonica", report.engine.leptonica}, {"opencv", report.engine.opencv}};
  json["hardware"] = {{"cpu", report.hardware.cpu},
                      {"simd", report.simd},
                      {"cores", report.hardware.cores},
                      {"processing_units", report.hardware.processing_units},
                      {"processing_units_usable", report.topology.usable_units()},
                      {"memory_bytes", report.hardware.memory_bytes},
                      {"memory_free_bytes", report.hardware.memory_available_bytes}};
  json["devices"] = nlohmann::json::array();
  for (const GpuInfo& device : report.hardware.gpus) {
    json["devices"].push_back({{"name", device.name},
                               {"driver", device.driver},
                               {"compute_units", device.compute_units},
                               {"memory_bytes", device.memory_bytes}});
  }
  json["slots"] = nlohmann::json::array();
  for (const PlacedSlot& slot : report.placement.slots) json["slots"].push_back({{"units", slot.units}});
  json["reasons"] = report.placement.reasons;
  json["findings"] = nlohmann::json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back(
        {{"subject", finding.subject}, {"verdict", to_string(finding.verdict)}, {"text", finding.text}});
  }
  return json;
}

}  // namespace

DeviceList list_devices() {
  DeviceList found;
  try {
    if (!cv::ocl::haveOpenCL()) {
      return {{}, "OpenCV finds no OpenCL library (Debian: ocl-icd-libopencl1 and the driver's package)"};
    }
    std::vector<cv::ocl::PlatformInfo> platforms;
    cv::ocl::getPlatfomsInfo(platforms);
    if (platforms.empty()) return {{}, "an OpenCL library is installed, but no driver for it"};
    std::string names;
    for (const cv::ocl::PlatformInfo& platform : platforms) {
      names += (names.empty() ? "" : ", ") + platform.name();
      for (int i = 0; i < platform.deviceNumber(); ++i) {
        cv::ocl::Device device;
        platform.getDevice(device, i);
        found.devices.push_back({device.name(), device.driverVersion(),
                                 static_cast<std::uint32_t>(device.maxComputeUnits()), device.globalMemSize()});
      }
    }
    if (found.devices.empty()) found.why_none = "the OpenCL drivers (" + names + ") list no device";
  } catch (const cv::Exception& error) {
    // A driver that cannot be asked is one that cannot be used.
    found = {{}, "the OpenCL drivers cannot be asked: " + error.err};
  }
  return found;
}

DoctorReport examine(const DoctorOptions& options) {
  DoctorReport report;
  report.version = program_version;
  report.host_id = machine_id();
  report.host_name = host_name();
  report.engine = engine_versions();
  report.simd = kernels::simd_target();
  const auto find = [&](Finding finding) { report.findings.push_back(std::move(finding)); };
  find({"versions", Verdict::ok,
        fmt::format("ocrscreen-worker {}, Tesseract {}, Leptonica {}, OpenCV {}", report.version,
                    report.engine.tesseract, report.engine.leptonica, report.engine.opencv)});
  const Result<Topology> topology = detect_topology();
  if (!topology) {
    find({"processors", Verdict::bad, topology.error().text});
    return report;
  }
  report.topology = *topology;
  report.hardware = hardware_of(*topology);
  const DeviceList devices = list_devices();
  report.hardware.gpus = devices.devices;
  report.placement = place_slots(*topology, options.slots, pixels_assumed);
  find(check_processors(*topology));
  find(check_memory(*topology));
  find({"simd", Verdict::ok, "the kernels run with " + report.simd});
  if (report.hardware.gpus.empty()) find({"gpu", Verdict::ok, "none: " + devices.why_none});
  for (const GpuInfo& device : report.hardware.gpus) {
    find({"gpu", Verdict::ok,
          fmt::format("{} (driver {}), {} units, {}; not used, all stages run on the processor", device.name,
                      device.driver, device.compute_units, bytes_text(device.memory_bytes))});
  }
  find(check_cache(options.cache));
  find(check_descriptors(report.placement.slots.size()));
  find(check_evaluator(*topology));
  find(check_loopback());
  find(check_clock());
  find({"models", Verdict::ok, "come from the coordinator; models installed here are not used"});
  std::string why;
  for (const std::string& reason : report.placement.reasons) why += (why.empty() ? "" : "; ") + reason;
  find({"slots", Verdict::ok, why});
  return report;
}

int print_doctor(const DoctorReport& report, bool json) {
  if (json) {
    fmt::print("{}\n", as_json(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_findings(report.findings);
  }
  return any_bad(report.findings) ? 2 : 0;
}

}  // namespace ocrs
