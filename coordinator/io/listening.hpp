// Where workers connect to a coordinator: the control socket and the blob server on the next port, with their keys.
// Decides which address is bound and whether keys are asked for, and refuses an open address without keys.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "common/io/keys.hpp"
#include "common/io/socket.hpp"
#include "common/io/zap_handler.hpp"
#include "coordinator/io/allow_list.hpp"
#include "coordinator/io/blob_server.hpp"
#include "coordinator/io/key_gate.hpp"

namespace ocrs {

struct ListeningOptions {
  std::string bind;                           // as the user gave it, or empty
  std::string last;                           // of an earlier run in the same folder, or empty
  std::optional<std::filesystem::path> keys;  // --keys
  bool insecure = false;
};

/// The key folder to use; nothing = no keys. Throws StartupError for a bad --bind, for an address that others reach
/// without keys and without --insecure, and for keys that cannot be used; opens nothing.
[[nodiscard]] std::optional<std::filesystem::path> keys_to_use(const ListeningOptions& options);

/// Destroyed in reverse order: the sockets before the handler that judges their peers.
struct Listening {
  std::unique_ptr<AllowList> allowed;  // nullptr = no keys
  std::unique_ptr<ZapHandler> zap;
  std::unique_ptr<RouterSocket> router;
  std::unique_ptr<BlobServer> blobs;
  std::string control, blob;              // actual endpoints
  std::optional<std::string> server_key;  // public
  std::filesystem::path local_join;       // of this run's own workers; empty without keys
  ~Listening();
  Listening() = default;
  Listening(Listening&&) = default;
};

/// Binds what `keys_to_use` found good. `dir` (private) takes the join file of the local workers. Throws StartupError.
[[nodiscard]] Listening listen(WireContext& context, const ListeningOptions& options, const std::filesystem::path& dir);

/// What other machines connect to: a wildcard is no address there.
[[nodiscard]] std::string endpoint_for_others(const std::string& control);
/// What this machine connects to.
[[nodiscard]] std::string endpoint_for_local(const std::string& control);

}  // namespace ocrs
