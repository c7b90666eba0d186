// The commented screening.yaml that `ocrscreen init` writes: every key, what it means and what it is by default.
#pragma once

#include <filesystem>
#include <string_view>

namespace ocrs {

[[nodiscard]] std::string_view init_template();

/// Writes the template; a file that is there already is never overwritten (StartupError).
void write_init_template(const std::filesystem::path& path);

}  // namespace ocrs
