// The verbs' end of DIR/control.sock. Blocks, with a time limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "common/core/result.hpp"
#include "coordinator/io/control_messages.hpp"

namespace ocrs {

/// Asks the coordinator that works in DIR; nullopt = none does. The socket is DIR/control.sock.
[[nodiscard]] Result<std::optional<ControlReply>> ask_coordinator(
    const std::filesystem::path& socket, const ControlRequest& request,
    std::chrono::milliseconds patience = std::chrono::seconds{20});

}  // namespace ocrs
