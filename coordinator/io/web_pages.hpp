// The pages of coordinator/web/, bundled at build time into the program: HTML, style, script and charts in one text
// each. Constant data.
#pragma once

#include <string_view>

namespace ocrs {

/// The JSON of the page goes between its halves, with every '<' escaped.
struct WebPage {
  std::string_view before, after;
};

extern const WebPage report_page;
extern const WebPage live_page;  // asks for its data itself: its halves are put together as they are

}  // namespace ocrs
