// How much memory this process has, had and may still ask for, as Linux tells it. Decides nothing. Any thread.
#pragma once

#include <cstdint>

namespace ocrs {

/// Bytes in memory now, and the most there ever were; 0 where it cannot be told.
[[nodiscard]] std::uint64_t resident_bytes();
[[nodiscard]] std::uint64_t peak_resident_bytes();

/// What is left below the limit of the address space (RLIMIT_AS); UINT64_MAX without a limit.
[[nodiscard]] std::uint64_t address_space_left();

}  // namespace ocrs
