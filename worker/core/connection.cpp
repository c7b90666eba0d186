#include "worker/core/connection.hpp"

#include <algorithm>
#include <cmath>

namespace ocrs {

AgentTime agent_time_from_seconds(double seconds) {
  if (!(seconds > 0)) return AgentTime{0};
  return AgentTime{std::llround(std::min(seconds, 86400.0) * 1e6)};
}

double Connection::uniform() {
  // splitmix64: one step per draw, any seed is good.
  random_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

void Connection::opened(AgentTime now) {
  state_ = State::opening;
  heard_at_ = now;
}

void Connection::up(AgentTime now) {
  state_ = State::greeting;
  heard_at_ = now;
}

void Connection::welcomed(const Welcome& welcome, AgentTime now) {
  using std::chrono::milliseconds;
  state_ = State::welcomed;
  heard_at_ = now;
  beat_at_ = now;
  failures_ = 0;
  heartbeat_ = std::max<AgentTime>(agent_time_from_seconds(welcome.heartbeat_s), milliseconds(100));
  // A suspicion shorter than two beats would suspect a healthy coordinator.
  suspect_after_ = std::max<AgentTime>(agent_time_from_seconds(welcome.suspect_s), 2 * heartbeat_);
}

void Connection::lost(AgentTime now) {
  state_ = State::closed;
  const double full = std::min(30.0, std::ldexp(1.0, static_cast<int>(std::min<std::uint32_t>(failures_, 5))));
  ++failures_;
  // Half of it is jitter: workers that lost one coordinator together do not come back together.
  reopen_at_ = now + agent_time_from_seconds(std::max(1.0, full * (0.5 + 0.5 * uniform())));
}

void Connection::rejected(AgentTime now, double retry_after_s) {
  state_ = State::closed;
  reopen_at_ = now + agent_time_from_seconds(std::max(1.0, retry_after_s) * (1 + 0.2 * uniform()));
}

void Connection::closed() {
  state_ = State::closed;
  over_ = true;
}

bool Connection::is_silent(AgentTime now) const { return state_ != State::closed && now - heard_at_ > suspect_after_; }

bool Connection::beat_is_due(AgentTime now) {
  if (state_ != State::welcomed || now - beat_at_ < heartbeat_) return false;
  beat_at_ = now;
  return true;
}

}  // namespace ocrs
