#include "coordinator/io/status.hpp"

#include <fmt/format.h>

#include "coordinator/io/summary.hpp"

namespace ocrs {
namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "0 %" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string counts_line(const Account& account) {
  const std::uint64_t finished = account.total - account.pending;
  std::string line = fmt::format("{} of {} evaluations ({}): {} done, {} failed, {} missing", finished, account.total,
                                 percent(finished, account.total), account.done, account.failed, account.missing);
  if (account.dropped > 0) line += fmt::format(", {} dropped by a race", account.dropped);
  if (account.merged > 0) line += fmt::format("; {} of the done share another's reading", account.merged);
  return line + "\n";
}

std::string best_lines(const ScreeningResults& results) {
  const Ranking& ranking = results.ranking;
  const PointScores* best = ranking.best();
  if (!best) return "no point has all its pages yet\n";
  std::string text =
      fmt::format("best of {} points with all pages, by {}: ", ranking.order.size(), ranking.objective.name);
  text += best->point == baseline_point ? "the untouched page" : fmt::format("point {}", best->point.value);
  text += fmt::format(" with {:.4f}", *best->objective);
  if (best->point != baseline_point && best->gain) text += fmt::format(" ({:+.4f} on the untouched page)", *best->gain);
  text += "\n";
  if (best->point != baseline_point) text += "  " + setting_text(results, best->point) + "\n";
  return text;
}

std::string missing_lines(const Account& account, const Screening& screening) {
  constexpr std::size_t shown_max = 10;
  std::string text;
  for (std::size_t i = 0; i < account.missing_evaluations.size() && i < shown_max; ++i) {
    const MissingEvaluation& one = account.missing_evaluations[i];
    text += fmt::format("  missing: point {} on {}: {}\n", one.id.point.value,
                        screening.pages[one.id.page.value].names.front(), one.reason);
  }
  if (account.missing_evaluations.size() > shown_max) {
    text += fmt::format("  … and {} more, in evaluations.csv\n", account.missing_evaluations.size() - shown_max);
  }
  return text;
}

}  // namespace

std::string status_text(const ScreeningResults& results) {
  const Screening& screening = results.record.screening;
  std::string text = screening.title.empty() ? "" : screening.title + "\n";
  text += fmt::format("run {}, {} points on {} pages, {}\n", to_hex(results.record.run).substr(0, 12),
                      screening.design.points, screening.pages.size(), results.complete() ? "complete" : "incomplete");
  text += counts_line(results.account);
  text += best_lines(results);
  text += missing_lines(results.account, screening);
  return text;
}

Result<ScreeningResults> results_of_folder(const std::filesystem::path& dir) {
  const std::unique_ptr<SqliteJournal> journal = SqliteJournal::open_read_only(dir);
  return read_results(*journal);
}

}  // namespace ocrs
