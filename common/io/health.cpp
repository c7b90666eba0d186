#include "common/io/health.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timex.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "common/io/fd.hpp"
#include "common/io/file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Listening there; empty with errno set when it cannot.
UniqueFd listen_on(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (fd.get() < 0 || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 1) != 0) {
    return UniqueFd();
  }
  return fd;
}

std::uint16_t port_of(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port) : 0;
}

/// "ext4", from the mount with the longest path that holds the folder.
std::string filesystem_kind(const fs::path& folder) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string kind = "unknown file system";
  std::size_t longest = 0;
  for (std::string line; std::getline(mounts, line);) {
    // ID PARENT DEVICE ROOT MOUNTPOINT OPTIONS… - KIND SOURCE OPTIONS
    std::istringstream fields(line);
    std::string skipped, point, field, type;
    fields >> skipped >> skipped >> skipped >> skipped >> point;
    while (fields >> field && field != "-") {
    }
    fields >> type;
    const bool inside = point == "/" || folder.native() == point || folder.native().starts_with(point + "/");
    if (!inside || point.size() < longest || type.empty()) continue;
    longest = point.size();
    kind = type;
  }
  return kind;
}

/// The folder itself or its nearest parent that exists, without links.
fs::path existing(const fs::path& folder) {
  std::error_code error;
  fs::path path = fs::absolute(folder, error);
  while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  const fs::path canonical = fs::canonical(path, error);
  return error ? path : canonical;
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warn:
      return "warn";
    case Verdict::bad:
      break;
  }
  return "bad";
}

bool any_bad(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.verdict == Verdict::bad; });
}

void print_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    fmt::print("{:<5} {:<12} {}\n", to_string(finding.verdict), finding.subject, finding.text);
  }
}

Finding check_clock() {
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  const auto wall = system_clock::now();
  const auto begin = steady_clock::now();
  auto last = begin;
  bool backwards = false;
  // Long enough to compare two paces, and on every processor the scheduler gives.
  while (last - begin < std::chrono::milliseconds{50}) {
    const auto now = steady_clock::now();
    backwards = backwards || now < last;
    last = std::max(last, now);
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  const double apart =
      std::chrono::duration<double>((system_clock::now() - wall) - (steady_clock::now() - begin)).count();
  const std::time_t seconds = system_clock::to_time_t(wall);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  timex kernel{};
  const bool synchronised = ::adjtimex(&kernel) != TIME_ERROR;
  const std::string time = fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1,
                                       utc.tm_mday, utc.tm_hour, utc.tm_min);
  if (backwards) return {"clock", Verdict::bad, "the monotonic clock goes backwards: deadlines cannot be kept"};
  if (utc.tm_year + 1900 < 2024 || utc.tm_year + 1900 > 2100) {
    return {"clock", Verdict::warn, time + ": not a time that can be; the report's times will be wrong"};
  }
  if (std::abs(apart) > 1) {
    return {"clock", Verdict::warn, fmt::format("{}: the wall clock jumped by {:.1f} s while looked at", time, apart)};
  }
  return {"clock", Verdict::ok,
          time + ", monotonic" + (synchronised ? ", synchronised" : ", not said to be synchronised")};
}

Finding check_loopback() {
  constexpr int tries = 16;  // the next port may be somebody's
  const auto refused = [](const char* what) {
    return Finding{"loopback", Verdict::bad, fmt::format("{} on 127.0.0.1: {}", what, std::strerror(errno))};
  };
  for (int i = 0; i < tries; ++i) {
    const UniqueFd first = listen_on(0);
    if (first.get() < 0) return refused("no port can be bound");
    const std::uint16_t port = port_of(first);
    if (port == 0 || port == 65535) continue;
    const UniqueFd second = listen_on(static_cast<std::uint16_t>(port + 1));
    if (second.get() < 0) continue;
    const UniqueFd caller(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (caller.get() < 0 || ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return refused("a bound port cannot be reached");
    }
    return {"loopback", Verdict::ok, fmt::format("ports {} and {} could be bound and reached", port, port + 1)};
  }
  return {"loopback", Verdict::warn, "no two neighbouring free ports found; give --bind and a port"};
}

Finding check_disk(const std::string& subject, const fs::path& folder, std::uint64_t bytes_wanted) {
  const fs::path there = existing(folder);
  const Result<std::uint64_t> free = free_bytes(there);
  if (!free) return {subject, Verdict::bad, free.error().text};
  const std::string text =
      fmt::format("{} on {}, {:.1f} GB free", folder.string(), filesystem_kind(there), double(*free) / 1e9);
  if (is_network_filesystem(there)) {
    return {subject, Verdict::bad, text + ": a network file system, where locks and writes cannot be trusted"};
  }
  if (*free < bytes_wanted / 10) return {subject, Verdict::bad, text + ": too little to work with"};
  if (*free < bytes_wanted) return {subject, Verdict::warn, text + ": may be too little"};
  return {subject, Verdict::ok, text};
}

}  // namespace ocrs
