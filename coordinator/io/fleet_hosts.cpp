#include "coordinator/io/fleet_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <sstream>

#include "common/io/endpoint.hpp"
#include "common/io/keys.hpp"

namespace ocrs {
namespace {

constexpr std::size_t hosts_max = 4096, word_bytes_max = 1024;

std::optional<std::uint32_t> number_of(std::string_view text, std::uint32_t max) {
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value == 0 || value > max) return std::nullopt;
  return value;
}

/// Nothing in it that ssh or a shell could take for something else.
bool is_plain(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '%' || c == ':';
  });
}

Result<void> read_address(std::string_view word, FleetHost& to) {
  const Error wrong{fmt::format("'{}' is not [user@]host[:port]; IPv6 in brackets", word)};
  if (const std::size_t at = word.rfind('@'); at != std::string_view::npos) {
    to.user = word.substr(0, at);
    if (!is_plain(to.user) || to.user.find(':') != std::string::npos) return wrong;
    word.remove_prefix(at + 1);
  }
  std::string_view port;
  bool has_port = false;
  if (word.starts_with('[')) {
    const std::size_t end = word.find(']');
    if (end == std::string_view::npos) return wrong;
    to.host = word.substr(1, end - 1);
    word.remove_prefix(end + 1);
    has_port = !word.empty();
    if (has_port && word.front() != ':') return wrong;
    if (has_port) port = word.substr(1);
  } else {
    const std::size_t colon = word.find(':');
    to.host = word.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = word.substr(colon + 1);
  }
  if (!is_plain(to.host)) return wrong;
  if (!has_port) return {};
  const auto number = number_of(port, 65535);
  if (!number) return Error{fmt::format("'{}' is not a port", port)};
  to.port = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> read_option(std::string_view word, const std::filesystem::path& file, FleetHost& to) {
  const std::size_t is = word.find('=');
  const std::string key{word.substr(0, is)};
  if (is == std::string_view::npos || is + 1 == word.size()) {
    return Error{fmt::format("'{}': expected KEY=VALUE", word)};
  }
  const std::string value{word.substr(is + 1)};
  if (key == "join") {
    const std::filesystem::path path = value;
    to.join = (path.is_absolute() ? path : file.parent_path() / path).string();
  } else if (key == "connect") {
    const Result<Endpoint> endpoint = parse_endpoint(value);
    if (!endpoint) return Error{"connect: " + endpoint.error().text};
    if (endpoint->port == 0 || is_wildcard(*endpoint)) return Error{"connect: a host and a port, tcp://HOST:PORT"};
    to.connect = value;
  } else if (key == "slots") {
    if (value != "auto" && !number_of(value, 1024)) return Error{"slots: auto, or 1 to 1024"};
    to.slots = value;
  } else if (key == "gpu") {
    if (value != "auto" && value != "off" && value != "on") return Error{"gpu: auto, off or on"};
    to.gpu = value;
  } else if (key == "name") {
    if (!is_key_name(value)) return Error{"name: letters, digits, '.', '_', '-', at most 64"};
    to.name = value;
  } else if (key == "cache") {
    to.cache = value;
  } else if (key == "program") {
    to.program = value;
  } else if (key == "state") {
    to.state = value;
  } else {
    return Error{fmt::format("'{}' is not one of join, connect, slots, gpu, cache, program, state, name", key)};
  }
  return {};
}

Result<std::vector<std::string>> words_of(const std::string& line) {
  if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; })) {
    return Error{"a control character"};
  }
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word && word.front() != '#';) {
    if (word.size() > word_bytes_max) return Error{"a word of more than 1024 bytes"};
    words.push_back(word);
  }
  return words;
}

}  // namespace

Result<std::vector<FleetHost>> parse_fleet_hosts(std::string_view text, const std::filesystem::path& file) {
  std::vector<FleetHost> hosts;
  std::set<std::string> names;
  std::string errors;
  FleetHost defaults;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto wrong = [&](const std::string& what) {
      errors += fmt::format("{}{}:{}: {}", errors.empty() ? "" : "\n", file.string(), number, what);
    };
    if (line.ends_with('\r')) line.pop_back();
    const auto words = words_of(line);
    if (!words) {
      wrong(words.error().text);
      continue;
    }
    if (words->empty()) continue;
    const bool is_default = words->front() == "*";
    FleetHost host = defaults;
    if (!is_default) {
      if (const auto read = read_address(words->front(), host); !read) wrong(read.error().text);
      for (const char c : words->front())
        host.name += std::isalnum(static_cast<unsigned char>(c)) || c == '.' ? c : '_';
    }
    for (auto word = words->begin() + 1; word != words->end(); ++word) {
      if (is_default && word->starts_with("name=")) wrong("name: belongs to one host");
      if (const auto read = read_option(*word, file, host); !read) wrong(read.error().text);
    }
    if (is_default) {
      defaults = host;
      continue;
    }
    if (!names.insert(host.name).second) {
      wrong(fmt::format("{} comes twice; two workers of one host need a name=NAME each", host.name));
    }
    hosts.push_back(std::move(host));
  }
  if (hosts.size() > hosts_max) return Error{fmt::format("{}: more than {} hosts", file.string(), hosts_max)};
  if (!errors.empty()) return Error{errors};
  if (hosts.empty()) return Error{file.string() + ": no host in it"};
  return hosts;
}

}  // namespace ocrs
