// LivePage serves a running screening to browsers and to Prometheus: read-only, from threads of its own. Progress comes
// from the moments the loop publishes, results from the journal by a reader of its own, at most every few seconds: the
// loop neither waits for it nor works for it. The only user of cpp-httplib.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "coordinator/io/live_state.hpp"

namespace ocrs {

class LivePage {
 public:
  /// `address` is ADDR:PORT ("127.0.0.1:8080", port 0 = any). Away from loopback a token is made in DIR/http.token.
  /// Throws StartupError when it cannot be bound or is no address.
  LivePage(const std::string& address, LiveTitle title, const std::filesystem::path& dir);
  ~LivePage();
  LivePage(const LivePage&) = delete;
  LivePage& operator=(const LivePage&) = delete;

  [[nodiscard]] LiveState& state();
  /// "http://127.0.0.1:8080/".
  [[nodiscard]] const std::string& url() const;
  /// Where the token is; empty when none is needed.
  [[nodiscard]] const std::string& token_file() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Throws StartupError unless it is ADDR:PORT.
void check_http_address(const std::string& address);

}  // namespace ocrs
