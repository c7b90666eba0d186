// The ZeroMQ sockets of the project, with every option set here: mandatory routing, sends that never block, bounded
// linger and queues, message size limit, keepalive. Knows no message (codec) and no protocol state (server, client).
// A socket belongs to the thread that made it; WireContext may be shared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/codec.hpp"
#include "common/core/result.hpp"
#include "common/io/endpoint.hpp"

namespace ocrs {

/// The ZeroMQ context: made once in main (or a test), outlives every socket. Does not survive fork: exec children.
class WireContext {
 public:
  explicit WireContext(int io_threads = 1, int sockets_max = 4096);
  ~WireContext();
  WireContext(const WireContext&) = delete;
  WireContext& operator=(const WireContext&) = delete;
  [[nodiscard]] void* handle() const;

 private:
  friend class WireSocket;
  struct State;
  std::unique_ptr<State> state_;
};

/// CURVE keys as 40 characters of Z85.
struct CurveKeys {
  std::string public_key, secret_key;  // this side's
  std::string server_key;              // the server's public key; set on connecting sockets only
};

struct SocketOptions {
  std::optional<CurveKeys> curve;
  std::string zap_domain = "ocrscreen";  // bound sockets with curve: enforced, without a ZAP handler nobody gets in
  std::chrono::milliseconds linger{2000};
  std::chrono::milliseconds reconnect_min{1000}, reconnect_max{30000};  // libzmq doubles and adds jitter
  int queue_max = 1000;  // messages per peer and direction (SNDHWM, RCVHWM)
  std::size_t message_bytes_max = frame_bytes_max;
};

enum class Delivery { sent, unreachable, would_block };

/// What the transport noticed. `peer` is an address for people; `text` says why a handshake failed.
enum class SocketEventKind { connected, accepted, ready, disconnected, retrying, handshake_failed };
enum class HandshakeFailure {
  none,
  hung_up,    // the peer closed or fell silent: a wrong server key looks so to the worker
  mechanism,  // one side uses CURVE and the other does not
  keys,       // what came does not decrypt
  refused,    // by the ZAP handler, for good
  not_now,    // by the ZAP handler, for a while
  foreign,    // the peer does not speak ZMTP
};
struct SocketEvent {
  SocketEventKind kind = SocketEventKind::connected;
  std::string peer, text;
  HandshakeFailure failure = HandshakeFailure::none;  // of handshake_failed
};
[[nodiscard]] std::string_view to_string(SocketEventKind kind);

struct RoutedFrame {
  std::string routing;  // the connection's routing id
  std::string bytes;
  std::string peer;  // "192.0.2.7", for people; empty when unknown
  std::string user;  // User-Id the ZAP handler gave the connection; empty without CURVE
};

/// Options and life of any socket of this project; use RouterSocket or DealerSocket.
class WireSocket {
 public:
  ~WireSocket();
  WireSocket(WireSocket&&) noexcept;
  WireSocket& operator=(WireSocket&&) noexcept;
  WireSocket(const WireSocket&) = delete;
  WireSocket& operator=(const WireSocket&) = delete;

  /// For wait_ready().
  [[nodiscard]] void* handle() const;
  /// For wait_ready(): readable when events() has something new.
  [[nodiscard]] void* events_handle() const;
  /// What happened on the transport since the last call; never blocks. A router keeps the last 1000.
  [[nodiscard]] std::vector<SocketEvent> events();
  /// Messages dropped because they were not the one frame this project sends.
  [[nodiscard]] std::uint64_t malformed() const;

 protected:
  WireSocket(WireContext& context, int type, const SocketOptions& options, bool server);
  struct State;
  std::unique_ptr<State> state_;
};

class RouterSocket : public WireSocket {
 public:
  /// Throws StartupError when the socket cannot be made (bad keys, no CURVE in libzmq).
  RouterSocket(WireContext& context, const SocketOptions& options = {});
  /// Binds and returns the actual endpoint, a wildcard port (0 or *) resolved. Throws StartupError:
  /// "cannot bind tcp://127.0.0.1:5555: Address already in use".
  std::string bind(const std::string& endpoint);
  /// The next frame, if one is there; never blocks.
  [[nodiscard]] std::optional<RoutedFrame> receive();
  /// Never blocks: unreachable = no such connection any more, would_block = its queue is full.
  [[nodiscard]] Delivery send(const std::string& routing, std::string_view bytes);
};

class DealerSocket : public WireSocket {
 public:
  /// A fresh random routing id: a worker that suspects its connection destroys the socket and makes a new one, because
  /// libzmq reconnects silently and may lose what was queued.
  DealerSocket(WireContext& context, const SocketOptions& options = {});
  /// Starts connecting in the background; events() tells how it goes. Error for an endpoint that cannot be parsed.
  [[nodiscard]] Result<void> connect(const std::string& endpoint);
  [[nodiscard]] std::optional<std::string> receive();
  /// would_block = not connected, or the queue is full. Never `unreachable`.
  [[nodiscard]] Delivery send(std::string_view bytes);
};

/// One thing to wait for: a WireSocket's handle, or a file descriptor.
struct WaitItem {
  void* socket = nullptr;
  int descriptor = -1;
  bool want_write = false;
  bool readable = false, writable = false;  // the answer; an error or hang-up of a descriptor counts as readable
};
/// Waits until something is ready or the time is over; false = nothing is. A signal ends the wait early.
bool wait_ready(std::vector<WaitItem>& items, std::chrono::milliseconds timeout);

/// A fresh CURVE key pair (server_key empty). Error when libzmq has no CURVE.
[[nodiscard]] Result<CurveKeys> make_curve_keys();
/// 40 characters of Z85.
[[nodiscard]] bool is_curve_key(const std::string& text);
/// The public key that belongs to a secret one.
[[nodiscard]] Result<std::string> curve_public_key(const std::string& secret_key);

}  // namespace ocrs
