// Connection decides when a worker opens, suspects and reopens its connection, and when it beats. It opens nothing.
//   closed    no socket; a new one is opened at reopen_at()         left by opened()
//   opening   a socket that is not up yet                           left by up(), lost()
//   greeting  up, HELLO said, no WELCOME yet                        left by welcomed(), lost()
//   welcomed  work flows                                            left by lost()
#pragma once

#include <cstdint>

#include "worker/core/agent_messages.hpp"

namespace ocrs {

class Connection {
 public:
  enum class State { closed, opening, greeting, welcomed };

  explicit Connection(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_welcomed() const { return state_ == State::welcomed; }

  void opened(AgentTime now);
  void up(AgentTime now);
  void welcomed(const Welcome& welcome, AgentTime now);
  /// Anything was heard: the peer lives.
  void heard(AgentTime now) { heard_at_ = now; }
  /// Closed; the next try comes after a back-off of 1 to 30 s with jitter.
  void lost(AgentTime now);
  /// Closed for as long as the coordinator asked.
  void rejected(AgentTime now, double retry_after_s);
  /// Closed for good.
  void closed();

  [[nodiscard]] bool open_is_due(AgentTime now) const { return state_ == State::closed && !over_ && now >= reopen_at_; }
  /// Open, and nothing heard for suspect_s.
  [[nodiscard]] bool is_silent(AgentTime now) const;
  /// True once per heartbeat interval while welcomed.
  [[nodiscard]] bool beat_is_due(AgentTime now);
  [[nodiscard]] std::uint64_t next_sequence() { return ++sequence_; }
  [[nodiscard]] AgentTime suspect_after() const { return suspect_after_; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }
  [[nodiscard]] AgentTime reopen_at() const { return reopen_at_; }

 private:
  [[nodiscard]] double uniform();  // [0, 1)

  State state_ = State::closed;
  bool over_ = false;
  std::uint64_t random_;
  std::uint64_t sequence_ = 0;
  std::uint32_t failures_ = 0;  // in a row
  AgentTime reopen_at_{}, heard_at_{}, beat_at_{};
  AgentTime heartbeat_{std::chrono::seconds(5)}, suspect_after_{std::chrono::seconds(30)};
};

/// Seconds as they travel to time; negative and not-a-number become 0, more than a day a day.
[[nodiscard]] AgentTime agent_time_from_seconds(double seconds);

}  // namespace ocrs
