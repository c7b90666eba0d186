// Placement decides how many evaluators a machine bears and to which processing units each is bound, and says why.
// It starts nothing and detects nothing (io/hwloc_topology).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/screening_spec.hpp"
#include "worker/core/topology.hpp"

namespace ocrs {

/// What an evaluator needs beside its images: code, models, Tesseract's own structures. Measured: 120 MiB with one
/// language; two languages and their dictionaries stay below this.
inline constexpr std::uint64_t engine_bytes = std::uint64_t{200} << 20;
/// Peak bytes per pixel of the page through stages and recognition. Measured: 12 to 15 on pages of 8.7 to 20 million
/// pixels (the whole `standard` chain; scaled by 1.4, denoised and binarised); twice that leaves room for inpainting.
inline constexpr std::uint64_t bytes_per_pixel = 32;
/// A4 at 300 dpi: assumed until the screening's pages are known.
inline constexpr std::uint64_t pixels_assumed = 8'700'000;

/// engine + bytes per pixel x pixels.
[[nodiscard]] std::uint64_t slot_bytes(std::uint64_t pixels);
/// Pixels of a screening's largest page.
[[nodiscard]] std::uint64_t largest_page_pixels(const ScreeningSpec& screening);
/// A ceiling for an evaluator's address space: generous, since maps and libraries count, yet short of taking the
/// machine.
[[nodiscard]] std::uint64_t address_space_limit(const Topology& topology);

struct PlacedSlot {
  std::vector<int> units;  // OS numbers; empty = wherever the process may run
  bool operator==(const PlacedSlot&) const = default;
};

struct Placement {
  std::vector<PlacedSlot> slots;     // at least one
  std::vector<std::string> reasons;  // sentences, in the order the decisions were taken
};

/// `wanted` slots, or as many as processors and memory bear (never less than one).
///   processors: one slot per usable processing unit, at most the cgroup's quota, rounded;
///   memory: what is free, less a reserve of a tenth of the machine (at most 2 GiB), divided by slot_bytes(pixels).
/// Slots are bound only when the worker fills what it may use: else other workers may share the machine, and the
/// kernel sees more than this process.
[[nodiscard]] Placement place_slots(const Topology& topology, std::optional<std::uint32_t> wanted,
                                    std::uint64_t pixels);

/// How many of `slots` evaluators fit into memory when each needs that many bytes (slot_bytes, or measured:
/// memory_need.hpp); at least one.
[[nodiscard]] std::uint32_t slots_that_fit(const Topology& topology, std::uint32_t slots, std::uint64_t bytes_each);

/// An evaluator larger than this between batches has grown, not only worked: thrice what a page needs, at least 2 GiB.
[[nodiscard]] std::uint64_t recycle_limit(std::uint64_t bytes_each);
/// Less free memory than the low mark parks a lane (a twentieth of the machine, 256 MiB to 2 GiB); more than the high
/// mark brings one back, and is so much higher that its return cannot park it again.
[[nodiscard]] std::uint64_t memory_low_mark(const Topology& topology);
[[nodiscard]] std::uint64_t memory_high_mark(const Topology& topology);

/// "1.5 GiB", "200 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace ocrs
