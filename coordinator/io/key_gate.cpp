#include "coordinator/io/key_gate.hpp"

#include <utility>

namespace ocrs {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint check_interval = 250ms;
constexpr TimePoint silence_max = 1h;  // longer than any lease that is renewed by heartbeats
constexpr double list_retry_s = 10;

}  // namespace

std::optional<KeyGate::Cut> KeyGate::judge(const std::string& routing, Session& session) {
  const KeyAnswer answer = keys_->ask(session.key);
  if (answer.state == KeyState::allowed) return std::nullopt;
  session.is_cut = true;
  Cut cut{ConnectionId{routing}, Reject{RejectCode::key, "", 0}, ""};
  switch (answer.state) {
    case KeyState::allowed:
      break;
    case KeyState::revoked:
      cut.reject.text = "the key of " + answer.name + " has been revoked";
      cut.text = cut.reject.text + ": its connection is cut";
      break;
    case KeyState::unknown:
      cut.reject.text = "this key is no longer on the coordinator's list";
      cut.text = "key " + session.key + " is no longer on the list: its connection is cut";
      break;
    case KeyState::list_unreadable:
      cut.reject.text = "the coordinator cannot read its list of workers";
      cut.reject.retry_after_s = list_retry_s;
      cut.text = "a worker is turned away for now: " + answer.name;
      break;
  }
  return cut;
}

bool KeyGate::admits(const RoutedFrame& frame, TimePoint now, std::optional<Cut>& cut) {
  if (keys_ == nullptr) return true;
  auto [session, is_new] = sessions_.try_emplace(frame.routing);
  if (is_new) session->second.key = frame.user;
  session->second.heard = now;
  if (session->second.is_cut) return false;
  cut = judge(frame.routing, session->second);
  return !cut;
}

bool KeyGate::may_send(const std::string& routing) const {
  if (keys_ == nullptr) return true;
  const auto session = sessions_.find(routing);
  return session != sessions_.end() && !session->second.is_cut;
}

std::vector<KeyGate::Cut> KeyGate::check(TimePoint now) {
  std::vector<Cut> cuts;
  if (keys_ == nullptr || now < check_at_) return cuts;
  check_at_ = now + check_interval;
  std::erase_if(sessions_, [&](const auto& known) { return now - known.second.heard > silence_max; });
  for (auto& [routing, session] : sessions_) {
    if (session.is_cut) continue;
    if (auto cut = judge(routing, session)) cuts.push_back(std::move(*cut));
  }
  return cuts;
}

}  // namespace ocrs
