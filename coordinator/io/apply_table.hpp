// apply.csv: what became of every page. A later call into the same folder keeps the rows of other outputs. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

/// A page and what became of it. Without a reading (png of a single setting) the numbers are empty.
struct AppliedPage {
  std::string page;
  std::filesystem::path output;  // below the output folder
  std::string reason;            // why it failed; empty = done
  std::size_t setting = 0;       // position in the file, from 1; 0 = none
  std::optional<std::int64_t> point;
  std::optional<double> confidence, characters, text_yield;
};

/// Replaces the rows of the same page and output, keeps the others. The Error: a file that is not apply's own, or disk.
[[nodiscard]] Result<void> write_apply_table(const std::filesystem::path& file, const std::vector<AppliedPage>& pages);
/// Whether a file of that name may be written: there is none, or one of ours.
[[nodiscard]] Result<void> check_apply_table(const std::filesystem::path& file);

}  // namespace ocrs
