#include "worker/io/cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// A version 1 limit that means "none" is a number near 2^63.
constexpr std::uint64_t no_limit = std::uint64_t{1} << 60;

struct Mount {
  std::string root;  // the part of the hierarchy that is mounted
  fs::path point;
  bool version2 = false;
  std::vector<std::string> controllers;  // version 1
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Mount> read_mounts(const fs::path& root) {
  std::vector<Mount> mounts;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    // 31 23 0:27 ROOT POINT options [optional fields] - TYPE source super-options
    const std::vector<std::string> fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || fields.end() - dash < 4) continue;
    const std::string& type = *(dash + 1);
    if (type != "cgroup" && type != "cgroup2") continue;
    Mount mount{fields[3], fs::path(fields[4]).relative_path(), type == "cgroup2", {}};
    if (!mount.version2) mount.controllers = split(*(dash + 3), ',');
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

/// The folder of this process's group in a mounted hierarchy.
fs::path group_folder(const fs::path& root, const Mount& mount, const std::string& group) {
  const fs::path top = root / mount.point;
  std::string below = group;
  if (mount.root != "/" && below.starts_with(mount.root)) below.erase(0, mount.root.size());
  const fs::path folder = top / fs::path(below).relative_path();
  std::error_code none;
  // Inside a container the path may be the host's; what is mounted is then the container's own group.
  return fs::is_directory(folder, none) ? folder : top;
}

std::optional<std::string> first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> number_in(const fs::path& path) {
  const auto line = first_line(path);
  return line ? number(*line) : std::nullopt;
}

std::uint64_t stat_value(const fs::path& path, const std::string& key) {
  std::ifstream file(path);
  std::string name;
  std::uint64_t value = 0;
  while (file >> name >> value) {
    if (name == key) return value;
  }
  return 0;
}

void tighten_cpu(CgroupLimits& limits, std::int64_t quota, std::int64_t period) {
  if (quota <= 0 || period <= 0) return;
  const double share = static_cast<double>(quota) / static_cast<double>(period);
  limits.cpu_quota = std::min(limits.cpu_quota.value_or(share), share);
}

void tighten_memory(CgroupLimits& limits, std::int64_t limit, std::int64_t usage, std::uint64_t reclaimable) {
  if (limit < 0 || static_cast<std::uint64_t>(limit) >= no_limit) return;
  const auto bytes = static_cast<std::uint64_t>(limit);
  const auto charged = static_cast<std::uint64_t>(std::max<std::int64_t>(usage, 0));
  const std::uint64_t used = charged - std::min(charged, reclaimable);
  const auto left = [](std::uint64_t all, std::uint64_t taken) { return all - std::min(all, taken); };
  if (limits.memory_bytes && left(*limits.memory_bytes, limits.memory_used_bytes) <= left(bytes, used)) return;
  limits.memory_bytes = bytes;
  limits.memory_used_bytes = used;
}

void read_version2(CgroupLimits& limits, const fs::path& folder) {
  if (const auto line = first_line(folder / "cpu.max")) {
    const std::vector<std::string> fields = split(*line, ' ');  // "max 100000" or "150000 100000"
    if (fields.size() == 2) tighten_cpu(limits, number(fields[0]).value_or(0), number(fields[1]).value_or(0));
  }
  if (const auto limit = number_in(folder / "memory.max")) {
    tighten_memory(limits, *limit, number_in(folder / "memory.current").value_or(0),
                   stat_value(folder / "memory.stat", "inactive_file"));
  }
}

void read_version1(CgroupLimits& limits, const fs::path& folder) {
  tighten_cpu(limits, number_in(folder / "cpu.cfs_quota_us").value_or(0),
              number_in(folder / "cpu.cfs_period_us").value_or(0));
  if (const auto limit = number_in(folder / "memory.limit_in_bytes")) {
    tighten_memory(limits, *limit, number_in(folder / "memory.usage_in_bytes").value_or(0),
                   stat_value(folder / "memory.stat", "total_inactive_file"));
  }
}

}  // namespace

CgroupLimits read_cgroup_limits(const fs::path& root) {
  CgroupLimits limits;
  const std::vector<Mount> mounts = read_mounts(root);
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // "0::/user.slice" for version 2, "4:cpu,cpuacct:/docker/abc" for version 1
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::vector<std::string> controllers = split(line.substr(first + 1, second - first - 1), ',');
    const std::string group = line.substr(second + 1);
    for (const Mount& mount : mounts) {
      const bool fits = controllers.empty()
                            ? mount.version2
                            : std::any_of(controllers.begin(), controllers.end(), [&](const std::string& controller) {
                                return std::count(mount.controllers.begin(), mount.controllers.end(), controller) > 0;
                              });
      if (!fits) continue;
      const fs::path top = root / mount.point;
      for (fs::path folder = group_folder(root, mount, group);; folder = folder.parent_path()) {
        mount.version2 ? read_version2(limits, folder) : read_version1(limits, folder);
        if (folder == top || !folder.has_relative_path()) break;
      }
    }
  }
  return limits;
}

}  // namespace ocrs
