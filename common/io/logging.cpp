#include "common/io/logging.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/utf8.hpp"

namespace ocrs {
namespace {

constexpr std::size_t line_bytes_max = 16 * 1024;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> make_logger(const LogOptions& options) {
  std::vector<spdlog::sink_ptr> sinks;
  sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  sinks.back()->set_level(level_of(options.level));
  auto lowest = level_of(options.level);
  if (!options.file.empty()) {
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.file.string(), options.file_bytes_max, options.files > 1 ? options.files - 1 : 1));
    sinks.back()->set_level(spdlog::level::debug);
    lowest = spdlog::level::debug;
  }
  auto logger = std::make_shared<spdlog::logger>("ocrscreen", sinks.begin(), sinks.end());
  logger->set_level(lowest);
  logger->flush_on(spdlog::level::info);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  return logger;
}

struct Current {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger = make_logger({});
};
Current& current() {
  static Current* const instance = new Current;  // Never destroyed: threads may log while the program ends.
  return *instance;
}

std::string printable(std::string_view text) {
  std::string line;
  for (const char c : made_utf8(text, line_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      line += fmt::format("\\x{:02X}", byte);
    } else {
      line.push_back(c);
    }
  }
  return line;
}

}  // namespace

void start_logging(const LogOptions& options) {
  std::shared_ptr<spdlog::logger> logger;
  try {
    logger = make_logger(options);
  } catch (const spdlog::spdlog_ex& error) {
    throw StartupError("cannot write the log " + options.file.string() + ": " + error.what());
  }
  const std::lock_guard lock(current().mutex);
  current().logger = std::move(logger);
}

void log_text(LogLevel level, std::string_view text) {
  std::shared_ptr<spdlog::logger> logger;
  {
    const std::lock_guard lock(current().mutex);
    logger = current().logger;
  }
  if (!logger->should_log(level_of(level))) return;
  logger->log(level_of(level), printable(text));
}

}  // namespace ocrs
