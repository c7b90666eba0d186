// Who may look at the live page: the Host header must name this machine (a page of somebody else's name must not reach
// it through a browser here), and away from loopback a token is needed, in an Authorization header or exchanged for a
// cookie by the login form, never in an address. Decides only; opens nothing. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace ocrs {

/// 128 random bits as 32 hexadecimal digits.
[[nodiscard]] std::string random_token();

class LiveAccess {
 public:
  /// `host` is the address bound to; `own_name` this machine's. An empty `token` means that none is needed.
  LiveAccess(std::string host, std::string own_name, std::string token);

  [[nodiscard]] bool needs_token() const { return !token_.empty(); }
  /// `header` as sent: "localhost:8080", "[::1]:8080". Addresses in numbers cannot be rebound to another name.
  [[nodiscard]] bool host_allowed(std::string_view header) const;
  /// By "Authorization: Bearer TOKEN", or by the cookie that login gave.
  [[nodiscard]] bool may_look(std::string_view authorization, std::string_view cookies) const;
  /// The value of the Set-Cookie header for the right token, else empty.
  [[nodiscard]] std::string login(std::string_view token) const;

 private:
  std::string host_, own_name_, token_, session_;
};

}  // namespace ocrs
