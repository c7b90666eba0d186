// What is taken for a page by its name, and the folder from which pages are named. Opens no file. Any thread.
#pragma once

#include <filesystem>
#include <vector>

namespace ocrs {

/// By its extension, in capitals or not.
[[nodiscard]] bool is_image_file(const std::filesystem::path& file);
[[nodiscard]] bool is_pdf_file(const std::filesystem::path& file);

/// The deepest folder common to all these absolute files; empty without any.
[[nodiscard]] std::filesystem::path common_folder(const std::vector<std::filesystem::path>& files);

}  // namespace ocrs
