// Globs: `*` and `?` within a name, `[a-z]`, `[!a]`, and `**` for any number of folders, none included. Names that
// begin with a dot match only a pattern that does. Links to folders are followed, but never around in a circle.
// Gives regular files only; knows nothing about images. Bounded in what it visits. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

/// Whether one name (no '/') fits a pattern without '/'.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name);

/// The files a glob names, absolute, sorted bytewise; relative globs start at `base`. A pattern that names an existing
/// file is that file, whatever characters it holds. The error is about too many files or a pattern that cannot match.
[[nodiscard]] Result<std::vector<std::filesystem::path>> expand_glob(const std::filesystem::path& base,
                                                                     const std::string& pattern);

}  // namespace ocrs
