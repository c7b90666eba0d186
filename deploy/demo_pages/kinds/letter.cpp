// A letter set in print: sender, place and date, salutation, paragraphs, closing, name.
#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

std::string date_line(const SheetOrder& order) {
  Random& random = order.random;
  const std::string place = random.pick(order.texts.section("place"));
  const std::string month = random.pick(order.texts.section("month"));
  const std::string day = std::to_string(random.integer(2, 28));
  const std::string year = std::to_string(random.integer(1898, 1936));
  if (order.language == "fra") return place + ", le " + day + " " + month + " " + year;
  if (order.language == "deu") return place + ", den " + day + ". " + month + " " + year;
  return place + ", " + day + " " + month + " " + year;
}

}  // namespace

Sheet set_letter(const SheetOrder& order) {
  Typesetter page(order.width, order.height);
  Random& random = order.random;
  const Look look = random.chance(0.5) ? Look::serif : Look::old_print;
  const double size = random.uniform(38, 42) * order.type_scale;
  const Face face{look, size};
  const double left = random.uniform(90, 120);
  const double right = order.width - random.uniform(80, 110);
  const double leading = size * random.uniform(1.32, 1.45);
  const double bottom = order.height - 2.2 * leading;
  double y = 2.4 * leading;

  const auto line = [&](double x, const std::string& text, const Face& with) {
    page.draw(x, y, text, with);
    page.set_truth(text);
    y += leading;
  };
  const std::string sender = random.pick(order.texts.section("sender"));
  line(left, sender, Face{look, size * 0.85, false, true});
  y += 0.3 * leading;
  const std::string date = date_line(order);
  line(right - page.width_of(date, face), date, face);
  y += 0.6 * leading;
  line(left, random.pick(order.texts.section("salutation")), face);
  y += 0.3 * leading;

  const double indent = 1.6 * size;
  std::vector<std::string> paragraphs = order.texts.section("paragraph");
  random.shuffle(paragraphs);
  for (const std::string& paragraph : paragraphs) {
    const std::vector<std::string> lines = page.wrapped(paragraph, face, right - left, indent);
    if (y + (static_cast<double>(lines.size()) + 2.6) * leading > bottom) break;
    for (std::size_t i = 0; i < lines.size(); ++i) line(left + (i == 0 ? indent : 0), lines[i], face);
    y += 0.25 * leading;
  }
  y += 0.5 * leading;
  line(left + 0.25 * (right - left), random.pick(order.texts.section("closing")), face);
  y += 0.8 * leading;
  const std::string name = random.pick(order.texts.section("signature"));
  line(right - page.width_of(name, face) - 2 * size, name, face);
  return page.finish();
}

}  // namespace ocrs::demo
