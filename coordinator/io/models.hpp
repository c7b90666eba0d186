// Finds the Tesseract models (LANG.traineddata) of a screening on this host and names them by hash; workers get them
// from here. Whether an engine can load them is checked elsewhere, by an evaluator. Any thread.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/core/screening_spec.hpp"

namespace ocrs {

struct MissingModel {
  std::string language;
  std::string text;  // one sentence that names file and Debian package
};

struct ResolvedModels {
  std::filesystem::path tessdata;  // the folder
  std::vector<ModelRef> models;    // sorted by language
  std::vector<MissingModel> missing;
};

/// $TESSDATA_PREFIX (or its tessdata folder), else the first folder that exists where Debian and others put models;
/// empty when there is none.
[[nodiscard]] std::filesystem::path tessdata_folder();

/// The models of these languages, each a single name ("fra", not "fra+eng"). Without a folder all are missing.
[[nodiscard]] ResolvedModels resolve_models(const std::set<std::string>& languages,
                                            const std::filesystem::path& tessdata);

/// "fra+eng" in its parts.
[[nodiscard]] std::vector<std::string> single_languages(const std::string& languages);

/// Whether this page segmentation mode finds the orientation, for which it needs the model "osd".
[[nodiscard]] bool needs_orientation(std::int32_t psm);

/// What the pages need: the parts of their languages, and "osd" for page segmentation modes that find the orientation.
[[nodiscard]] std::set<std::string> needed_models(const std::vector<PageSpec>& pages);

}  // namespace ocrs
