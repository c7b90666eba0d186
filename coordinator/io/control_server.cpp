#include "coordinator/io/control_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/core/result.hpp"

namespace ocrs {
namespace {

constexpr int backlog = 64;
constexpr int accepted_per_turn = 64;

StartupError failed(const std::filesystem::path& path) {
  return StartupError(path.string() + ": " + std::strerror(errno));
}

bool is_trusted(int socket) {
  struct ucred peer {};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

std::string control_address(int folder, const std::filesystem::path& path) {
  return "/proc/self/fd/" + std::to_string(folder) + "/" + path.filename().string();
}

ControlServer::ControlServer(std::filesystem::path path, ControlLimits limits)
    : path_(std::move(path)), limits_(limits) {
  folder_.reset(::open(path_.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) throw failed(path_);
  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_) throw failed(path_);
  const std::string address = control_address(folder_.get(), path_);
  struct sockaddr_un name {};
  name.sun_family = AF_UNIX;
  if (address.size() >= sizeof name.sun_path) throw StartupError(path_.string() + ": its name is too long");
  std::memcpy(name.sun_path, address.data(), address.size());
  ::unlinkat(folder_.get(), path_.filename().c_str(), 0);
  // Before it has a name, so that it never is anybody else's.
  if (::fchmod(listener_.get(), 0600) != 0) throw failed(path_);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) throw failed(path_);
  if (::listen(listener_.get(), backlog) != 0) throw failed(path_);
}

ControlServer::~ControlServer() { ::unlinkat(folder_.get(), path_.filename().c_str(), 0); }

void ControlServer::wait_for(std::vector<WaitItem>& items) const {
  WaitItem item;
  item.descriptor = listener_.get();
  items.push_back(item);
  for (const Client& client : clients_) {
    WaitItem one;
    one.descriptor = client.fd.get();
    one.want_write = client.written < client.output.size();
    items.push_back(one);
  }
}

std::vector<ControlServer::Asked> ControlServer::serve(TimePoint now) {
  accept_clients(now);
  std::vector<Asked> asked;
  for (auto client = clients_.begin(); client != clients_.end();) {
    const bool stays = now < client->until && (client->asked || read_from(*client, asked)) && write_to(*client);
    client = stays ? std::next(client) : clients_.erase(client);
  }
  return asked;
}

void ControlServer::accept_clients(TimePoint now) {
  for (int i = 0; i < accepted_per_turn; ++i) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    if (!is_trusted(fd.get())) continue;
    if (clients_.size() >= limits_.clients) clients_.pop_front();
    Client& client = clients_.emplace_back();
    client.id = next_++;
    client.fd = std::move(fd);
    client.until = now + limits_.patience;
  }
}

bool ControlServer::read_from(Client& client, std::vector<Asked>& asked) {
  std::array<char, control_request_bytes_max> buffer{};
  while (true) {
    const ssize_t count = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (count == 0) return false;  // It went without having asked.
    client.input.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t end = client.input.find('\n');
    if (end == std::string::npos && client.input.size() <= control_request_bytes_max) continue;
    client.asked = true;
    const auto request = control_request_from(std::string_view(client.input).substr(0, end));
    if (request) {
      asked.push_back({client.id, *request});
    } else {
      client.output = to_line(ControlReply{false, request.error().text, "{}"}) + "\n";
    }
    client.input = {};
    return true;
  }
}

bool ControlServer::write_to(Client& client) {
  while (client.written < client.output.size()) {
    const ssize_t count = ::send(client.fd.get(), client.output.data() + client.written,
                                 client.output.size() - client.written, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    client.written += static_cast<std::size_t>(count);
  }
  return client.output.empty();  // All is said.
}

void ControlServer::reply(std::uint64_t id, const ControlReply& reply) {
  const auto client = std::find_if(clients_.begin(), clients_.end(), [&](const Client& c) { return c.id == id; });
  if (client == clients_.end()) return;
  client->output = to_line(reply) + "\n";
  if (!write_to(*client)) clients_.erase(client);
}

}  // namespace ocrs
