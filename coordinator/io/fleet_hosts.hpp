// The hosts of `ocrscreen fleet`: a file of them read and checked, and the shell script that a host is given. Opens no
// connection (fleet_command). Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

/// One line of the file: [user@]host[:port] KEY=VALUE …
struct FleetHost {
  std::string name;  // how verdicts and the folder on the host call it; default: the address
  std::string user;  // empty = as ssh decides, as for the port
  std::string host;  // without brackets
  std::optional<std::uint16_t> port;
  std::string join;                          // path of a join file here; its contents travel through ssh
  std::string connect;                       // tcp://HOST:PORT
  std::string slots, gpu, cache;             // of ocrscreen-worker; empty = its defaults
  std::string program = "ocrscreen-worker";  // there
  std::string state;                         // folder there of pid file and log; empty = below the home folder
};

/// Lines of words parted by blanks; what follows a `#` at the beginning of a word is a comment; `* KEY=VALUE …` sets
/// what the lines below do not say themselves. Relative join files are looked for beside `file`. The error names every
/// line that is wrong.
[[nodiscard]] Result<std::vector<FleetHost>> parse_fleet_hosts(std::string_view text,
                                                               const std::filesystem::path& file);

/// `text` as one word of a POSIX shell, whatever is in it.
[[nodiscard]] std::string shell_quoted(std::string_view text);

enum class FleetVerb { start, stop, status };

/// For `sh -s` on the host. `join_text` is the join file's contents. It answers in lines "ocrscreen-fleet KEY TEXT":
/// version, doctor (JSON), running (pid), joined, log (the last line that tells why not), ended, stopped, refused.
[[nodiscard]] std::string fleet_script(const FleetHost& host, FleetVerb verb, std::string_view join_text,
                                       std::uint32_t wait_s);

/// What a host answered, as one line for the user.
struct FleetVerdict {
  bool good = false;
  std::string text;
  bool operator==(const FleetVerdict&) const = default;
};

/// From everything the host printed; lines of login scripts among it are passed over.
[[nodiscard]] FleetVerdict fleet_verdict(FleetVerb verb, std::string_view output);

}  // namespace ocrs
