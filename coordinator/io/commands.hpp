// The verbs of `ocrscreen`, one function each; cli.cpp parses their arguments. They return the exit code, print to
// stdout what was asked for and to stderr what happens on the way. StartupError goes to main: one line, exit 2.
// Those that write result files are given the surrogate of the analysis.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/surrogate.hpp"

#include "coordinator/io/control_messages.hpp"

namespace ocrs {

inline constexpr int exit_complete = 0, exit_missing = 1, exit_cannot_start = 2, exit_interrupted = 130;

struct RunOptions {
  std::filesystem::path config, out;
  bool plan = false;
  std::optional<std::uint32_t> points;
  std::string bind;                    // empty = loopback, the port of the last run in `out` if there was one
  std::string local_workers = "auto";  // a number, or auto
  std::string http;                    // ADDR:PORT of the live page; empty = none
  bool insecure = false;
  bool retry_failed = false;                  // what blame ended before is tried again
  std::optional<std::filesystem::path> keys;  // the key folder; nothing = the usual one when others reach `bind`
};

struct ApplyOptions {
  std::filesystem::path settings;  // best.yaml or portfolio.yaml
  std::vector<std::string> inputs;
  std::filesystem::path out;
  std::string format = "png";
  std::optional<std::uint32_t> jobs;
  bool force = false;
  std::optional<std::string> languages;  // in place of the file's
  std::optional<std::int32_t> psm;
  std::optional<double> dpi;  // in place of the pages' own
};

struct AblateOptions {
  std::filesystem::path dir;
  std::optional<std::int64_t> point;  // nothing = the best
  std::optional<std::uint32_t> jobs;
  std::optional<std::filesystem::path> csv;   // objectives page by page without each stage
  std::optional<std::filesystem::path> yaml;  // the leanest setting, for apply
};

struct KeysAddOptions {
  std::string name;
  std::vector<std::string> endpoints;  // none: that of the last run with these keys
  std::filesystem::path output;        // empty = NAME.join
};

struct FleetOptions {
  std::filesystem::path hosts;
  std::optional<std::filesystem::path> ssh_config;  // nothing = the user's
  std::uint32_t timeout_s = 10;                     // for connecting
  std::uint32_t wait_s = 30;                        // for a worker to join, or to finish what it reads
  std::uint32_t jobs = 32;                          // hosts at a time
};

/// Writes a commented configuration; refuses to overwrite.
[[nodiscard]] int init_command(const std::filesystem::path& file);
/// Prints the design as a table, or writes it as CSV with the coordinates u_1 … u_d.
[[nodiscard]] int design_command(const std::filesystem::path& config, const std::optional<std::filesystem::path>& csv);
[[nodiscard]] int run_command(const RunOptions& options, Surrogate& surrogate);
/// What the journal holds, and what the coordinator at work there says of itself.
[[nodiscard]] int status_command(const std::filesystem::path& dir, bool json);
/// Once a second, until the coordinator ends.
[[nodiscard]] int watch_command(const std::filesystem::path& dir, bool json);
[[nodiscard]] int workers_command(const std::filesystem::path& dir, bool json);
/// pause, resume, cancel, retry-failed, drain: throws StartupError where no coordinator is at work or it refuses.
[[nodiscard]] int operator_command(const std::filesystem::path& dir, const ControlRequest& request, bool json);
/// Without a coordinator the next run of the same command evaluates the new points.
[[nodiscard]] int extend_command(const std::filesystem::path& dir, std::uint32_t points, bool json);
/// Runs what a race dropped; without a coordinator the next run of the same command does.
[[nodiscard]] int fill_command(const std::filesystem::path& dir, bool json);
[[nodiscard]] int explain_command(const std::filesystem::path& dir, std::int64_t point,
                                  const std::optional<std::string>& page, bool json);
/// `format` is csv (writes the result files into DIR again, or points.csv to `output`), json, or optuna
/// (a study file, DIR/optuna.sqlite unless `output` says otherwise).
[[nodiscard]] int export_command(const std::filesystem::path& dir, const std::string& format,
                                 const std::optional<std::filesystem::path>& output, Surrogate& surrogate);
/// Scores all readings again with the ground truth as it is on disk now, and writes the files.
[[nodiscard]] int rescore_command(const std::filesystem::path& dir, Surrogate& surrogate);
/// Writes report.html and portfolio.yaml into DIR from its journal, also while a coordinator is at work there, and
/// prints the verdict with all advice.
[[nodiscard]] int report_command(const std::filesystem::path& dir, Surrogate& surrogate);
/// Images or documents of new pages, made with the settings of a file; apply.csv tells of each.
[[nodiscard]] int apply_command(const ApplyOptions& options);
/// Reads the screening's pages with the setting once without each of its stages and prints what it owes to each; then
/// leaves out one stage after the other while that costs next to nothing. Changes nothing in the folder;
/// exit_missing when a page cannot be compared.
[[nodiscard]] int ablate_command(const AblateOptions& options);
[[nodiscard]] int doctor_command();
/// The keys of the coordinator and its workers, in `folder`.
[[nodiscard]] int keys_init_command(const std::filesystem::path& folder);
[[nodiscard]] int keys_add_command(const std::filesystem::path& folder, const KeysAddOptions& options);
[[nodiscard]] int keys_revoke_command(const std::filesystem::path& folder, const std::string& name);
[[nodiscard]] int keys_list_command(const std::filesystem::path& folder);
/// `verb` is start, stop or status: workers on other machines, over ssh. A line per host; exit_missing when one is bad.
[[nodiscard]] int fleet_command(const std::string& verb, const FleetOptions& options);

}  // namespace ocrs
