#include "worker/core/placement.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace ocrs {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;

/// Cores so that neighbours in the list share as little as possible: the nodes take turns.
std::vector<const TopologyCore*> spread_over_nodes(const Topology& topology) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<const TopologyCore*>> by_node;
  for (const TopologyCore& core : topology.usable_cores) by_node[{core.numa_node, core.package}].push_back(&core);
  std::vector<const TopologyCore*> order;
  for (std::size_t round = 0; order.size() < topology.usable_cores.size(); ++round) {
    for (const auto& [node, cores] : by_node) {
      if (round < cores.size()) order.push_back(cores[round]);
    }
  }
  return order;
}

void bind(const Topology& topology, Placement& placement) {
  const std::size_t count = placement.slots.size();
  const std::vector<const TopologyCore*> cores = spread_over_nodes(topology);
  if (count == cores.size()) {
    // Siblings idle: a slot may use either.
    for (std::size_t i = 0; i < count; ++i) placement.slots[i].units = cores[i]->units;
    placement.reasons.push_back("each evaluator is bound to a core of its own");
    return;
  }
  std::size_t next = 0;
  for (std::size_t sibling = 0; next < count; ++sibling) {
    for (const TopologyCore* core : cores) {
      if (next < count && sibling < core->units.size()) placement.slots[next++].units = {core->units[sibling]};
    }
  }
  placement.reasons.push_back("each evaluator is bound to a processing unit of its own");
}

std::uint32_t memory_slots(const Topology& topology, std::uint64_t bytes_each) {
  const std::uint64_t reserve = std::min(topology.memory_bytes / 10, 2 * gibibyte);
  const std::uint64_t free = topology.memory_free_bytes();
  const std::uint64_t usable = free > reserve ? free - reserve : 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(usable / std::max<std::uint64_t>(1, bytes_each), 65536));
}

std::string plural(std::uint32_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

std::uint32_t Topology::usable_units() const {
  std::uint32_t count = 0;
  for (const TopologyCore& core : usable_cores) count += static_cast<std::uint32_t>(core.units.size());
  return count;
}

std::uint64_t Topology::memory_free_bytes() const {
  if (!memory_limit_bytes) return memory_available_bytes;
  const std::uint64_t left =
      *memory_limit_bytes > memory_limit_used_bytes ? *memory_limit_bytes - memory_limit_used_bytes : 0;
  return std::min(memory_available_bytes, left);
}

std::uint64_t slot_bytes(std::uint64_t pixels) { return engine_bytes + bytes_per_pixel * pixels; }

std::uint64_t largest_page_pixels(const ScreeningSpec& screening) {
  std::uint64_t largest = 0;
  for (const PageSpec& page : screening.pages) {
    largest = std::max(largest, std::uint64_t{page.width} * page.height);
  }
  return largest;
}

std::uint64_t address_space_limit(const Topology& topology) {
  const std::uint64_t memory = topology.memory_limit_bytes
                                   ? std::min(*topology.memory_limit_bytes, topology.memory_bytes)
                                   : topology.memory_bytes;
  return std::max(4 * gibibyte, memory);
}

std::uint64_t recycle_limit(std::uint64_t bytes_each) { return std::max(2 * gibibyte, 3 * bytes_each); }

std::uint64_t memory_low_mark(const Topology& topology) {
  const std::uint64_t memory = topology.memory_limit_bytes
                                   ? std::min(*topology.memory_limit_bytes, topology.memory_bytes)
                                   : topology.memory_bytes;
  return std::clamp(memory / 20, gibibyte / 4, 2 * gibibyte);
}

std::uint64_t memory_high_mark(const Topology& topology) {
  return 2 * memory_low_mark(topology) + slot_bytes(pixels_assumed);
}

std::string bytes_text(std::uint64_t bytes) {
  const double value = static_cast<double>(bytes);
  const bool large = bytes >= gibibyte;
  const double shown = large ? value / static_cast<double>(gibibyte) : value / 1048576.0;
  const std::int64_t tenths = std::llround(shown * 10);
  if (!large) return std::to_string(std::llround(shown)) + " MiB";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GiB";
}

Placement place_slots(const Topology& topology, std::optional<std::uint32_t> wanted, std::uint64_t pixels) {
  Placement placement;
  const std::uint32_t units = std::max(1U, topology.usable_units());
  std::uint32_t count = units;
  placement.reasons.push_back("this process may use " + std::to_string(units) + " of " +
                              plural(std::max(units, topology.units), "processing unit", "processing units"));
  if (topology.cpu_quota && *topology.cpu_quota < units) {
    count = std::max(1U, static_cast<std::uint32_t>(std::lround(*topology.cpu_quota)));
    const std::int64_t hundredths = std::llround(*topology.cpu_quota * 100);
    const std::string fraction = std::to_string(hundredths % 100);
    placement.reasons.push_back("its control group grants the time of " + std::to_string(hundredths / 100) + "." +
                                (fraction.size() < 2 ? "0" + fraction : fraction) + " of them");
  }
  const std::uint32_t bearable = memory_slots(topology, slot_bytes(pixels));
  const std::string need = bytes_text(topology.memory_free_bytes()) +
                           " of memory are free and an evaluator needs about " + bytes_text(slot_bytes(pixels));
  if (wanted) {
    count = std::max(1U, *wanted);
    placement.reasons.push_back(plural(count, "slot was", "slots were") + " asked for");
    if (bearable < count)
      placement.reasons.push_back("memory bears only " + std::to_string(bearable) + " of them: " + need);
  } else if (bearable < count) {
    count = std::max(1U, bearable);
    placement.reasons.push_back(need + (bearable == 0 ? ": not enough for one, one is tried" : ""));
  } else {
    placement.reasons.push_back("memory suffices: " + need);
  }
  placement.slots.resize(count);
  const bool fills = count == units || count == topology.usable_cores.size();
  const bool throttled = topology.cpu_quota && *topology.cpu_quota < units;
  if (!wanted && fills && !throttled && !topology.usable_cores.empty()) {
    bind(topology, placement);
  } else {
    placement.reasons.push_back("evaluators are not bound: this worker does not fill the processors it may use");
  }
  placement.reasons.push_back(plural(count, "evaluator", "evaluators"));
  return placement;
}

std::uint32_t slots_that_fit(const Topology& topology, std::uint32_t slots, std::uint64_t bytes_each) {
  return std::clamp(memory_slots(topology, bytes_each), 1U, std::max(1U, slots));
}

}  // namespace ocrs
