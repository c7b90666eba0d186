// The identifiers of a screening as types, so that a page can never be passed where a point is meant.
// Plain values: comparable, hashable, without I/O. See DESIGN words: screening, page, point, evaluation, batch, lane.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ocrs {

/// Sobol index of a design point; -1 is the baseline, the untouched page.
struct PointIndex {
  std::int64_t value = 0;
  auto operator<=>(const PointIndex&) const = default;
};
inline constexpr PointIndex baseline_point{-1};

/// Position of a page in the screening's list of distinct pages.
struct PageIndex {
  std::uint32_t value = 0;
  auto operator<=>(const PageIndex&) const = default;
};

/// One point on one page. Orders by page, then point.
struct EvaluationId {
  PageIndex page;
  PointIndex point;
  auto operator<=>(const EvaluationId&) const = default;
};

/// What the coordinator numbers a batch with; unique within one coordinator incarnation and never reused there.
struct BatchId {
  std::uint64_t value = 0;
  auto operator<=>(const BatchId&) const = default;
};

/// Which try of an evaluation this is, from 1.
struct Attempt {
  std::uint32_t value = 0;
  auto operator<=>(const Attempt&) const = default;
};

/// A lane is one queue of batches on a worker; it feeds one evaluator slot.
struct LaneIndex {
  std::uint32_t value = 0;
  auto operator<=>(const LaneIndex&) const = default;
};

/// BLAKE2b-256 of a file's bytes (pages, ground truth, models, readings).
struct ContentHash {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const ContentHash&) const = default;
};

/// Identifies one incarnation-independent worker (state folder); random, 128 bits.
struct WorkerUuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const WorkerUuid&) const = default;
};

/// Lower-case hexadecimal, two digits per byte.
[[nodiscard]] std::string to_hex(const std::uint8_t* bytes, std::size_t count);
[[nodiscard]] std::string to_hex(const ContentHash& hash);
[[nodiscard]] std::string to_hex(const WorkerUuid& uuid);
/// Reverse of to_hex for exactly 64 digits, else nullopt.
[[nodiscard]] std::optional<ContentHash> content_hash_from_hex(std::string_view text);

}  // namespace ocrs

template <>
struct std::hash<ocrs::EvaluationId> {
  std::size_t operator()(const ocrs::EvaluationId& id) const noexcept {
    const std::uint64_t mixed =
        (static_cast<std::uint64_t>(id.page.value) << 40) ^ static_cast<std::uint64_t>(id.point.value + 1);
    return std::hash<std::uint64_t>{}(mixed * 0x9E3779B97F4A7C15ULL);
  }
};

template <>
struct std::hash<ocrs::ContentHash> {
  std::size_t operator()(const ocrs::ContentHash& content) const noexcept {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < 8; ++i) first = (first << 8) | content.bytes[i];
    return static_cast<std::size_t>(first);
  }
};
