// ControlServer is the coordinator's end of DIR/control.sock (mode 0600, for its own user and root): it takes one
// request per connection and sends one reply. Never blocks: bounded connections, bytes and time, whatever a client
// does. Knows no verb's meaning (operator_desk). Belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "common/io/fd.hpp"
#include "common/io/socket.hpp"
#include "coordinator/core/scheduler_messages.hpp"
#include "coordinator/io/control_messages.hpp"

namespace ocrs {

struct ControlLimits {
  std::size_t clients = 64;                    // the one that has waited longest gives way
  TimePoint patience = TimePoint{10'000'000};  // for a whole request, and for the reply to be taken
};

class ControlServer {
 public:
  struct Asked {
    std::uint64_t client = 0;
    ControlRequest request;
  };

  /// Takes the place of a socket that a killed coordinator left; the caller holds DIR's lock. Throws StartupError.
  explicit ControlServer(std::filesystem::path path, ControlLimits limits = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Appends what to wait for.
  void wait_for(std::vector<WaitItem>& items) const;
  /// Reads and writes what it can, drops who was too slow, and gives the complete requests. What cannot be understood
  /// is answered here.
  [[nodiscard]] std::vector<Asked> serve(TimePoint now);
  /// A client that is gone meanwhile is no error.
  void reply(std::uint64_t client, const ControlReply& reply);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    std::uint64_t id = 0;
    UniqueFd fd;
    std::string input, output;
    std::size_t written = 0;
    bool asked = false;
    TimePoint until{};
  };
  void accept_clients(TimePoint now);
  /// false = this client is done with.
  bool read_from(Client& client, std::vector<Asked>& asked);
  bool write_to(Client& client);

  std::filesystem::path path_;
  ControlLimits limits_;
  UniqueFd folder_, listener_;
  std::list<Client> clients_;
  std::uint64_t next_ = 1;
};

/// A socket address is at most 107 bytes long, a folder's path is not: the address that leads through its descriptor.
[[nodiscard]] std::string control_address(int folder, const std::filesystem::path& path);

}  // namespace ocrs
