#include "coordinator/io/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace ocrs {

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t s = std::max<std::int64_t>(duration.count(), 0);
  if (s >= 3600) return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
  if (s >= 60) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} s", s);
}

std::string progress_text(const ProgressNumbers& n, std::size_t columns) {
  std::string text = fmt::format("{}/{} {}", n.finished, n.total, n.unit);
  if (n.total > 0) text += fmt::format(" ({:.0f} %)", std::floor(100.0 * double(n.finished) / double(n.total)));
  if (n.per_second > 0)
    text +=
        n.per_second >= 1 ? fmt::format(", {:.1f}/s", n.per_second) : fmt::format(", {:.1f}/min", 60 * n.per_second);
  if (n.remaining) text += ", ETA " + duration_text(*n.remaining);
  if (n.failed > 0) text += fmt::format(", {} failed", n.failed);
  if (n.missing > 0) text += fmt::format(", {} missing", n.missing);
  if (n.workers > 1) text += fmt::format(", {} workers", n.workers);
  if (!n.state.empty()) text += ", " + n.state;
  if (!n.best.empty()) {
    const std::string best = ", best so far: " + n.best;
    if (columns == 0 || text.size() + best.size() <= columns) text += best;
  }
  if (columns > 0 && text.size() > columns) text.resize(columns);
  return text;
}

void RateMeter::add(Time now, std::uint64_t finished) {
  // One count per second is enough for three minutes of history.
  if (!counts_.empty() && now - counts_.back().first < std::chrono::seconds{1}) return;
  counts_.emplace_back(now, finished);
  while (counts_.size() > 2 && now - counts_.front().first > window_) counts_.pop_front();
}

double RateMeter::per_second() const {
  if (counts_.size() < 2) return 0;
  const double seconds = std::chrono::duration<double>(counts_.back().first - counts_.front().first).count();
  const std::uint64_t finished = counts_.back().second - std::min(counts_.front().second, counts_.back().second);
  return seconds >= 1 ? double(finished) / seconds : 0;
}

ProgressLine::ProgressLine(std::FILE* stream) : stream_(stream), terminal_(isatty(fileno(stream)) == 1) {}

void ProgressLine::show(const ProgressNumbers& numbers, RateMeter::Time now, bool force) {
  const RateMeter::Time every = terminal_ ? RateMeter::Time{500'000} : RateMeter::Time{10'000'000};
  if (!force && last_ && now - *last_ < every) return;
  last_ = now;
  if (!terminal_) {
    std::fprintf(stream_, "%s\n", progress_text(numbers, 0).c_str());
    std::fflush(stream_);
    return;
  }
  winsize size{};
  std::size_t columns = 80;
  if (ioctl(fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) columns = size.ws_col;
  // The last column stays free: a full one makes some terminals wrap.
  std::fprintf(stream_, "\r\x1b[K%s", progress_text(numbers, columns - 1).c_str());
  std::fflush(stream_);
  shown_ = true;
}

void ProgressLine::clear() {
  if (terminal_ && shown_) std::fputs("\r\x1b[K", stream_);
  shown_ = false;
}

void ProgressLine::say(const std::string& text) {
  clear();
  std::fprintf(stream_, "%s\n", text.c_str());
  std::fflush(stream_);
  last_.reset();
}

void ProgressLine::finish() {
  if (terminal_ && shown_) std::fputc('\n', stream_);
  shown_ = false;
}

}  // namespace ocrs
