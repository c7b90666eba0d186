#include "common/io/endpoint.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ocrs {
namespace {

bool is_host_character(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view scheme = "tcp://";
  const Error expected{"expected tcp://HOST:PORT"};
  if (!text.starts_with(scheme)) return expected;
  text.remove_prefix(scheme.size());
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return expected;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);

  Endpoint endpoint;
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    in6_addr address{};
    const std::size_t zone = std::min(host.find('%'), host.size());  // "fe80::1%eth0"
    if (::inet_pton(AF_INET6, std::string(host.substr(0, zone)).c_str(), &address) != 1)
      return Error{"'" + std::string(host) + "' is not an IPv6 address"};
  } else if (host != "*" && !std::all_of(host.begin(), host.end(), is_host_character)) {
    return Error{"'" + std::string(host) + "' is not a host name or address (IPv6 goes in brackets)"};
  }
  endpoint.host = host;
  if (port == "*") return endpoint;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (port.empty() || failure != std::errc() || end != port.data() + port.size())
    return Error{"'" + std::string(port) + "' is not a port (0-65535)"};
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  const std::string host = brackets ? "[" + endpoint.host + "]" : endpoint.host;
  return "tcp://" + host + ":" + std::to_string(endpoint.port);
}

bool is_loopback(const Endpoint& endpoint) {
  in_addr v4{};
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6);
  }
  return endpoint.host == "localhost";
}

bool is_wildcard(const Endpoint& endpoint) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1) return IN6_IS_ADDR_UNSPECIFIED(&v6);
  return endpoint.host == "*" || endpoint.host == "0.0.0.0";
}

}  // namespace ocrs
