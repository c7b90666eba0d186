// Page: the n-th page of a demo collection, made from the seed alone: same seed and number, same pixels and text,
// whatever other pages are made. Makes no file.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/demo_pages/damage.hpp"
#include "deploy/demo_pages/sheet.hpp"

namespace ocrs::demo {

struct CollectionOrder {
  std::uint64_t seed = 1;
  std::vector<std::string> kinds;      // empty = all
  std::vector<std::string> languages;  // taken in turn
  bool clean = false;                  // no damage at all: ink on white
  std::string damage;                  // of single_damages(): this one and no other; empty = the scenes' own
  bool full = false;                   // whole sheets (A4) instead of half as wide
  bool small = false;                  // sheets two fifths as high, with a few lines, for quick experiments
};

struct Page {
  std::string name;  // letter_fra_03
  std::string kind, scene, language;
  int psm = 6;  // Tesseract's page segmentation mode that suits it
  std::uint64_t seed = 0;
  Damage damage;
  cv::Mat1b image;
  std::string text;
  std::set<std::string> fonts;
};

/// `number` counts from 0. Throws std::runtime_error when no text of the kinds exists in the languages, or no font.
[[nodiscard]] Page make_page(const CollectionOrder& order, int number);

}  // namespace ocrs::demo
