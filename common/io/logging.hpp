// The program's log: stderr and, when asked for, files of bounded size. One line per call, UTC times; control
// characters are shown as \xNN, so that a peer's name cannot forge lines. Text that was read from pages must never be
// passed here. The only user of spdlog. Any thread.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace ocrs {

enum class LogLevel { debug, info, warning, error, off };  // off: as a threshold only

struct LogOptions {
  LogLevel level = LogLevel::info;         // on stderr
  std::filesystem::path file;              // empty = none; gets debug and above
  std::size_t file_bytes_max = 10u << 20;  // per file
  std::size_t files = 3;                   // rotated: FILE, FILE.1, FILE.2
};

/// Before this, info and above go to stderr. Throws StartupError when the file cannot be written. May be called again.
void start_logging(const LogOptions& options);

void log_text(LogLevel level, std::string_view text);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ocrs
