#include "coordinator/io/live_access.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/core/result.hpp"
#include "common/io/endpoint.hpp"

namespace ocrs {
namespace {

constexpr std::string_view cookie_name = "ocrscreen";

/// Takes the same time wherever the texts differ.
bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

/// Without the port; brackets of IPv6 taken off. Empty when it is malformed.
std::string name_in(std::string_view header) {
  if (header.starts_with('[')) {
    const std::size_t end = header.find(']');
    return end == std::string_view::npos ? "" : lower(header.substr(1, end - 1));
  }
  std::string name = lower(header.substr(0, header.find(':')));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_number_address(const std::string& name) {
  const bool ipv6 = name.find(':') != std::string::npos;
  const bool ipv4 = std::count(name.begin(), name.end(), '.') == 3;
  return !name.empty() && (ipv6 || ipv4) &&
         name.find_first_not_of(ipv6 ? "0123456789abcdef:." : "0123456789.") == std::string::npos;
}

}  // namespace

std::string random_token() {
  std::array<std::uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw StartupError("the system gives no random numbers for the live page's token");
  }
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

LiveAccess::LiveAccess(std::string host, std::string own_name, std::string token)
    : host_(lower(host)), own_name_(lower(own_name)), token_(std::move(token)) {
  if (!token_.empty()) session_ = random_token();
}

bool LiveAccess::host_allowed(std::string_view header) const {
  const std::string name = name_in(header);
  if (name == "localhost" || is_loopback({name, 1})) return true;
  if (token_.empty() || name.empty()) return false;
  return name == host_ || name == own_name_ || name.starts_with(own_name_ + ".") || is_number_address(name);
}

bool LiveAccess::may_look(std::string_view authorization, std::string_view cookies) const {
  if (token_.empty()) return true;
  constexpr std::string_view bearer = "Bearer ";
  if (authorization.starts_with(bearer) && equal(authorization.substr(bearer.size()), token_)) return true;
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view one = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    const std::size_t is = one.find('=');
    if (is != std::string_view::npos && one.substr(0, is) == cookie_name && equal(one.substr(is + 1), session_))
      return true;
  }
  return false;
}

std::string LiveAccess::login(std::string_view token) const {
  if (token_.empty() || !equal(token, token_)) return "";
  return std::string(cookie_name) + "=" + session_ + "; HttpOnly; SameSite=Strict; Path=/";
}

}  // namespace ocrs
