#include "coordinator/io/key_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "common/io/file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view list_title = "ocrscreen-workers";

fs::path server_file(const fs::path& folder) { return folder / "server.key"; }

Error no_keys(const fs::path& folder) {
  return Error{fmt::format("{}: there are no keys; make them with: ocrscreen keys init --keys {}", folder.string(),
                           folder.string())};
}

Result<void> write_worker_list(const fs::path& file, const std::vector<KnownKey>& keys) {
  std::string text =
      fmt::format("{} 1\n# Who may work: a name and a public key. Changed by: ocrscreen keys\n", list_title);
  for (const KnownKey& key : keys) {
    text += fmt::format("{} {} {}\n", key.name, key.public_key, key.revoked ? "revoked" : "active");
  }
  return write_file_atomically(file, text, 0600);
}

/// Two `keys` commands at once must not lose each other's change.
Result<LockFile> lock_folder(const fs::path& folder) {
  if (!has_keys(folder)) return no_keys(folder);
  if (auto closed = check_private(folder); !closed) return closed.error();
  return LockFile::acquire(folder / "lock");
}

}  // namespace

fs::path default_key_folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return fs::path(config) / "ocrscreen" / "keys";
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr || *home == '\0' ? "." : home) / ".config" / "ocrscreen" / "keys";
}

fs::path worker_list_file(const fs::path& folder) { return folder / "workers"; }

bool has_keys(const fs::path& folder) {
  std::error_code failure;
  return fs::exists(fs::symlink_status(server_file(folder), failure));
}

Result<CurveKeys> create_key_folder(const fs::path& folder) {
  if (has_keys(folder)) {
    return Error{fmt::format("{}: there are keys already, which workers may depend on; for new ones move it away",
                             folder.string())};
  }
  if (auto made = make_private_dir(folder); !made) return made.error();
  auto keys = make_curve_keys();
  if (!keys) return keys.error();
  // The list first: a server key says that the folder is whole.
  if (auto written = write_worker_list(worker_list_file(folder), {}); !written) return written.error();
  if (auto written = write_server_key(server_file(folder), *keys); !written) return written.error();
  return keys;
}

Result<CurveKeys> server_keys(const fs::path& folder) {
  if (!has_keys(folder)) return no_keys(folder);
  if (auto closed = check_private(folder); !closed) return closed.error();
  return read_server_key(server_file(folder));
}

Result<std::vector<KnownKey>> read_worker_list(const fs::path& file) {
  auto lines = read_key_lines(file, list_title);
  if (!lines) return lines.error();
  std::vector<KnownKey> keys;
  std::set<std::string> seen;
  for (const auto& [line, words] : *lines) {
    const bool complete = words.size() == 3 && is_key_name(words[0]) && is_curve_key(words[1]) &&
                          (words[2] == "active" || words[2] == "revoked");
    if (!complete) return Error{fmt::format("{}:{}: expected NAME KEY active|revoked", file.string(), line)};
    if (!seen.insert(words[1]).second) return Error{fmt::format("{}:{}: the key comes twice", file.string(), line)};
    keys.push_back({words[0], words[1], words[2] == "revoked"});
  }
  return keys;
}

Result<void> add_worker_key(const fs::path& folder, const std::string& name, std::vector<std::string> endpoints,
                            const fs::path& join_file) {
  if (!is_key_name(name)) {
    return Error{fmt::format("\"{}\" is no name for a worker: letters, digits, '.', '_' and '-', at most 64",
                             name.substr(0, 80))};
  }
  auto lock = lock_folder(folder);
  if (!lock) return lock.error();
  auto server = server_keys(folder);
  if (!server) return server.error();
  auto known = read_worker_list(worker_list_file(folder));
  if (!known) return known.error();
  const auto taken = [&](const KnownKey& key) { return key.name == name && !key.revoked; };
  if (std::any_of(known->begin(), known->end(), taken)) {
    return Error{fmt::format("there is a key for {0} already; revoke it first: ocrscreen keys revoke {0}", name)};
  }
  auto pair = make_curve_keys();
  if (!pair) return pair.error();
  known->push_back({name, pair->public_key, false});
  pair->server_key = server->public_key;
  // The join file first: a key on the list that nobody holds would do no harm, one that is half written neither.
  if (auto written = write_join_file(join_file, {name, std::move(endpoints), *pair}); !written) return written.error();
  if (auto written = write_worker_list(worker_list_file(folder), *known); !written) {
    std::error_code ignored;
    fs::remove(join_file, ignored);
    return written.error();
  }
  return {};
}

Result<void> revoke_worker_key(const fs::path& folder, const std::string& name) {
  auto lock = lock_folder(folder);
  if (!lock) return lock.error();
  auto known = read_worker_list(worker_list_file(folder));
  if (!known) return known.error();
  bool found = false, changed = false;
  for (KnownKey& key : *known) {
    if (key.name != name) continue;
    found = true;
    changed = changed || !key.revoked;
    key.revoked = true;
  }
  if (!found)
    return Error{
        fmt::format("{}: there is no key for \"{}\"; see: ocrscreen keys list", folder.string(), name.substr(0, 80))};
  if (!changed) return {};
  return write_worker_list(worker_list_file(folder), *known);
}

std::optional<std::string> last_endpoint(const fs::path& folder) {
  auto text = read_file(folder / "endpoint", 4096);
  if (!text) return std::nullopt;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  const auto endpoint = parse_endpoint(*text);
  if (!endpoint || endpoint->port == 0 || is_wildcard(*endpoint)) return std::nullopt;
  return *text;
}

Result<void> keep_endpoint(const fs::path& folder, const std::string& endpoint) {
  return write_file_atomically(folder / "endpoint", endpoint + "\n", 0600);
}

}  // namespace ocrs
