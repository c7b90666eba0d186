#include "coordinator/io/listening.hpp"

#include <fmt/format.h>

#include <limits>

#include "common/io/host.hpp"
#include "common/io/logging.hpp"
#include "coordinator/io/key_folder.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw StartupError(result.error().text);
  return std::move(result).value();
}

std::string next_port(const std::string& endpoint) {
  Endpoint parsed = parse_endpoint(endpoint).value();
  parsed.port = static_cast<std::uint16_t>(parsed.port + 1);
  return to_string(parsed);
}

/// Called by the thread of the ZAP handler.
KeyDecision judge(AllowList& allowed, const std::string& key, const std::string& address) {
  const KeyAnswer answer = allowed.ask(key, std::chrono::milliseconds(0));
  switch (answer.state) {
    case KeyState::allowed:
      return KeyDecision::welcome;
    case KeyState::revoked:
      log_warning("{} is refused: the key of {} has been revoked", address, answer.name);
      return KeyDecision::refuse;
    case KeyState::unknown:
      log_warning("{} is refused: its key {} is not on the list (ocrscreen keys add NAME)", address, key);
      return KeyDecision::refuse;
    case KeyState::list_unreadable:
      return KeyDecision::not_now;
  }
  return KeyDecision::refuse;
}

void bind_both(WireContext& context, const std::string& wanted, const std::optional<CurveKeys>& curve,
               Listening& listening) {
  SocketOptions control, bulk;
  control.curve = bulk.curve = curve;
  bulk.queue_max = 128;  // chunks of 256 KiB for a worker that asks without reading
  BlobServer::Admits admits;
  if (AllowList* allowed = listening.allowed.get()) {
    admits = [allowed](const std::string& key) { return allowed->ask(key).state == KeyState::allowed; };
  }
  // With a port of the system's choice the next one may be taken: try others.
  const int tries = parse_endpoint(wanted).value().port == 0 ? 16 : 1;
  for (int attempt = 1;; ++attempt) {
    listening.router = std::make_unique<RouterSocket>(context, control);
    listening.control = listening.router->bind(wanted);
    try {
      listening.blobs = std::make_unique<BlobServer>(context, next_port(listening.control), bulk, admits);
      listening.blob = listening.blobs->endpoint();
      return;
    } catch (const StartupError&) {
      if (attempt == tries) throw;
    }
  }
}

void open_keys(WireContext& context, const fs::path& folder, const CurveKeys& server, Listening& listening) {
  listening.server_key = server.public_key;
  listening.allowed = std::make_unique<AllowList>(worker_list_file(folder));
  AllowList& allowed = *listening.allowed;
  listening.zap = std::make_unique<ZapHandler>(
      context, SocketOptions{}.zap_domain,
      [&allowed](const std::string& key, const std::string& address) { return judge(allowed, key, address); });
}

/// A pair for this run only.
void admit_local_workers(const fs::path& dir, Listening& listening) {
  CurveKeys pair = or_throw(make_curve_keys());
  listening.allowed->add_local(pair.public_key, "local worker");
  pair.server_key = *listening.server_key;
  const fs::path file = dir / "local.join";
  const JoinFile join{"local", {endpoint_for_local(listening.control)}, std::move(pair)};
  if (auto written = write_join_file(file, join, true); !written) throw StartupError(written.error().text);
  listening.local_join = file;
}

}  // namespace

Listening::~Listening() {
  std::error_code ignored;
  if (!local_join.empty()) fs::remove(local_join, ignored);
}

std::optional<fs::path> keys_to_use(const ListeningOptions& options) {
  std::optional<Endpoint> endpoint;
  if (!options.bind.empty()) {
    const auto parsed = parse_endpoint(options.bind);
    if (!parsed) throw StartupError(fmt::format("--bind {}: {}", options.bind, parsed.error().text));
    if (parsed->port == std::numeric_limits<std::uint16_t>::max()) {
      throw StartupError(fmt::format("--bind {}: PORT+1 is used as well, expected a port below 65535", options.bind));
    }
    endpoint = *parsed;
  }
  if (options.keys && options.insecure) throw StartupError("--keys and --insecure: say one of them");
  const bool is_open = endpoint && !is_loopback(*endpoint);
  std::optional<fs::path> folder = options.keys;
  if (!folder && is_open && !options.insecure && has_keys(default_key_folder())) folder = default_key_folder();
  if (folder) {
    static_cast<void>(or_throw(server_keys(*folder)));
    static_cast<void>(or_throw(read_worker_list(worker_list_file(*folder))));
  } else if (is_open && !options.insecure) {
    throw StartupError(
        fmt::format("--bind {}: other machines can reach this address and there are no keys; make them with `ocrscreen "
                    "keys init` and "
                    "`ocrscreen keys add NAME`, or say --insecure if the network is yours alone",
                    options.bind));
  }
  return folder;
}

Listening listen(WireContext& context, const ListeningOptions& options, const fs::path& dir) {
  const std::optional<fs::path> folder = keys_to_use(options);
  Listening listening;
  std::optional<CurveKeys> curve;
  if (folder) {
    curve = or_throw(server_keys(*folder));
    open_keys(context, *folder, *curve, listening);
  }
  const auto last = parse_endpoint(options.last);
  bool is_bound = false;
  if (options.bind.empty() && last && is_loopback(*last)) {
    try {
      bind_both(context, options.last, curve, listening);
      is_bound = true;
    } catch (const StartupError& taken) {
      log_info("{}; another port is taken", taken.what());
    }
  }
  if (!is_bound) bind_both(context, options.bind.empty() ? "tcp://127.0.0.1:0" : options.bind, curve, listening);
  if (folder) {
    admit_local_workers(dir, listening);
    if (auto kept = keep_endpoint(*folder, endpoint_for_others(listening.control)); !kept) {
      log_warning("`ocrscreen keys add` will not know the address: {}", kept.error().text);
    }
  }
  return listening;
}

std::string endpoint_for_others(const std::string& control) {
  Endpoint endpoint = parse_endpoint(control).value();
  if (is_wildcard(endpoint)) endpoint.host = host_name();
  return to_string(endpoint);
}

std::string endpoint_for_local(const std::string& control) {
  Endpoint endpoint = parse_endpoint(control).value();
  if (is_wildcard(endpoint)) endpoint.host = "127.0.0.1";
  return to_string(endpoint);
}

}  // namespace ocrs
