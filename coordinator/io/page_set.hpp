// From the globs of a configuration to the distinct pages of a screening: files found, images inspected, ground truth
// read and checked, equal pages merged, a sample taken. Decodes no image: an inspector (an evaluator child) does. What
// is wrong is collected, so that all of it can be told at once. One thread.
//
// A file named by several entries is one page; where entries differ about it, the later one decides, key by key.
// Ground truth of DIR/NAME.EXT is DIR/NAME.gt.txt, of its n-th frame or PDF page DIR/NAME.n.gt.txt.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"
#include "coordinator/core/screening.hpp"
#include "coordinator/io/config.hpp"

namespace ocrs {

/// What an image file holds, or why it cannot be read (in the Result or in PageDescription::error); `max_pixels` is the
/// largest page accepted.
using PageInspector =
    std::function<Result<PageDescription>(const std::filesystem::path& file, std::uint64_t max_pixels)>;

struct PageSet {
  std::vector<Page> pages;           // in the order of the smallest name; the sample, if one is asked for
  std::vector<std::string> skipped;  // "NAME: why", under pages_unreadable: skip
  std::vector<std::string> warnings;
  std::vector<std::string> errors;  // the set must not be used when there are any
};

/// PDFs are rendered below `pdf_folder`; empty = a temporary folder that goes when the program ends.
[[nodiscard]] PageSet find_pages(const ConfigFile& config, const PageInspector& inspect,
                                 const std::filesystem::path& pdf_folder = {});

}  // namespace ocrs
