// Sheet: a page as it left the press or the typewriter: ink on nothing yet, and the text that was set, line by line.
// What paper, years and scanner do to it is wear's and the scanner's business.
#pragma once

#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/demo_pages/random.hpp"
#include "deploy/demo_pages/texts.hpp"

namespace ocrs::demo {

constexpr int dots_per_inch = 300;

struct Sheet {
  cv::Mat1b ink;                // 0 = bare paper … 255 = full ink
  std::string text;             // UTF-8, one line of the page a line, LF at each end
  std::set<std::string> fonts;  // the families that were really used
};

/// How forms and tables are ruled: lines under the entries and about the head only, or a box around every cell.
enum class Ruling { open, grid };

/// What a kind of page is asked for.
struct SheetOrder {
  const Texts& texts;
  std::string_view language;
  int width = 0, height = 0;  // pixels at 300 dpi
  double type_scale = 1;      // 1 = the kind's own type size
  Ruling ruling = Ruling::open;
  double rule_weight = 1;  // thickness of ruled lines, 1 = a hairline of print
  Random& random;
};

Sheet set_letter(const SheetOrder& order);
Sheet set_form(const SheetOrder& order);
Sheet set_receipt(const SheetOrder& order);
Sheet set_typescript(const SheetOrder& order);
Sheet set_newspaper(const SheetOrder& order);  // two columns
Sheet set_cutting(const SheetOrder& order);    // one, from the same texts
Sheet set_table(const SheetOrder& order);

}  // namespace ocrs::demo
