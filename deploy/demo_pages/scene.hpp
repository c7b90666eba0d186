// Scenes: what a demo collection is made of: for each page the kind and the ranges of damage it is given, in an order
// that puts something different next to it. Data only; page draws the amounts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deploy/demo_pages/damage.hpp"
#include "deploy/demo_pages/sheet.hpp"

namespace ocrs::demo {

struct Kind {
  std::string_view name;
  Sheet (*set)(const SheetOrder&);
  std::string_view texts;  // the file of texts it takes
  int width, height;       // of the sheet in pixels at 300 dpi
  int psm;                 // Tesseract's page segmentation mode that suits it: two columns are no single block
};

[[nodiscard]] const std::vector<Kind>& kinds();

struct Range {
  double Damage::*amount;
  double low, high;
};

struct Scene {
  std::string_view kind;
  std::string_view name;  // what the page suffers from, in a word
  Bed bed = Bed::none;
  double type_scale = 1;
  Ruling ruling = Ruling::open;
  double rule_weight = 1;
  std::vector<Range> ranges;
};

/// One kind of damage and nothing else, for pages whose cure is known.
struct SingleDamage {
  std::string_view name;
  std::string_view what;
  std::vector<Range> ranges;
  Ruling ruling = Ruling::open;
  double rule_weight = 1;
  bool only_ruled = false;  // only on kinds that have rules
};
[[nodiscard]] const std::vector<SingleDamage>& single_damages();
/// nullptr when there is none of that name.
[[nodiscard]] const SingleDamage* find_single_damage(std::string_view name);

/// The scenes in the order in which pages take them, again from the start after the last.
[[nodiscard]] const std::vector<Scene>& scenes();

}  // namespace ocrs::demo
