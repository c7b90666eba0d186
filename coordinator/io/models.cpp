#include "coordinator/io/models.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "common/io/hash.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

std::string debian_package(std::string language) {
  std::replace(language.begin(), language.end(), '_', '-');
  std::replace(language.begin(), language.end(), '/', '-');
  std::transform(language.begin(), language.end(), language.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return "tesseract-ocr-" + language;
}

}  // namespace

fs::path tessdata_folder() {
  std::error_code ignored;
  if (const char* prefix = std::getenv("TESSDATA_PREFIX"); prefix && *prefix) {
    // Version 3 appended "tessdata" to the prefix; both habits live on.
    const fs::path below = fs::path(prefix) / "tessdata";
    return fs::is_directory(below, ignored) ? below : fs::path(prefix);
  }
  for (const char* folder : {"/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata",
                             "/usr/share/tessdata", "/usr/local/share/tessdata"}) {
    if (fs::is_directory(folder, ignored)) return folder;
  }
  return {};
}

ResolvedModels resolve_models(const std::set<std::string>& languages, const fs::path& tessdata) {
  ResolvedModels resolved;
  resolved.tessdata = tessdata;
  for (const std::string& language : languages) {
    if (tessdata.empty()) {
      resolved.missing.push_back(
          {language,
           "no folder with Tesseract models: looked in /usr/share/tesseract-ocr/5/tessdata and its like; install " +
               debian_package(language) + " or set TESSDATA_PREFIX"});
      continue;
    }
    const fs::path file = tessdata / (language + ".traineddata");
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(file, error);
    if (error) {
      resolved.missing.push_back({language, file.string() + ": no such model; install the Debian package " +
                                                debian_package(language) + " or correct the language '" + language +
                                                "'"});
      continue;
    }
    const Result<ContentHash> hash = hash_file(file);
    if (!hash) {
      resolved.missing.push_back({language, hash.error().text});
      continue;
    }
    resolved.models.push_back({language, *hash, bytes});
  }
  return resolved;
}

std::vector<std::string> single_languages(const std::string& languages) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= languages.size()) {
    const std::size_t plus = std::min(languages.find('+', start), languages.size());
    if (plus > start) parts.push_back(languages.substr(start, plus - start));
    start = plus + 1;
  }
  return parts;
}

bool needs_orientation(std::int32_t psm) { return psm == 1 || psm == 12; }

std::set<std::string> needed_models(const std::vector<PageSpec>& pages) {
  std::set<std::string> needed;
  for (const PageSpec& page : pages) {
    for (std::string& language : single_languages(page.languages)) needed.insert(std::move(language));
    if (needs_orientation(page.psm)) needed.insert("osd");
  }
  return needed;
}

}  // namespace ocrs
