// A till receipt: narrow, one typeface, prices at the right edge. Sums are right.
#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

std::string money(int cents) {
  const std::string tail = std::to_string(cents % 100);
  return std::to_string(cents / 100) + "." + (tail.size() < 2 ? "0" : "") + tail;
}

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

int cents_of(std::string price) {
  price.erase(price.find('.'), 1);
  return std::stoi(price);
}

class Till {
 public:
  Till(const SheetOrder& order, Typesetter& page)
      : order_(order), page_(page), face_{Look::receipt, order.random.uniform(29, 31) * order.type_scale} {}

  void centred(const std::string& text, bool large = false) {
    const Face face{face_.look, face_.size * (large ? 1.35 : 1), large};
    y_ += face.size * 1.42;
    page_.draw_centred(page_.width() / 2.0, y_, text, face);
    page_.set_truth(text);
  }
  void pair(const std::string& left, const std::string& right, bool large = false) {
    const Face face{face_.look, face_.size * (large ? 1.25 : 1), large};
    y_ += face.size * 1.42;
    page_.draw(margin_, y_, left, face);
    page_.draw_right(page_.width() - margin_, y_, right, face);
    page_.set_truth(left + " " + right);
  }
  void rule() {
    y_ += face_.size * 0.6;
    page_.rule(margin_, y_, page_.width() - margin_, y_, 2.5 * order_.rule_weight);
  }
  void gap() { y_ += face_.size * 0.7; }
  [[nodiscard]] std::string word(std::string_view key) const { return order_.texts.value("word", key); }
  [[nodiscard]] double y() const { return y_; }

 private:
  const SheetOrder& order_;
  Typesetter& page_;
  Face face_;
  double margin_ = 58;
  double y_ = 70;
};

}  // namespace

Sheet set_receipt(const SheetOrder& order) {
  const int width = std::min(order.width, 920);
  Typesetter page(width, order.height);
  Random& random = order.random;
  Till till(order, page);
  till.centred(random.pick(order.texts.section("shop")), true);
  till.centred(random.pick(order.texts.section("address")));
  till.centred(till.word("phone") + " 0" + std::to_string(random.integer(1200, 1999)) + " " +
               std::to_string(random.integer(100000, 999999)));
  till.gap();
  till.pair(till.word("receipt") + " " + std::to_string(random.integer(10000, 99999)),
            two_digits(random.integer(1, 28)) + "/" + two_digits(random.integer(1, 12)) + "/" +
                std::to_string(random.integer(2009, 2024)));
  till.pair(till.word("till") + " " + std::to_string(random.integer(1, 6)),
            two_digits(random.integer(8, 19)) + ":" + two_digits(random.integer(0, 59)));
  till.rule();

  std::vector<std::string> items = order.texts.section("item");
  random.shuffle(items);
  items.resize(static_cast<std::size_t>(random.integer(9, 14)));
  int total = 0;
  int pieces = 0;
  for (const std::string& item : items) {
    const auto colon = item.find(": ");
    const int price = cents_of(item.substr(colon + 2));
    const int count = random.chance(0.25) ? random.integer(2, 5) : 1;
    const std::string amount = money(price * count);
    if (count == 1) {
      till.pair(item.substr(0, colon), amount);
    } else {
      till.pair(std::to_string(count) + " x " + item.substr(0, colon), amount);
    }
    total += price * count;
    pieces += count;
  }
  till.rule();
  till.pair(till.word("items"), std::to_string(pieces));
  till.pair(till.word("total") + " " + till.word("currency"), money(total), true);
  till.pair(till.word("tax") + " 20%", money((total + 3) / 6));
  const int paid = (total / 1000 + 1) * 1000;
  till.pair(till.word("cash"), money(paid));
  till.pair(till.word("change"), money(paid - total));
  till.gap();
  till.centred(till.word("served") + " " + random.pick(order.texts.section("name")));
  till.centred(random.pick(order.texts.section("greeting")));
  Sheet sheet = page.finish();
  const int used = std::min(order.height, static_cast<int>(till.y()) + 90);
  sheet.ink = sheet.ink.rowRange(0, used).clone();
  return sheet;
}

}  // namespace ocrs::demo
