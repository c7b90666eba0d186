// CoordinatorLink is the control socket of a worker: one DEALER per connection, with a new routing id each time. Says
// what happened on it as agent events and sends what the agent says, in order. Decides neither when to connect nor what
// to say (worker/core). One thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/socket.hpp"
#include "worker/core/agent_messages.hpp"

namespace ocrs {

class CoordinatorLink {
 public:
  /// At least one endpoint.
  CoordinatorLink(WireContext& context, SocketOptions options, std::vector<std::string> endpoints);

  void open();
  void close();
  void send(const WorkerMessage& message);

  /// What happened and was heard since the last call; never blocks.
  [[nodiscard]] std::vector<AgentEvent> events();
  /// For wait_ready(): messages, and what happens on the transport; empty while closed.
  [[nodiscard]] std::vector<void*> handles() const;
  /// The host of the control endpoint, for a blob endpoint that names none; "tcp://HOST:PORT".
  [[nodiscard]] Result<std::string> resolved(const std::string& blob_endpoint) const;

 private:
  void flush();

  WireContext& context_;
  SocketOptions options_;
  [[nodiscard]] ConnectionDown handshake_failed(const SocketEvent& event) const;

  std::vector<std::string> endpoints_;  // of one coordinator, tried in turn
  std::size_t next_ = 0;
  std::string endpoint_;  // of the connection
  std::optional<DealerSocket> socket_;
  std::deque<std::string> waiting_;    // frames the socket has not taken yet
  std::optional<std::string> broken_;  // the endpoint cannot be used
};

}  // namespace ocrs
