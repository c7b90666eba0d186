// Newspaper print: a title over the full width, then short items with and without headlines, in two columns or, as a
// cutting, in one. The ground truth goes column by column, as one reads.
#include <algorithm>

#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

class Columns {
 public:
  Columns(const SheetOrder& order, int columns)
      : order_(order),
        page_(order.width, order.height),
        random_(order.random),
        columns_(columns),
        face_{Look::old_print, random_.uniform(33, 36) * order.type_scale},
        leading_(face_.size * random_.uniform(1.16, 1.24)),
        margin_(random_.uniform(60, 80)),
        measure_((order.width - 2 * margin_ - (columns - 1) * gutter) / columns),
        bottom_(order.height - 1.5 * margin_),
        items_(order.texts.section("item")),
        headlines_(order.texts.section("headline")) {
    random_.shuffle(items_);
    random_.shuffle(headlines_);
  }

  Sheet set() {
    const double top = set_title();
    for (int column = 0; column < columns_; ++column) {
      const double x = margin_ + column * (measure_ + gutter);
      fill(x, top);
      if (column > 0) page_.rule(x - gutter / 2, top - leading_, x - gutter / 2, bottom_, 1.5 * order_.rule_weight);
    }
    return page_.finish();
  }

 private:
  static constexpr double gutter = 56;

  /// Returns the first baseline of the columns.
  double set_title() {
    const std::string title = random_.pick(order_.texts.section("title"));
    const double width = order_.width - 2 * margin_;
    Face face{Look::old_print, 78, true};
    face.size = std::min(92.0, face.size * width / page_.width_of(title, face));
    double y = margin_ + face.size;
    page_.draw_centred(order_.width / 2.0, y, title, face);
    page_.set_truth(title);
    y += 0.4 * face.size;
    page_.rule(margin_, y, margin_ + width, y, 3 * order_.rule_weight);
    page_.rule(margin_, y + 8, margin_ + width, y + 8, 1.5 * order_.rule_weight);
    return y + 1.9 * leading_;
  }

  void fill(double x, double y) {
    while (y < bottom_) {
      const bool first_line = rest_.empty();
      if (first_line) {
        if (items_.empty()) return;
        if (random_.chance(0.4) && !headlines_.empty() && y + 4 * leading_ < bottom_) y = set_headline(x, y);
        rest_ = page_.wrapped(items_.back(), face_, measure_, face_.size);
        items_.pop_back();
      }
      const std::string line = rest_.front();
      rest_.erase(rest_.begin());
      const double indent = first_line ? face_.size : 0;
      if (rest_.empty()) {
        page_.draw(x + indent, y, line, face_);
      } else {
        page_.draw_justified(x + indent, y, line, face_, measure_ - indent);
      }
      page_.set_truth(line);
      y += leading_;
    }
  }

  double set_headline(double x, double y) {
    y += 0.5 * leading_;
    page_.draw_centred(x + measure_ / 2, y, headlines_.back(), Face{Look::old_print, face_.size * 1.1, true});
    page_.set_truth(headlines_.back());
    headlines_.pop_back();
    return y + 1.3 * leading_;
  }

  const SheetOrder& order_;
  Typesetter page_;
  Random& random_;
  int columns_;
  Face face_;
  double leading_, margin_, measure_, bottom_;
  std::vector<std::string> items_, headlines_;
  std::vector<std::string> rest_;  // of an item that goes on in the next column
};

}  // namespace

Sheet set_newspaper(const SheetOrder& order) { return Columns(order, 2).set(); }
Sheet set_cutting(const SheetOrder& order) { return Columns(order, 1).set(); }

}  // namespace ocrs::demo
