#include "coordinator/io/apply_inputs.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "common/core/result.hpp"
#include "common/core/text_scores.hpp"
#include "coordinator/io/glob.hpp"
#include "coordinator/io/page_files.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// The regular files of a folder that do not begin with a dot.
Result<std::vector<fs::path>> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const bool hidden = at->path().filename().native().starts_with('.');
    if (!hidden && at->is_regular_file(ignored)) files.push_back(fs::absolute(at->path(), ignored).lexically_normal());
  }
  if (error) return Error{folder.string() + ": " + error.message()};
  return files;
}

bool is_plain_text(const std::string& name) {
  return checked_ground_truth(name).ok() &&
         std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
}

}  // namespace

ApplyInputs find_apply_inputs(const std::vector<std::string>& arguments) {
  std::set<fs::path> files, others;
  std::string errors;
  const auto refuse = [&](const std::string& why) { errors += (errors.empty() ? "" : "\n") + why; };
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    const bool folder = fs::is_directory(argument, ignored);
    const auto matches = folder ? files_in(argument) : expand_glob(fs::current_path(), argument);
    if (!matches) {
      refuse(argument + ": " + matches.error().text);
      continue;
    }
    std::size_t pages = 0;
    for (const fs::path& file : *matches) {
      const bool page = is_image_file(file) || is_pdf_file(file);
      pages += page ? 1 : 0;
      (page ? files : others).insert(file);
    }
    if (matches->empty() && !folder) refuse(argument + ": no such file");
    if (folder && pages == 0)
      refuse(argument + ": holds no image (for images in its subfolders: '" + argument + "/**')");
  }
  if (errors.empty() && files.empty()) refuse("no image among the files given");
  if (!errors.empty()) throw StartupError(errors);

  ApplyInputs inputs;
  inputs.left_out = others.size();
  const fs::path common = common_folder({files.begin(), files.end()});
  for (const fs::path& file : files) {
    const std::string name = file.lexically_relative(common).generic_string();
    if (!is_plain_text(name)) throw StartupError(file.string() + ": its name is not plain UTF-8 text; rename it");
    inputs.files.push_back({file, name, is_pdf_file(file)});
  }
  std::sort(inputs.files.begin(), inputs.files.end(),
            [](const ApplyInput& a, const ApplyInput& b) { return a.name < b.name; });
  return inputs;
}

std::string_view extension_of(DocumentFormat format) {
  switch (format) {
    case DocumentFormat::txt:
      return "txt";
    case DocumentFormat::hocr:
      return "hocr";
    case DocumentFormat::alto:
      return "xml";
    case DocumentFormat::pdf:
      return "pdf";
    case DocumentFormat::png:
      break;
  }
  return "png";
}

fs::path output_of(const std::string& name, std::size_t number, DocumentFormat format) {
  fs::path output = fs::path(name).replace_extension();
  if (number > 0) output += "." + std::to_string(number);
  output += "." + std::string(extension_of(format));
  return output;
}

}  // namespace ocrs
