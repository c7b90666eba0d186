// ZapHandler decides which CURVE keys may connect to the sockets of a context, by ZeroMQ's authentication protocol
// (rfc.zeromq.org/27). Must exist before the first bind: without it sockets with an enforced domain let nobody in,
// which is the right way to fail. The connection's User-Id becomes the public key. Owns one thread, which calls the
// judge.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "common/io/fd.hpp"
#include "common/io/socket.hpp"

namespace ocrs {

enum class KeyDecision {
  welcome,
  refuse,   // for good: the peer is told so (status 400)
  not_now,  // cannot be decided at the moment: the peer is told so and may come back (status 500)
};

class ZapHandler {
 public:
  /// `judge` gets the peer's public key (Z85) and address. Throws StartupError.
  using Judge = std::function<KeyDecision(const std::string& public_key, const std::string& address)>;
  ZapHandler(WireContext& context, std::string domain, Judge judge);
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

 private:
  void serve(void* socket);
  UniqueFd wake_;
  std::atomic<bool> stop_{false};
  std::string domain_;
  Judge judge_;
  std::thread thread_;
};

}  // namespace ocrs
