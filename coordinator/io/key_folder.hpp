// The folder of a coordinator's keys, 0700: server.key, its pair; workers, the list of the workers' public keys;
// endpoint, where workers connect. Changes it for `ocrscreen keys`. Who may connect while a screening runs: allow_list.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.hpp"
#include "common/io/keys.hpp"

namespace ocrs {

struct KnownKey {
  std::string name, public_key;
  bool revoked = false;
};

/// $XDG_CONFIG_HOME/ocrscreen/keys, ~/.config/ocrscreen/keys.
[[nodiscard]] std::filesystem::path default_key_folder();
[[nodiscard]] std::filesystem::path worker_list_file(const std::filesystem::path& folder);

/// Whether `keys init` was run there; says nothing of whether it is usable.
[[nodiscard]] bool has_keys(const std::filesystem::path& folder);

/// A new server pair and an empty list; an error when there is one.
[[nodiscard]] Result<CurveKeys> create_key_folder(const std::filesystem::path& folder);
/// Modes checked.
[[nodiscard]] Result<CurveKeys> server_keys(const std::filesystem::path& folder);
[[nodiscard]] Result<std::vector<KnownKey>> read_worker_list(const std::filesystem::path& file);

/// Makes a pair, puts its public half on the list and writes the join file. A name may come again when it is revoked.
[[nodiscard]] Result<void> add_worker_key(const std::filesystem::path& folder, const std::string& name,
                                          std::vector<std::string> endpoints, const std::filesystem::path& join_file);
[[nodiscard]] Result<void> revoke_worker_key(const std::filesystem::path& folder, const std::string& name);

/// Where the last screening with these keys was reached by other machines; kept for `keys add`.
[[nodiscard]] std::optional<std::string> last_endpoint(const std::filesystem::path& folder);
[[nodiscard]] Result<void> keep_endpoint(const std::filesystem::path& folder, const std::string& endpoint);

}  // namespace ocrs
