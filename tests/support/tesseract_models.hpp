// Where Tesseract's models are installed: TESSDATA_PREFIX, else the folders of Debian's packages.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ocrs {

/// Empty when there is no eng.traineddata anywhere.
inline std::string tesseract_models_folder() {
  const char* const named = std::getenv("TESSDATA_PREFIX");
  std::error_code error;
  for (const std::string& folder :
       {std::string(named == nullptr ? "" : named), std::string("/usr/share/tesseract-ocr/5/tessdata"),
        std::string("/usr/share/tesseract-ocr/4.00/tessdata"), std::string("/usr/share/tessdata")}) {
    if (!folder.empty() && std::filesystem::exists(std::filesystem::path(folder) / "eng.traineddata", error))
      return folder;
  }
  return {};
}

}  // namespace ocrs
