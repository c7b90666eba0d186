#include "coordinator/io/control_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "common/io/fd.hpp"
#include "coordinator/io/control_server.hpp"

namespace ocrs {
namespace {

using Clock = std::chrono::steady_clock;

bool wait_for(int socket, short what, Clock::time_point until) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    struct pollfd item {
      socket, what, 0
    };
    const int ready = ::poll(&item, 1, static_cast<int>(std::min<std::int64_t>(left, 1000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Result<std::optional<ControlReply>> ask_coordinator(const std::filesystem::path& path, const ControlRequest& request,
                                                    std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  const auto failed = [&] { return Error{path.string() + ": " + std::strerror(errno)}; };
  const UniqueFd folder(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed();
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failed();
  struct sockaddr_un name {};
  name.sun_family = AF_UNIX;
  const std::string address = control_address(folder.get(), path);
  if (address.size() >= sizeof name.sun_path) return Error{path.string() + ": its name is too long"};
  std::memcpy(name.sun_path, address.data(), address.size());
  while (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<ControlReply>{};
    if (errno == EACCES) return Error{path.string() + ": only the user who runs the screening may ask its coordinator"};
    if ((errno != EAGAIN && errno != EINTR) || Clock::now() >= until) return failed();
    ::poll(nullptr, 0, 20);  // Its queue is full; it will have room.
  }
  const Error silent{path.string() + ": the coordinator does not answer"};
  const std::string line = to_line(request) + "\n";
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return std::optional<ControlReply>{};
  }
  std::string answer;
  std::array<char, 65536> buffer{};
  while (answer.find('\n') == std::string::npos) {
    if (answer.size() > control_reply_bytes_max) return Error{path.string() + ": the answer is too long"};
    if (!wait_for(socket.get(), POLLIN, until)) return silent;
    const ssize_t count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return std::optional<ControlReply>{};  // It has ended meanwhile.
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const Result<ControlReply> reply = control_reply_from(std::string_view(answer).substr(0, answer.find('\n')));
  if (!reply) return Error{path.string() + ": " + reply.error().text};
  return std::optional<ControlReply>{*reply};
}

}  // namespace ocrs
