// The output folder DIR of a screening: made private, locked while a coordinator works in it, and the names of all
// files in it. Writes none of them. One object per coordinator; the lock ends with it.
#pragma once

#include <filesystem>

#include "common/io/file.hpp"

namespace ocrs {

/// Where everything in DIR is, whether it exists or not.
struct OutputPaths {
  std::filesystem::path dir;

  [[nodiscard]] std::filesystem::path journal() const { return dir / "screening.sqlite"; }
  [[nodiscard]] std::filesystem::path points_csv() const { return dir / "points.csv"; }
  [[nodiscard]] std::filesystem::path evaluations_csv() const { return dir / "evaluations.csv"; }
  [[nodiscard]] std::filesystem::path best_yaml() const { return dir / "best.yaml"; }
  [[nodiscard]] std::filesystem::path portfolio_yaml() const { return dir / "portfolio.yaml"; }
  [[nodiscard]] std::filesystem::path report_html() const { return dir / "report.html"; }
  [[nodiscard]] std::filesystem::path manifest_json() const { return dir / "manifest.json"; }
  [[nodiscard]] std::filesystem::path control_socket() const { return dir / "control.sock"; }
  [[nodiscard]] std::filesystem::path lock() const { return dir / "lock"; }
  [[nodiscard]] std::filesystem::path log() const { return dir / "coordinator.log"; }
};

/// A DIR that this process may write to, and no other coordinator does.
class OutputFolder {
 public:
  /// Makes DIR (mode 0700) where there is none and takes its lock. Throws StartupError: on a network file system, in a
  /// folder that others share or that is not ours, when another coordinator is at work there (its pid is told).
  [[nodiscard]] static OutputFolder acquire(const std::filesystem::path& dir);

  [[nodiscard]] const OutputPaths& paths() const { return paths_; }
  [[nodiscard]] const std::filesystem::path& dir() const { return paths_.dir; }

 private:
  OutputFolder(OutputPaths paths, LockFile lock) : paths_(std::move(paths)), lock_(std::move(lock)) {}

  OutputPaths paths_;
  LockFile lock_;
};

/// The paths of a DIR that exists and holds a journal; throws StartupError where there is none.
[[nodiscard]] OutputPaths existing_output(const std::filesystem::path& dir);

}  // namespace ocrs
