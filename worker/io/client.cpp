#include "worker/io/client.hpp"

#include <utility>

#include "common/core/codec.hpp"
#include "common/io/logging.hpp"

namespace ocrs {
namespace {

/// Frames taken per round, so that a chatty coordinator cannot hold the loop.
constexpr int frames_max = 256;

}  // namespace

CoordinatorLink::CoordinatorLink(WireContext& context, SocketOptions options, std::string endpoint)
    : context_(context), options_(std::move(options)), endpoint_(std::move(endpoint)) {}

void CoordinatorLink::open() {
  close();
  socket_.emplace(context_, options_);
  if (const Result<void> connecting = socket_->connect(endpoint_); !connecting) broken_ = connecting.error().text;
}

void CoordinatorLink::close() {
  if (socket_) flush();
  socket_.reset();
  waiting_.clear();
  broken_.reset();
}

void CoordinatorLink::send(const WorkerMessage& message) {
  if (!socket_) return;
  waiting_.push_back(encode(message));
  flush();
}

std::vector<void*> CoordinatorLink::handles() const {
  if (!socket_) return {};
  return {socket_->handle(), socket_->events_handle()};
}

void CoordinatorLink::flush() {
  while (!waiting_.empty() && socket_->send(waiting_.front()) == Delivery::sent) waiting_.pop_front();
}

std::vector<AgentEvent> CoordinatorLink::events() {
  std::vector<AgentEvent> events;
  if (!socket_) return events;
  if (broken_) {
    events.emplace_back(ConnectionDown{*broken_});
    return events;
  }
  for (const SocketEvent& happened : socket_->events()) {
    switch (happened.kind) {
      case SocketEventKind::ready:
        events.emplace_back(ConnectionUp{});
        break;
      case SocketEventKind::retrying:
        events.emplace_back(ConnectionDown{endpoint_ + " does not answer"});
        break;
      case SocketEventKind::disconnected:
        events.emplace_back(ConnectionDown{endpoint_ + " hung up"});
        break;
      case SocketEventKind::handshake_failed:
        events.emplace_back(ConnectionDown{endpoint_ + ": " + happened.text});
        break;
      case SocketEventKind::connected:
      case SocketEventKind::accepted:
        break;
    }
  }
  for (int i = 0; i < frames_max; ++i) {
    const std::optional<std::string> frame = socket_->receive();
    if (!frame) break;
    Result<CoordinatorMessage> message = decode_coordinator_message(*frame);
    if (message.ok()) {
      events.emplace_back(CoordinatorSaid{std::move(message).value()});
    } else {
      log_warning("a frame from {} is dropped: {}", endpoint_, message.error().text);
    }
  }
  flush();
  return events;
}

Result<std::string> CoordinatorLink::resolved(const std::string& blob_endpoint) const {
  Result<Endpoint> blobs = parse_endpoint(blob_endpoint);
  if (!blobs) return blobs.error();
  if (!is_wildcard(*blobs)) return to_string(*blobs);
  Result<Endpoint> control = parse_endpoint(endpoint_);
  if (!control) return control.error();
  blobs->host = control->host;
  return to_string(*blobs);
}

}  // namespace ocrs
