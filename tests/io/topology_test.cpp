#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/scratch_dir.hpp"
#include "worker/core/placement.hpp"
#include "worker/io/cgroup.hpp"
#include "worker/io/hwloc_topology.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// A file system root with what the kernel would show.
class FakeRoot {
 public:
  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = dir_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  test::ScratchDir dir_;
};

Topology detect(const std::string& synthetic) {
  Result<Topology> topology = detect_topology({synthetic, "/"});
  EXPECT_TRUE(topology.ok());
  return std::move(topology).value();
}

TEST(HwlocTopology, SeesPackagesNodesCoresAndSiblings) {
  const Topology topology = detect("pack:2 [numa] core:4 pu:2");
  EXPECT_EQ(topology.packages, 2U);
  EXPECT_EQ(topology.numa_nodes, 2U);
  EXPECT_EQ(topology.cores, 8U);
  EXPECT_EQ(topology.units, 16U);
  ASSERT_EQ(topology.usable_cores.size(), 8U);
  EXPECT_EQ(topology.usable_cores[0].units, (std::vector{0, 1}));
  EXPECT_EQ(topology.usable_cores[7].package, 1U);
  EXPECT_EQ(topology.usable_cores[7].numa_node, 1U);
}

TEST(HwlocTopology, UsesOperatingSystemNumbersForBinding) {
  // Linux numbers first siblings of all cores, then the second ones.
  const Topology topology = detect("core:2 pu:2(indexes=0,2,1,3)");
  ASSERT_EQ(topology.usable_cores.size(), 2U);
  EXPECT_EQ(topology.usable_cores[0].units, (std::vector{0, 2}));
  EXPECT_EQ(topology.usable_cores[1].units, (std::vector{1, 3}));
}

TEST(HwlocTopology, AnUnknownDescriptionIsAnErrorThatQuotesIt) {
  const Result<Topology> topology = detect_topology({"nonsense:4", "/"});
  ASSERT_FALSE(topology.ok());
  EXPECT_NE(topology.error().text.find("nonsense:4"), std::string::npos);
}

TEST(HwlocTopology, ThisMachineHasAUsableUnitAndMemory) {
  const Result<Topology> topology = detect_topology();
  ASSERT_TRUE(topology.ok());
  EXPECT_GE(topology->usable_units(), 1U);
  EXPECT_LE(topology->usable_units(), topology->units);
  EXPECT_GT(topology->memory_bytes, 0U);
  EXPECT_GT(topology->memory_available_bytes, 0U);
  EXPECT_LE(topology->memory_available_bytes, topology->memory_bytes);
}

TEST(HwlocTopology, RespectsTheAffinityItWasStartedWith) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(first), &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(first), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Result<Topology> topology = detect_topology();
  sched_setaffinity(0, sizeof before, &before);
  ASSERT_TRUE(topology.ok());
  EXPECT_EQ(topology->usable_units(), 1U);
  EXPECT_EQ(place_slots(*topology, {}, 1).slots.size(), 1U);
}

TEST(HwlocTopology, ASyntheticMachineOfManyCoresIsFilledOnceEach) {
  Topology topology = detect("pack:4 [numa] core:16 pu:2");
  topology.memory_bytes = topology.memory_available_bytes = 1024 * gib;
  const Placement placement = place_slots(topology, {}, pixels_assumed);
  EXPECT_EQ(placement.slots.size(), 128U);
}

constexpr char mounts_v2[] = "24 1 0:20 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

TEST(Cgroup, Version2LimitsOfTheGroupAndItsAncestorsCount) {
  FakeRoot root;
  root.put("proc/self/mountinfo", mounts_v2);
  root.put("proc/self/cgroup", "0::/lab/worker\n");
  root.put("sys/fs/cgroup/lab/worker/cpu.max", "300000 100000\n");
  root.put("sys/fs/cgroup/lab/cpu.max", "150000 100000\n");
  root.put("sys/fs/cgroup/lab/worker/memory.max", "max\n");
  root.put("sys/fs/cgroup/lab/memory.max", "4294967296\n");
  root.put("sys/fs/cgroup/lab/memory.current", "2147483648\n");
  root.put("sys/fs/cgroup/lab/memory.stat", "anon 1073741824\ninactive_file 1073741824\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  ASSERT_TRUE(limits.cpu_quota);
  EXPECT_DOUBLE_EQ(*limits.cpu_quota, 1.5);
  EXPECT_EQ(limits.memory_bytes, 4 * gib);
  EXPECT_EQ(limits.memory_used_bytes, 1 * gib) << "page cache that can be dropped is not used";
}

TEST(Cgroup, Version2WithoutLimitsLimitsNothing) {
  FakeRoot root;
  root.put("proc/self/mountinfo", mounts_v2);
  root.put("proc/self/cgroup", "0::/\n");
  root.put("sys/fs/cgroup/cpu.max", "max 100000\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_FALSE(limits.cpu_quota);
  EXPECT_FALSE(limits.memory_bytes);
}

TEST(Cgroup, Version1ControllersAreFoundInTheirOwnMounts) {
  FakeRoot root;
  root.put("proc/self/mountinfo",
           "30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
           "31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  root.put("proc/self/cgroup", "4:cpu,cpuacct:/slurm/job7\n3:memory:/slurm/job7\n0::/\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/slurm/job7/cpu.cfs_quota_us", "200000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/slurm/job7/cpu.cfs_period_us", "100000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  root.put("sys/fs/cgroup/memory/slurm/job7/memory.limit_in_bytes", "3221225472\n");
  root.put("sys/fs/cgroup/memory/slurm/job7/memory.usage_in_bytes", "1073741824\n");
  root.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  ASSERT_TRUE(limits.cpu_quota);
  EXPECT_DOUBLE_EQ(*limits.cpu_quota, 2.0);
  EXPECT_EQ(limits.memory_bytes, 3 * gib);
  EXPECT_EQ(limits.memory_used_bytes, 1 * gib);
}

TEST(Cgroup, InAContainerThatShowsTheHostsPathTheMountedGroupCounts) {
  FakeRoot root;
  root.put("proc/self/mountinfo", "31 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  root.put("proc/self/cgroup", "3:memory:/docker/abc\n");
  root.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(read_cgroup_limits(root.path()).memory_bytes, gib);
}

TEST(Cgroup, AHostWithoutControlGroupsLimitsNothing) {
  const FakeRoot root;
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_FALSE(limits.cpu_quota);
  EXPECT_FALSE(limits.memory_bytes);
}

}  // namespace
}  // namespace ocrs
