// Key files: the coordinator's key pair and the join file that lets a worker in. Reads and writes them, checks owner
// and mode and says how to mend them. Knows no socket and no list of workers (coordinator/io/key_folder). Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "common/io/socket.hpp"

namespace ocrs {

/// What a worker needs to join; made by `ocrscreen keys add NAME`. Holds no secret of the coordinator.
struct JoinFile {
  std::string name;
  std::vector<std::string> endpoints;  // tcp://HOST:PORT, tried in turn
  CurveKeys keys;                      // the worker's pair and the coordinator's public key
};

/// Letters, digits, '.', '_', '-', at most 64, not beginning with '.' or '-'.
[[nodiscard]] bool is_key_name(std::string_view name);

/// Ours, and open to nobody else: a folder 0700, a file 0600 (or less). The error says what to type.
[[nodiscard]] Result<void> check_private(const std::filesystem::path& path);

/// Both refuse files that others may read, and name the line that is wrong.
[[nodiscard]] Result<JoinFile> read_join_file(const std::filesystem::path& path);
[[nodiscard]] Result<CurveKeys> read_server_key(const std::filesystem::path& path);

/// Mode 0600. The worker's file replaces none: an error when there is one already.
[[nodiscard]] Result<void> write_join_file(const std::filesystem::path& path, const JoinFile& join,
                                           bool replace = false);
[[nodiscard]] Result<void> write_server_key(const std::filesystem::path& path, const CurveKeys& keys);

/// The form of every key file: a first line "TITLE 1", then lines of words; empty lines and lines that begin with "# "
/// are skipped. Returns (line number, words). Errors name file and line.
using KeyLine = std::pair<int, std::vector<std::string>>;
[[nodiscard]] Result<std::vector<KeyLine>> read_key_lines(const std::filesystem::path& path, std::string_view title);

}  // namespace ocrs
