#include "common/io/keys.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>

#include "common/io/file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_file_bytes_max = 4u << 20;
constexpr std::size_t endpoints_max = 16;
constexpr std::string_view join_title = "ocrscreen-join", server_title = "ocrscreen-server-key";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Error line_error(const fs::path& path, int line, const std::string& what) {
  return Error{fmt::format("{}:{}: {}", path.string(), line, what)};
}

/// Takes "FIELD VALUE" lines apart: every field once, all of `wanted` there, keys of 40 characters.
Result<std::map<std::string, std::string>> fields_of(const fs::path& path, const std::vector<KeyLine>& lines,
                                                     const std::vector<std::string>& wanted) {
  std::map<std::string, std::string> fields;
  for (const auto& [line, words] : lines) {
    const std::string& field = words.front();
    if (words.size() != 2) return line_error(path, line, "expected a field and its value");
    if (std::find(wanted.begin(), wanted.end(), field) == wanted.end()) {
      return line_error(path, line, "no field of this file: " + field.substr(0, 40));
    }
    if (!fields.emplace(field, words[1]).second) return line_error(path, line, field + " comes twice");
    if (field.ends_with("_key") && !is_curve_key(words[1])) {
      return line_error(path, line, field + " is not a CURVE key of 40 characters");
    }
  }
  for (const std::string& field : wanted) {
    if (!fields.contains(field)) return Error{path.string() + ": " + field + " is missing; the file is damaged or cut"};
  }
  return fields;
}

Result<void> check_pair(const fs::path& path, const CurveKeys& keys) {
  const auto expected = curve_public_key(keys.secret_key);
  if (!expected || *expected != keys.public_key) {
    return Error{path.string() + ": public_key does not belong to secret_key; the file is damaged"};
  }
  return {};
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

Result<void> check_private(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error{path.string() + ": " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return Error{path.string() + ": neither file nor folder"};
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return Error{fmt::format("{0} belongs to another user, who could change it; make it yours: chown {1} {0}",
                             path.string(), ::geteuid())};
  }
  if ((status.st_mode & 077) != 0) {
    return Error{fmt::format("{} is open to other users (mode {:04o}); close it: chmod {} {}", path.string(),
                             status.st_mode & 07777, S_ISDIR(status.st_mode) ? "700" : "600", path.string())};
  }
  return {};
}

Result<std::vector<KeyLine>> read_key_lines(const fs::path& path, std::string_view title) {
  if (auto is_private = check_private(path); !is_private) return is_private.error();
  auto text = read_file(path, key_file_bytes_max);
  if (!text) return text.error();
  std::vector<KeyLine> lines;
  std::istringstream stream(*text);
  int number = 0;
  bool titled = false;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 && c != '\t' && c != '\r'; })) {
      return line_error(path, number, "a control character; the file is damaged");
    }
    if (line.starts_with("# ")) continue;
    std::istringstream split(line);
    std::vector<std::string> words;
    for (std::string word; split >> word;) words.push_back(std::move(word));
    if (words.empty()) continue;
    if (titled) {
      lines.emplace_back(number, std::move(words));
      continue;
    }
    if (words.size() != 2 || words[0] != title) {
      return line_error(path, number, fmt::format("expected \"{} 1\": this is another kind of file", title));
    }
    if (words[1] != "1") return line_error(path, number, "written by a newer version, which this program cannot read");
    titled = true;
  }
  if (!titled) return Error{fmt::format("{}: expected \"{} 1\" in the first line", path.string(), title)};
  return lines;
}

Result<JoinFile> read_join_file(const fs::path& path) {
  auto lines = read_key_lines(path, join_title);
  if (!lines) return lines.error();
  JoinFile join;
  std::vector<KeyLine> rest;
  for (KeyLine& line : *lines) {
    if (line.second.front() != "endpoint") {
      rest.push_back(std::move(line));
      continue;
    }
    const auto& [number, words] = line;
    const auto endpoint = parse_endpoint(words.size() == 2 ? words[1] : "");
    if (!endpoint) return line_error(path, number, "endpoint: " + endpoint.error().text);
    if (endpoint->port == 0 || is_wildcard(*endpoint))
      return line_error(path, number, "endpoint: a host and a port are needed");
    if (join.endpoints.size() >= endpoints_max) return line_error(path, number, "too many endpoints");
    join.endpoints.push_back(words[1]);
  }
  auto fields = fields_of(path, rest, {"name", "server_key", "public_key", "secret_key"});
  if (!fields) return fields.error();
  if (join.endpoints.empty()) return Error{path.string() + ": endpoint is missing; the file is damaged or cut"};
  if (!is_key_name(fields->at("name"))) return Error{path.string() + ": name: letters, digits, '.', '_', '-' expected"};
  join.name = fields->at("name");
  join.keys = {fields->at("public_key"), fields->at("secret_key"), fields->at("server_key")};
  if (auto fits = check_pair(path, join.keys); !fits) return fits.error();
  return join;
}

Result<CurveKeys> read_server_key(const fs::path& path) {
  auto lines = read_key_lines(path, server_title);
  if (!lines) return lines.error();
  auto fields = fields_of(path, *lines, {"public_key", "secret_key"});
  if (!fields) return fields.error();
  CurveKeys keys{fields->at("public_key"), fields->at("secret_key"), ""};
  if (auto fits = check_pair(path, keys); !fits) return fits.error();
  return keys;
}

Result<void> write_join_file(const fs::path& path, const JoinFile& join, bool replace) {
  std::error_code ignored;
  if (!replace && fs::exists(fs::symlink_status(path, ignored))) {
    return Error{path.string() + " exists already; move it away or name another file with -o"};
  }
  std::string text =
      fmt::format("{} 1\n# Whoever has this file can work for the coordinator and read its pages.\n", join_title);
  text += "name " + join.name + "\n";
  for (const std::string& endpoint : join.endpoints) text += "endpoint " + endpoint + "\n";
  text += fmt::format("server_key {}\npublic_key {}\nsecret_key {}\n", join.keys.server_key, join.keys.public_key,
                      join.keys.secret_key);
  return write_file_atomically(path, text, 0600);
}

Result<void> write_server_key(const fs::path& path, const CurveKeys& keys) {
  return write_file_atomically(
      path, fmt::format("{} 1\npublic_key {}\nsecret_key {}\n", server_title, keys.public_key, keys.secret_key), 0600);
}

}  // namespace ocrs
