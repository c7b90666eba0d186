// Endpoints as users write them: "tcp://HOST:PORT". Opens no socket and asks no name server. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/core/result.hpp"

namespace ocrs {

/// "tcp://HOST:PORT" taken apart; HOST may be a name, an IPv4 address, "[IPv6]", or "*".
struct Endpoint {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0 = any
  bool operator==(const Endpoint&) const = default;
};
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);
/// Only this machine can reach it: 127.0.0.0/8, ::1, "localhost".
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);
/// The endpoint means every interface: "*", "0.0.0.0", "::".
[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);

}  // namespace ocrs
