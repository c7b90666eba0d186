// The progress line of a running screening: what it says and how it is kept on one line of a terminal.
// Not a terminal: a full line every ten seconds instead. Owns no numbers; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace ocrs {

struct ProgressNumbers {
  std::string_view unit = "evaluations";  // what is counted
  std::uint64_t total = 0, finished = 0;  // finished = done + failed + missing
  std::uint64_t failed = 0, missing = 0;
  std::uint32_t workers = 0, lanes = 0;
  double per_second = 0;  // 0 = not known yet
  std::optional<std::chrono::seconds> remaining;
  std::string best;   // "point 17 cer 0.12 (untouched 0.20, 5 of 24 pages)"; empty = none yet
  std::string state;  // "", "paused", "waiting for workers", "disk full: …"
};

/// One line without newline, at most `columns` columns wide (0 = unlimited); the best-so-far part gives way first.
[[nodiscard]] std::string progress_text(const ProgressNumbers& numbers, std::size_t columns);

/// "3 h 12 min", "4 min 05 s", "12 s".
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

/// Evaluations per second over the last minutes, counted when they finish.
class RateMeter {
 public:
  using Time = std::chrono::duration<std::int64_t, std::micro>;
  void add(Time now, std::uint64_t finished);
  /// Per second over the window kept; 0 until two counts are a second apart.
  [[nodiscard]] double per_second() const;

 private:
  static constexpr Time window_ = std::chrono::minutes{3};
  std::deque<std::pair<Time, std::uint64_t>> counts_;
};

class ProgressLine {
 public:
  explicit ProgressLine(std::FILE* stream);
  /// Shows the line if it is due at `now` (terminal: twice a second; else every ten seconds) or `force`d.
  void show(const ProgressNumbers& numbers, RateMeter::Time now, bool force = false);
  /// Prints a line of its own above the progress line.
  void say(const std::string& text);
  /// Leaves the last state on the screen and starts a fresh line.
  void finish();

 private:
  void clear();
  std::FILE* stream_;
  bool terminal_;
  bool shown_ = false;
  std::optional<RateMeter::Time> last_;
};

}  // namespace ocrs
