// Everything before a screening can start, in one call: configuration, pages, ground truth, models. Throws StartupError
// that names all that is wrong, a line for each. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coordinator/core/screening.hpp"
#include "coordinator/io/page_set.hpp"

namespace ocrs {

/// `warnings` gains sentences about what is odd but no obstacle. PDFs are rendered below `pdf_folder` (see find_pages).
[[nodiscard]] Screening load_screening(const std::filesystem::path& yaml, const PageInspector& inspect,
                                       std::vector<std::string>& warnings,
                                       const std::filesystem::path& pdf_folder = {});

}  // namespace ocrs
