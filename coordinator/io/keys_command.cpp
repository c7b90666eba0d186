// `ocrscreen keys`: the verbs; what they do is in key_folder.
#include <fmt/format.h>

#include <cstdio>

#include "common/io/host.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/key_folder.hpp"

namespace ocrs {
namespace {

constexpr std::uint16_t usual_port = 5570;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw StartupError(result.error().text);
  return std::move(result).value();
}
void or_throw(const Result<void>& result) {
  if (!result) throw StartupError(result.error().text);
}

}  // namespace

int keys_init_command(const std::filesystem::path& folder) {
  const CurveKeys keys = or_throw(create_key_folder(folder));
  fmt::print("{}: made; the coordinator's public key is {}\nnext: ocrscreen keys add NAME, once for each worker\n",
             folder.string(), keys.public_key);
  return exit_complete;
}

int keys_add_command(const std::filesystem::path& folder, const KeysAddOptions& options) {
  std::vector<std::string> endpoints = options.endpoints;
  for (const std::string& text : endpoints) {
    const Endpoint endpoint = or_throw([&]() -> Result<Endpoint> {
      auto parsed = parse_endpoint(text);
      return parsed ? parsed : Error{"--endpoint " + text + ": " + parsed.error().text};
    }());
    if (endpoint.port == 0 || is_wildcard(endpoint)) {
      throw StartupError("--endpoint " + text +
                         ": what workers connect to, a host and a port, as tcp://192.0.2.7:5570");
    }
  }
  bool guessed = false;
  if (endpoints.empty()) {
    const auto last = last_endpoint(folder);
    guessed = !last;
    endpoints.push_back(last ? *last : to_string(Endpoint{host_name(), usual_port}));
  }
  const std::filesystem::path file =
      options.output.empty() ? std::filesystem::path(options.name + ".join") : options.output;
  or_throw(add_worker_key(folder, options.name, endpoints, file));
  fmt::print("{}: take it to {} unseen by others, then: ocrscreen-worker --join {}\n", file.string(), options.name,
             file.filename().string());
  if (guessed) {
    fmt::print(
        "it says that the coordinator is at {}; if not, make it again with --endpoint tcp://HOST:PORT, or give the "
        "worker --connect\n",
        endpoints.front());
  }
  return exit_complete;
}

int keys_revoke_command(const std::filesystem::path& folder, const std::string& name) {
  or_throw(revoke_worker_key(folder, name));
  fmt::print("{}: revoked; a running coordinator cuts its connections within a second\n", name);
  return exit_complete;
}

int keys_list_command(const std::filesystem::path& folder) {
  static_cast<void>(or_throw(server_keys(folder)));
  for (const KnownKey& key : or_throw(read_worker_list(worker_list_file(folder)))) {
    fmt::print("{:<8} {} {}\n", key.revoked ? "revoked" : "active", key.public_key, key.name);
  }
  return exit_complete;
}

}  // namespace ocrs
