// Pages of a PDF as images, made by `pdftoppm -r 300 -gray` in a child process with bounded memory and time.
// A PDF that was rendered into the folder before is not rendered again. Any thread that outlives the call.
#pragma once

#include <filesystem>
#include <vector>

#include "common/core/ids.hpp"
#include "common/core/result.hpp"

namespace ocrs {

/// A private folder for rendered pages that is removed when the program ends.
[[nodiscard]] Result<std::filesystem::path> temporary_pdf_folder();

/// One PNG per page, in order, in a folder below `folder` that is named after the PDF's content. The error names the
/// PDF, and pdftoppm when it is not installed.
[[nodiscard]] Result<std::vector<std::filesystem::path>> render_pdf(const std::filesystem::path& pdf,
                                                                    const ContentHash& content,
                                                                    const std::filesystem::path& folder);

}  // namespace ocrs
