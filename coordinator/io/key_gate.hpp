// KeyGate guards the control socket of a keyed coordinator: a frame is read, and one is sent, only while the key of
// its connection is allowed. The handshake alone does not do that: a connection outlives the revocation of its key.
// Without keys everybody is in. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/core/messages.hpp"
#include "common/io/socket.hpp"
#include "coordinator/core/scheduler_messages.hpp"
#include "coordinator/io/allow_list.hpp"

namespace ocrs {

class KeyGate {
 public:
  /// A connection that is cut: it is told this once, and nothing more.
  struct Cut {
    ConnectionId connection;
    Reject reject;
    std::string text;  // for the coordinator's log
  };

  /// nullptr = no keys, everybody is in.
  explicit KeyGate(AllowList* keys) : keys_(keys) {}

  /// Whether the frame may be read. `cut` is filled when its connection ends with it.
  [[nodiscard]] bool admits(const RoutedFrame& frame, TimePoint now, std::optional<Cut>& cut);
  [[nodiscard]] bool may_send(const std::string& routing) const;
  /// Connections whose key is no longer good; call it a few times a second.
  [[nodiscard]] std::vector<Cut> check(TimePoint now);

 private:
  struct Session {
    std::string key;
    TimePoint heard{};
    bool is_cut = false;
  };
  [[nodiscard]] std::optional<Cut> judge(const std::string& routing, Session& session);

  AllowList* keys_;
  std::unordered_map<std::string, Session> sessions_;  // by routing id
  TimePoint check_at_{};
};

}  // namespace ocrs
