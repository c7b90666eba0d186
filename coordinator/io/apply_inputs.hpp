// From the arguments of `apply` to the files that hold its pages, and from a page to the file its output goes to. Opens
// no image. One thread.
//
// Pages are named as in a screening: below the deepest folder common to all of them, NAME#1, NAME#2, … in a multi-page
// file. The output of DIR/NAME.EXT is OUT/NAME.png, of its n-th page OUT/NAME.n.png.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/evaluator_messages.hpp"

namespace ocrs {

struct ApplyInput {
  std::filesystem::path file;  // absolute
  std::string name;
  bool pdf = false;
};

struct ApplyInputs {
  std::vector<ApplyInput> files;  // sorted by name
  std::size_t left_out = 0;       // files that are no images by their names
};

/// Files, folders (the images in it, not in its subfolders) and globs. Throws StartupError that names every argument
/// that gives nothing.
[[nodiscard]] ApplyInputs find_apply_inputs(const std::vector<std::string>& arguments);

/// "png", "txt", "hocr", "xml" (ALTO, as Tesseract names it), "pdf".
[[nodiscard]] std::string_view extension_of(DocumentFormat format);

/// Where the output of a page goes, below the output folder. `number` from 1; 0 = the file's only page.
[[nodiscard]] std::filesystem::path output_of(const std::string& name, std::size_t number, DocumentFormat format);

}  // namespace ocrs
