#include "coordinator/io/live_page.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "common/io/endpoint.hpp"
#include "common/io/file.hpp"
#include "common/io/host.hpp"
#include "coordinator/io/live_access.hpp"
#include "coordinator/io/live_json.hpp"
#include "coordinator/io/status.hpp"
#include "coordinator/io/web_pages.hpp"

namespace ocrs {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

Endpoint endpoint_of(const std::string& address) {
  const auto endpoint = parse_endpoint("tcp://" + address);
  if (!endpoint) throw StartupError("--http " + address + ": expected ADDR:PORT, as 127.0.0.1:8080");
  return *endpoint;
}

/// Results from the journal, read again when they are older than a few seconds and never for more than a hundredth of
/// the time.
class LatestResults {
 public:
  explicit LatestResults(std::filesystem::path dir) : dir_(std::move(dir)) {}

  /// JSON, or the reason why there is none.
  [[nodiscard]] Result<std::string> json() {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now < due_) return latest_;
    latest_ = read();
    const auto ended = Clock::now();
    due_ = ended + std::max<Clock::duration>(3s, 100 * (ended - now));
    return latest_;
  }

 private:
  [[nodiscard]] Result<std::string> read() const {
    try {
      const auto results = results_of_folder(dir_);
      if (!results) return results.error();
      return live_results_json(*results);
    } catch (const std::exception& error) {
      return Error{error.what()};
    }
  }

  std::filesystem::path dir_;
  std::mutex mutex_;
  Clock::time_point due_{};
  Result<std::string> latest_ = Error{"nothing has been read yet"};
};

constexpr char login_page[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>ocrscreen</title><h1>ocrscreen</h1><form method=\"post\" action=\"/login\"><label>Token (in http.token of "
    "the "
    "output folder) <input name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus></label> "
    "<button>Look</button></form></html>";

void show_login(httplib::Response& response) {
  response.set_header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
  response.set_content(login_page, "text/html; charset=utf-8");
}

/// Not shared with another program that binds the same port, as the library's own options allow.
void set_socket_options(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

void check_http_address(const std::string& address) { static_cast<void>(endpoint_of(address)); }

struct LivePage::Parts {
  Parts(const Endpoint& endpoint, LiveTitle what, const std::filesystem::path& dir, const std::string& token)
      : title(std::move(what)), access(endpoint.host, host_name(), token), results(dir) {}

  LiveTitle title;
  LiveState state;
  LiveAccess access;
  LatestResults results;
  httplib::Server server;
  std::thread thread;
  std::string url, token_file;

  std::atomic<bool> ended = false;

  [[nodiscard]] bool turned_away(const httplib::Request& request, httplib::Response& response);
  void routes();
};

/// The gate before every address: whether the answer is given already.
bool LivePage::Parts::turned_away(const httplib::Request& request, httplib::Response& response) {
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("X-Frame-Options", "DENY");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cache-Control", "no-store");
  if (!access.host_allowed(request.get_header_value("Host"))) {
    response.status = 421;
    response.set_content("this address is not known under that name\n", "text/plain");
    return true;
  }
  const bool may_look = access.may_look(request.get_header_value("Authorization"), request.get_header_value("Cookie"));
  if (may_look || request.path == "/login") return false;
  response.status = 401;
  response.set_header("WWW-Authenticate", "Bearer");
  if (request.path == "/") {
    show_login(response);
  } else {
    response.set_content("a token is needed: Authorization: Bearer TOKEN\n", "text/plain");
  }
  return true;
}

void LivePage::Parts::routes() {
  using httplib::Request, httplib::Response;
  server.set_pre_routing_handler([this](const Request& request, Response& response) {
    return turned_away(request, response) ? httplib::Server::HandlerResponse::Handled
                                          : httplib::Server::HandlerResponse::Unhandled;
  });
  server.Get("/", [](const Request&, Response& response) {
    // What may run stands in the page itself, by hash; who may frame it cannot.
    response.set_header("Content-Security-Policy", "frame-ancestors 'none'");
    response.set_content(std::string(live_page.before) + std::string(live_page.after), "text/html; charset=utf-8");
  });
  const auto moment = [this](auto text, const char* type) {
    return [this, text, type](const Request&, Response& response) {
      if (const auto now = state.moment()) return response.set_content(text(*now), type);
      response.status = 503;
      response.set_content("the screening is about to start\n", "text/plain");
    };
  };
  server.Get("/api/status.json",
             moment([this](const LiveMoment& now) { return live_status_json(title, now); }, "application/json"));
  server.Get("/api/workers.json", moment(live_workers_json, "application/json"));
  server.Get("/metrics", moment(live_metrics, "text/plain; version=0.0.4; charset=utf-8"));
  server.Get("/api/results.json", [this](const Request&, Response& response) {
    const auto json = results.json();
    if (json) return response.set_content(*json, "application/json");
    response.status = 503;
    response.set_content(json.error().text + "\n", "text/plain");
  });
  server.Post("/login", [this](const Request& request, Response& response) {
    const std::string cookie = access.login(request.get_param_value("token"));
    if (cookie.empty()) {
      response.status = 401;
      return show_login(response);
    }
    response.set_header("Set-Cookie", cookie);
    response.set_redirect("/", 303);
  });
}

LivePage::LivePage(const std::string& address, LiveTitle title, const std::filesystem::path& dir) {
  const Endpoint endpoint = endpoint_of(address);
  const bool open = is_loopback(endpoint);
  const std::string token = open ? "" : random_token();
  parts_ = std::make_unique<Parts>(endpoint, std::move(title), dir, token);
  if (!open) {
    const auto file = dir / "http.token";
    if (auto written = write_file_atomically(file, token + "\n"); !written) throw StartupError(written.error().text);
    parts_->token_file = file.string();
  }
  httplib::Server& server = parts_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(4); };
  server.set_socket_options(set_socket_options);
  server.set_payload_max_length(4096);
  server.set_read_timeout(5);
  server.set_write_timeout(10);
  server.set_keep_alive_timeout(10);
  parts_->routes();
  const std::string host = is_wildcard(endpoint) ? "0.0.0.0" : endpoint.host;
  int port = endpoint.port;
  const bool bound = port == 0 ? (port = server.bind_to_any_port(host)) > 0 : server.bind_to_port(host, port);
  if (!bound) {
    throw StartupError(fmt::format("--http {}: cannot be bound; another program may be using it", address));
  }
  const std::string shown = is_wildcard(endpoint) ? host_name() : endpoint.host;
  const bool ipv6 = shown.find(':') != std::string::npos;
  parts_->url = fmt::format("http://{}{}{}:{}/", ipv6 ? "[" : "", shown, ipv6 ? "]" : "", port);
  parts_->thread = std::thread([parts = parts_.get()] {
    parts->server.listen_after_bind();
    parts->ended = true;
  });
}

LivePage::~LivePage() {
  // stop() before the thread listens would be lost.
  while (!parts_->server.is_running() && !parts_->ended) std::this_thread::yield();
  parts_->server.stop();
  parts_->thread.join();
}

LiveState& LivePage::state() { return parts_->state; }
const std::string& LivePage::url() const { return parts_->url; }
const std::string& LivePage::token_file() const { return parts_->token_file; }

}  // namespace ocrs
