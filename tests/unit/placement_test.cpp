#include "worker/core/placement.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ocrs {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// `nodes` x `cores` cores with `siblings` units each, numbered as Linux does: first units of all cores, then seconds.
Topology machine(std::uint32_t nodes, std::uint32_t cores, std::uint32_t siblings, std::uint64_t memory = 512 * gib) {
  Topology topology;
  topology.packages = topology.numa_nodes = nodes;
  topology.cores = nodes * cores;
  topology.units = nodes * cores * siblings;
  topology.memory_bytes = topology.memory_available_bytes = memory;
  for (std::uint32_t i = 0; i < nodes * cores; ++i) {
    TopologyCore core;
    core.package = core.numa_node = i / cores;
    for (std::uint32_t s = 0; s < siblings; ++s) core.units.push_back(static_cast<int>(s * nodes * cores + i));
    topology.usable_cores.push_back(core);
  }
  return topology;
}

std::string story(const Placement& placement) {
  std::string text;
  for (const std::string& reason : placement.reasons) text += reason + "\n";
  return text;
}

TEST(Placement, FillsEveryProcessingUnitWithOneBoundEvaluator) {
  const Placement placement = place_slots(machine(2, 4, 2), {}, pixels_assumed);
  ASSERT_EQ(placement.slots.size(), 16U);
  std::set<int> taken;
  for (const PlacedSlot& slot : placement.slots) {
    ASSERT_EQ(slot.units.size(), 1U);
    EXPECT_TRUE(taken.insert(slot.units[0]).second) << "unit " << slot.units[0] << " twice";
  }
  EXPECT_EQ(placement.slots[0].units, std::vector{0});
  EXPECT_EQ(placement.slots[1].units, std::vector{4}) << "the second evaluator goes to the other memory node";
}

TEST(Placement, StartsFewerWhenMemoryIsShortAndSaysSo) {
  // 4 GiB less a tenth; 200 MiB + 32 bytes x 8.7 million = 466 MiB per evaluator at A4: 7.9.
  const Placement placement = place_slots(machine(1, 16, 1, 4 * gib), {}, pixels_assumed);
  EXPECT_EQ(placement.slots.size(), 7U);
  EXPECT_NE(story(placement).find("4.0 GiB of memory are free"), std::string::npos) << story(placement);
  const Placement huge_pages = place_slots(machine(1, 16, 1, 4 * gib), {}, 60'000'000);
  EXPECT_EQ(huge_pages.slots.size(), 1U);
}

TEST(Placement, ALimitOfTheControlGroupCountsWithWhatIsUsedOfIt) {
  Topology topology = machine(1, 16, 1);
  topology.memory_limit_bytes = 60 * gib;
  topology.memory_limit_used_bytes = 56 * gib;
  EXPECT_EQ(topology.memory_free_bytes(), 4 * gib);
  EXPECT_EQ(place_slots(topology, {}, pixels_assumed).slots.size(), 4U) << "2 GiB of it are kept in reserve";
}

TEST(Placement, OneEvaluatorIsTriedHoweverLittleMemoryThereIs) {
  const Placement placement = place_slots(machine(1, 4, 1, gib / 4), {}, pixels_assumed);
  EXPECT_EQ(placement.slots.size(), 1U);
  EXPECT_NE(story(placement).find("not enough for one"), std::string::npos);
}

TEST(Placement, AQuotaOfTheControlGroupLimitsTheCountAndBindsNothing) {
  Topology topology = machine(1, 16, 2);
  topology.cpu_quota = 2.5;
  const Placement placement = place_slots(topology, {}, pixels_assumed);
  EXPECT_EQ(placement.slots.size(), 3U);
  EXPECT_TRUE(placement.slots[0].units.empty());
  EXPECT_NE(story(placement).find("2.50"), std::string::npos) << story(placement);
  topology.cpu_quota = 0.2;
  EXPECT_EQ(place_slots(topology, {}, pixels_assumed).slots.size(), 1U);
}

TEST(Placement, AnAskedForCountIsKeptAndLeftUnboundSinceOtherWorkersMayShareTheMachine) {
  const Placement placement = place_slots(machine(1, 8, 1), 1, pixels_assumed);
  ASSERT_EQ(placement.slots.size(), 1U);
  EXPECT_TRUE(placement.slots[0].units.empty());
  EXPECT_EQ(place_slots(machine(1, 8, 1), 20, pixels_assumed).slots.size(), 20U);
}

TEST(Placement, AHostOfWhichNothingIsKnownGetsOneUnboundEvaluator) {
  const Placement placement = place_slots(Topology{}, {}, pixels_assumed);
  ASSERT_EQ(placement.slots.size(), 1U);
  EXPECT_TRUE(placement.slots[0].units.empty());
}

TEST(Placement, WritesSizesAsPeopleReadThem) {
  EXPECT_EQ(bytes_text(3 * gib / 2), "1.5 GiB");
  EXPECT_EQ(bytes_text(engine_bytes), "200 MiB");
}

TEST(Placement, LargePagesLeaveSomeOfTheSlotsUnused) {
  const Topology topology = machine(1, 8, 1, 8 * gib);
  EXPECT_EQ(slots_that_fit(topology, 8, slot_bytes(pixels_assumed)), 8U);
  EXPECT_EQ(slots_that_fit(topology, 8, slot_bytes(30'000'000)), 6U);
  EXPECT_EQ(slots_that_fit(topology, 8, slot_bytes(200'000'000)), 1U);
}

}  // namespace
}  // namespace ocrs
