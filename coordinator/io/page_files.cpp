#include "coordinator/io/page_files.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 12> image_extensions = {".png",  ".jpg", ".jpeg", ".tif", ".tiff", ".jp2",
                                                               ".webp", ".bmp", ".pnm",  ".pgm", ".ppm",  ".pbm"};
std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return extension;
}

}  // namespace

bool is_pdf_file(const fs::path& file) { return lower_extension(file) == ".pdf"; }

bool is_image_file(const fs::path& file) {
  const std::string extension = lower_extension(file);
  return std::find(image_extensions.begin(), image_extensions.end(), extension) != image_extensions.end();
}

fs::path common_folder(const std::vector<fs::path>& files) {
  if (files.empty()) return {};
  fs::path common = files.front().parent_path();
  for (const fs::path& file : files) {
    const fs::path folder = file.parent_path();
    const auto [ours, theirs] = std::mismatch(common.begin(), common.end(), folder.begin(), folder.end());
    fs::path shared;
    for (auto part = common.begin(); part != ours; ++part) shared /= *part;
    common = shared;
  }
  return common;
}

}  // namespace ocrs
