#include "common/io/zap_handler.hpp"

#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <utility>
#include <vector>

namespace ocrs {
namespace {

constexpr std::size_t parts_max = 16, key_bytes = 32;

/// All parts of a request; empty when there is none, or when it is not one.
std::vector<std::string> receive_request(void* socket) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&part);
      return {};
    }
    if (parts.size() < parts_max) {
      parts.emplace_back(static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part));
    }
    more = zmq_msg_more(&part) != 0;
    zmq_msg_close(&part);
  }
  return parts;
}

void send_reply(void* socket, const std::array<std::string, 6>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    zmq_send(socket, parts[i].data(), parts[i].size(), ZMQ_DONTWAIT | (i + 1 < parts.size() ? ZMQ_SNDMORE : 0));
  }
}

}  // namespace

ZapHandler::ZapHandler(WireContext& context, std::string domain, Judge judge)
    : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), domain_(std::move(domain)), judge_(std::move(judge)) {
  if (!wake_) throw StartupError(std::string("cannot start the key check: ") + std::strerror(errno));
  std::promise<std::string> bound;  // empty = well
  auto failure = bound.get_future();
  thread_ = std::thread([this, &context, &bound] {
    void* socket = zmq_socket(context.handle(), ZMQ_REP);
    const int linger = 0;
    if (socket != nullptr) zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (socket == nullptr || zmq_bind(socket, "inproc://zeromq.zap.01") != 0) {
      bound.set_value(zmq_strerror(zmq_errno()));
    } else {
      bound.set_value("");
      serve(socket);
    }
    if (socket != nullptr) zmq_close(socket);
  });
  if (const std::string why = failure.get(); !why.empty()) {
    thread_.join();
    throw StartupError("cannot start the key check: " + why);
  }
}

ZapHandler::~ZapHandler() {
  stop_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void ZapHandler::serve(void* socket) {
  std::vector<WaitItem> wait{{socket}, {nullptr, wake_.get()}};
  while (!stop_) {
    wait_ready(wait, std::chrono::seconds(10));
    const std::vector<std::string> request = receive_request(socket);
    if (request.empty()) continue;
    // version, request id, domain, address, identity, mechanism, credentials
    const bool is_curve = request.size() == 7 && request[0] == "1.0" && request[2] == domain_ &&
                          request[5] == "CURVE" && request[6].size() == key_bytes;
    std::string key;
    KeyDecision decision = KeyDecision::refuse;
    if (is_curve) {
      std::array<char, 41> text{};
      zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(request[6].data()), key_bytes);
      key = text.data();
      decision = judge_(key, request[3]);
    }
    const bool in = decision == KeyDecision::welcome;
    const char* status = in ? "200" : decision == KeyDecision::refuse ? "400" : "500";
    send_reply(socket, {"1.0", request.size() > 1 ? request[1] : "", status, in ? "OK" : "no", in ? key : "", ""});
  }
}

}  // namespace ocrs
