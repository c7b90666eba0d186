#include "worker/io/client.hpp"

#include <utility>

#include "common/core/codec.hpp"
#include "common/io/logging.hpp"

namespace ocrs {
namespace {

/// Frames taken per round, so that a chatty coordinator cannot hold the loop.
constexpr int frames_max = 256;

}  // namespace

CoordinatorLink::CoordinatorLink(WireContext& context, SocketOptions options, std::vector<std::string> endpoints)
    : context_(context), options_(std::move(options)), endpoints_(std::move(endpoints)) {}

void CoordinatorLink::open() {
  close();
  endpoint_ = endpoints_[next_++ % endpoints_.size()];
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

ConnectionDown CoordinatorLink::handshake_failed(const SocketEvent& event) const {
  const bool keyed = options_.curve.has_value();
  switch (event.failure) {
    case HandshakeFailure::refused:
      return {"the coordinator at " + endpoint_ +
                  " refuses this worker's key: it has been revoked, or was never added there (ocrscreen keys list)",
              Prospect::refused};
    case HandshakeFailure::mechanism:
      return {keyed ? "the coordinator at " + endpoint_ +
                          " has no keys, so it is not the one of the join file; join an "
                          "open one with --connect"
                    : "the coordinator at " + endpoint_ +
                          " lets in keys only: join with --join FILE, from ocrscreen keys "
                          "add NAME",
              Prospect::unfit};
    case HandshakeFailure::keys:
    case HandshakeFailure::hung_up:
      // Also a mismatch of mechanisms may look so: the side that notices first hangs up.
      return {endpoint_ + " ends the handshake (" + event.text + "): most likely " +
                  (keyed ? "the join file was made for another coordinator, or this one has no keys"
                         : "it lets in keys only: join with --join FILE, from ocrscreen keys add NAME"),
              Prospect::doubtful};
    case HandshakeFailure::none:
    case HandshakeFailure::not_now:
    case HandshakeFailure::foreign:
      break;
  }
  return {endpoint_ + ": " + event.text, Prospect::open};
}

std::vector<AgentEvent> CoordinatorLink::events() {
  std::vector<AgentEvent> events;
  if (!socket_) return events;
  if (broken_) {
    events.emplace_back(ConnectionDown{*broken_, Prospect::open});
    return events;
  }
  for (const SocketEvent& happened : socket_->events()) {
    switch (happened.kind) {
      case SocketEventKind::ready:
        --next_;  // The same one again while it answers.
        events.emplace_back(ConnectionUp{});
        break;
      case SocketEventKind::retrying:
        events.emplace_back(ConnectionDown{endpoint_ + " does not answer", Prospect::open});
        break;
      case SocketEventKind::disconnected:
        events.emplace_back(ConnectionDown{endpoint_ + " hung up", Prospect::open});
        break;
      case SocketEventKind::handshake_failed:
        events.emplace_back(handshake_failed(happened));
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
