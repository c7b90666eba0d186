#include "common/io/socket.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>
#include <zmq.hpp>

#include "common/core/check.hpp"
#include "common/io/host.hpp"

namespace ocrs {
namespace {

constexpr std::size_t events_max = 1000;  // kept while nobody asks for them
constexpr int zap_enforce_domain = 93;    // zmq.h names it only in draft builds; every build has it
constexpr int monitored = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_ACCEPTED |
                          ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

std::optional<SocketEvent> event_of(int event, std::uint32_t value, std::string peer) {
  const auto failed = [&](HandshakeFailure failure, std::string text) {
    return SocketEvent{SocketEventKind::handshake_failed, std::move(peer), std::move(text), failure};
  };
  switch (event) {
    case ZMQ_EVENT_CONNECTED:
      return SocketEvent{SocketEventKind::connected, std::move(peer), "", {}};
    case ZMQ_EVENT_ACCEPTED:
      return SocketEvent{SocketEventKind::accepted, std::move(peer), "", {}};
    case ZMQ_EVENT_DISCONNECTED:
      return SocketEvent{SocketEventKind::disconnected, std::move(peer), "", {}};
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return SocketEvent{SocketEventKind::ready, std::move(peer), "", {}};
    case ZMQ_EVENT_CONNECT_RETRIED:
      return SocketEvent{
          SocketEventKind::retrying, std::move(peer), "next try in " + std::to_string(value) + " ms", {}};
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return failed(HandshakeFailure::hung_up,
                    value == 0 || value == EPIPE ? "the peer hung up" : zmq_strerror(static_cast<int>(value)));
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      if (value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) return failed(HandshakeFailure::keys, "the keys do not fit");
      if (value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
        return failed(HandshakeFailure::mechanism, "one side uses CURVE and the other does not");
      return failed(HandshakeFailure::foreign, "the peer does not speak ZMTP (error " + std::to_string(value) + ")");
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      if (value == 400) return failed(HandshakeFailure::refused, "the key was refused");
      return failed(HandshakeFailure::not_now, "the key cannot be checked now (status " + std::to_string(value) + ")");
    default:
      return std::nullopt;
  }
}

/// A property of the connection a message came by; empty when it has none.
std::string property(const zmq::message_t& message, const char* name) {
  const char* value = zmq_msg_gets(const_cast<zmq_msg_t*>(message.handle()), name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

// ---- context ----

struct WireContext::State {
  zmq::context_t context;
};

WireContext::WireContext(int io_threads, int sockets_max) : state_(std::make_unique<State>()) {
  state_->context.set(zmq::ctxopt::io_threads, io_threads);
  state_->context.set(zmq::ctxopt::max_sockets, sockets_max);
}
WireContext::~WireContext() = default;
void* WireContext::handle() const { return state_->context.handle(); }

// ---- any socket ----

struct WireSocket::State {
  zmq::socket_t socket;
  zmq::socket_t monitor;
  std::deque<SocketEvent> events;
  std::uint64_t malformed = 0;

  void set(int option, int value, const char* name) { set(option, &value, sizeof value, name); }
  void set(int option, const std::string& value, const char* name) { set(option, value.c_str(), value.size(), name); }
  void set(int option, const void* value, std::size_t size, const char* name) {
    if (zmq_setsockopt(socket.handle(), option, value, size) != 0)
      throw StartupError(std::string("cannot set the socket's ") + name + ": " + zmq_strerror(zmq_errno()));
  }

  void set_all(const SocketOptions& options, bool server);
  void set_curve(const SocketOptions& options, bool server);
  void watch(zmq::context_t& context);
  void collect_events();
  [[nodiscard]] bool receive(zmq::message_t& part);
  void drop_rest();
  [[nodiscard]] Delivery send(zmq::const_buffer part, bool more);
};

void WireSocket::State::set_all(const SocketOptions& options, bool server) {
  set(ZMQ_LINGER, static_cast<int>(options.linger.count()), "linger");
  set(ZMQ_SNDHWM, options.queue_max, "send queue");
  set(ZMQ_RCVHWM, options.queue_max, "receive queue");
  const auto message_bytes_max = static_cast<std::int64_t>(options.message_bytes_max);
  set(ZMQ_MAXMSGSIZE, &message_bytes_max, sizeof message_bytes_max, "message size limit");
  // A dead peer's connection is found by the network too, long after the heartbeats of the protocol above.
  set(ZMQ_TCP_KEEPALIVE, 1, "keepalive");
  set(ZMQ_TCP_KEEPALIVE_IDLE, 60, "keepalive");
  set(ZMQ_TCP_KEEPALIVE_INTVL, 15, "keepalive");
  set(ZMQ_TCP_KEEPALIVE_CNT, 4, "keepalive");
  set(ZMQ_HANDSHAKE_IVL, 15000, "handshake limit");
  if (server) {
    set(ZMQ_ROUTER_MANDATORY, 1, "mandatory routing");
    set(ZMQ_BACKLOG, 1024, "backlog");
  } else {
    set(ZMQ_IMMEDIATE, 1, "immediate mode");
    set(ZMQ_RECONNECT_IVL, static_cast<int>(options.reconnect_min.count()), "reconnect interval");
    set(ZMQ_RECONNECT_IVL_MAX, static_cast<int>(options.reconnect_max.count()), "reconnect interval");
    // libzmq reserves ids that begin with a zero byte.
    set(ZMQ_ROUTING_ID, "w" + random_bytes(16), "routing id");
  }
  if (options.curve) set_curve(options, server);
}

void WireSocket::State::set_curve(const SocketOptions& options, bool server) {
  if (zmq_has("curve") == 0) throw StartupError("this libzmq was built without CURVE");
  set(ZMQ_CURVE_SECRETKEY, options.curve->secret_key, "secret key");
  if (server) {
    set(ZMQ_CURVE_SERVER, 1, "CURVE role");
    // Without a ZAP handler libzmq would let any key in; with the domain enforced it lets none in.
    set(ZMQ_ZAP_DOMAIN, options.zap_domain, "ZAP domain");
    set(zap_enforce_domain, 1, "ZAP domain");
  } else {
    set(ZMQ_CURVE_PUBLICKEY, options.curve->public_key, "public key");
    set(ZMQ_CURVE_SERVERKEY, options.curve->server_key, "server key");
  }
}

void WireSocket::State::watch(zmq::context_t& context) {
  static std::atomic<std::uint64_t> counter{0};
  const std::string address = "inproc://ocrs-monitor-" + std::to_string(counter++);
  if (zmq_socket_monitor(socket.handle(), address.c_str(), monitored) != 0)
    throw StartupError(std::string("cannot watch a socket: ") + zmq_strerror(zmq_errno()));
  monitor = zmq::socket_t(context, zmq::socket_type::pair);
  // Unbounded: libzmq's own thread would block on a full queue, and every connection with it.
  monitor.set(zmq::sockopt::rcvhwm, 0);
  monitor.set(zmq::sockopt::linger, 0);
  monitor.connect(address);
}

void WireSocket::State::collect_events() try {
  zmq::message_t head, address;
  while (monitor.recv(head, zmq::recv_flags::dontwait)) {
    if (!head.more() || !monitor.recv(address, zmq::recv_flags::dontwait)) break;
    std::uint16_t event = 0;
    std::uint32_t value = 0;
    if (head.size() < sizeof event + sizeof value) continue;
    std::memcpy(&event, head.data(), sizeof event);
    std::memcpy(&value, static_cast<const char*>(head.data()) + sizeof event, sizeof value);
    if (auto known = event_of(event, value, address.to_string())) events.push_back(std::move(*known));
    if (events.size() > events_max) events.pop_front();
  }
} catch (const zmq::error_t&) {  // The context ends.
}

bool WireSocket::State::receive(zmq::message_t& part) {
  while (true) {
    if (zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0) return true;
    if (zmq_errno() != EINTR) return false;  // EAGAIN, or the context ends
  }
}

void WireSocket::State::drop_rest() {
  ++malformed;
  zmq::message_t rest;
  do {
    if (!receive(rest)) return;
  } while (rest.more());
}

Delivery WireSocket::State::send(zmq::const_buffer part, bool more) {
  while (zmq_send(socket.handle(), part.data(), part.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
    switch (zmq_errno()) {
      case EINTR:
        continue;
      case EAGAIN:
        return Delivery::would_block;
      default:
        return Delivery::unreachable;  // EHOSTUNREACH, or the context ends
    }
  }
  return Delivery::sent;
}

WireSocket::WireSocket(WireContext& context, int type, const SocketOptions& options, bool server)
    : state_(std::make_unique<State>()) {
  try {
    state_->socket = zmq::socket_t(context.state_->context, static_cast<zmq::socket_type>(type));
    state_->set_all(options, server);
    state_->watch(context.state_->context);
  } catch (const zmq::error_t& error) {
    throw StartupError(std::string("cannot make a socket: ") + error.what());
  }
}
WireSocket::~WireSocket() = default;
WireSocket::WireSocket(WireSocket&&) noexcept = default;
WireSocket& WireSocket::operator=(WireSocket&&) noexcept = default;

void* WireSocket::handle() const { return state_->socket.handle(); }
void* WireSocket::events_handle() const { return state_->monitor.handle(); }
std::uint64_t WireSocket::malformed() const { return state_->malformed; }

std::vector<SocketEvent> WireSocket::events() {
  state_->collect_events();
  std::vector<SocketEvent> events(state_->events.begin(), state_->events.end());
  state_->events.clear();
  return events;
}

std::string_view to_string(SocketEventKind kind) {
  switch (kind) {
    case SocketEventKind::connected:
      return "connected";
    case SocketEventKind::accepted:
      return "accepted";
    case SocketEventKind::ready:
      return "ready";
    case SocketEventKind::disconnected:
      return "disconnected";
    case SocketEventKind::retrying:
      return "retrying";
    case SocketEventKind::handshake_failed:
      return "handshake failed";
  }
  return "unknown";
}

// ---- router ----

RouterSocket::RouterSocket(WireContext& context, const SocketOptions& options)
    : WireSocket(context, ZMQ_ROUTER, options, true) {}

std::string RouterSocket::bind(const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) throw StartupError("cannot bind " + endpoint + ": " + parsed.error().text);
  if (parsed->host.find(':') != std::string::npos) state_->set(ZMQ_IPV6, 1, "IPv6");
  try {
    state_->socket.bind(to_string(*parsed));
    return state_->socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    throw StartupError("cannot bind " + endpoint + ": " + error.what());
  }
}

std::optional<RoutedFrame> RouterSocket::receive() {
  zmq::message_t routing, body;
  while (state_->receive(routing)) {
    if (!routing.more()) {
      ++state_->malformed;
      continue;
    }
    if (!state_->receive(body)) return std::nullopt;
    if (body.more()) {
      state_->drop_rest();
      continue;
    }
    return RoutedFrame{routing.to_string(), body.to_string(), property(body, "Peer-Address"),
                       property(body, "User-Id")};
  }
  state_->collect_events();  // Bounded here even if nobody asks for them: anyone may connect and fail all night.
  return std::nullopt;
}

Delivery RouterSocket::send(const std::string& routing, std::string_view bytes) {
  const Delivery addressed = state_->send(zmq::buffer(routing), true);
  if (addressed != Delivery::sent) return addressed;
  return state_->send(zmq::buffer(bytes), false);
}

// ---- dealer ----

DealerSocket::DealerSocket(WireContext& context, const SocketOptions& options)
    : WireSocket(context, ZMQ_DEALER, options, false) {}

Result<void> DealerSocket::connect(const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return Error{"cannot connect to " + endpoint + ": " + parsed.error().text};
  try {
    if (parsed->host.find(':') != std::string::npos) state_->set(ZMQ_IPV6, 1, "IPv6");
    state_->socket.connect(to_string(*parsed));
  } catch (const std::exception& error) {
    return Error{"cannot connect to " + endpoint + ": " + error.what()};
  }
  return {};
}

std::optional<std::string> DealerSocket::receive() {
  zmq::message_t body;
  while (state_->receive(body)) {
    if (!body.more()) return body.to_string();
    state_->drop_rest();
  }
  return std::nullopt;
}

Delivery DealerSocket::send(std::string_view bytes) {
  const Delivery delivery = state_->send(zmq::buffer(bytes), false);
  return delivery == Delivery::unreachable ? Delivery::would_block : delivery;
}

// ---- waiting ----

bool wait_ready(std::vector<WaitItem>& items, std::chrono::milliseconds timeout) {
  std::vector<zmq_pollitem_t> polled;
  polled.reserve(items.size());
  for (auto& item : items) {
    item.readable = item.writable = false;
    const int wanted = ZMQ_POLLIN | (item.want_write ? ZMQ_POLLOUT : 0) | (item.socket == nullptr ? ZMQ_POLLERR : 0);
    polled.push_back({item.socket, item.descriptor, static_cast<short>(wanted), 0});
  }
  const long wait_ms = timeout.count() < 0 ? -1 : static_cast<long>(timeout.count());
  if (zmq_poll(polled.data(), static_cast<int>(polled.size()), wait_ms) <= 0) return false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].readable = (polled[i].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) != 0;
    items[i].writable = (polled[i].revents & ZMQ_POLLOUT) != 0;
  }
  return true;
}

// ---- keys ----

Result<CurveKeys> make_curve_keys() {
  std::array<char, 41> public_key{}, secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0)
    return Error{std::string("cannot make CURVE keys: ") + zmq_strerror(zmq_errno())};
  return CurveKeys{public_key.data(), secret_key.data(), ""};
}

bool is_curve_key(const std::string& text) {
  std::array<std::uint8_t, 32> bytes{};
  return text.size() == 40 && zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

Result<std::string> curve_public_key(const std::string& secret_key) {
  std::array<char, 41> public_key{};
  if (!is_curve_key(secret_key) || zmq_curve_public(public_key.data(), secret_key.c_str()) != 0)
    return Error{"not a CURVE secret key of 40 characters"};
  return std::string(public_key.data());
}

}  // namespace ocrs
