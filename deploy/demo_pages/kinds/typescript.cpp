// A typewritten page: every character struck for itself, a little off its place, with more or less ink; some types of
// the machine are always off, as on a real one.
#include <map>

#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

class Typewriter {
 public:
  Typewriter(Typesetter& page, const Face& face, Random& random)
      : page_(page), face_(face), random_(random), pitch_(page.width_of("n", face)) {}

  [[nodiscard]] double pitch() const { return pitch_; }

  void type(double x, double baseline, std::string_view text) {
    const double line_strength = random_.uniform(0.86, 1.0);
    for (const std::string& character : characters(text)) {
      if (character != " ") {
        const Habit& habit = habit_of(character);
        const double strength = line_strength * habit.strength * random_.uniform(0.78, 1.0);
        page_.strike(x + habit.dx + 0.7 * random_.normal(), baseline + habit.dy + 0.9 * random_.normal(), character,
                     face_, habit.slant + 0.006 * random_.normal(), strength);
      }
      x += pitch_;
    }
    page_.set_truth(text);
  }

 private:
  struct Habit {
    double dx = 0, dy = 0, slant = 0, strength = 1;
  };
  const Habit& habit_of(const std::string& character) {
    auto known = habits_.find(character);
    if (known == habits_.end()) {
      Habit habit{0.8 * random_.normal(), 1.1 * random_.normal(), 0.012 * random_.normal(), 1};
      if (random_.chance(0.12)) habit.strength = random_.uniform(0.62, 0.8);
      known = habits_.emplace(character, habit).first;
    }
    return known->second;
  }

  Typesetter& page_;
  Face face_;
  Random& random_;
  double pitch_;
  std::map<std::string, Habit> habits_;
};

}  // namespace

Sheet set_typescript(const SheetOrder& order) {
  Typesetter page(order.width, order.height);
  Random& random = order.random;
  const Face face{Look::typewriter, random.uniform(38, 41) * order.type_scale};
  Typewriter machine(page, face, random);
  const double left = random.uniform(110, 140);
  const double measure = order.width - left - 70;
  const double leading = face.size * random.uniform(1.5, 1.75);
  const double bottom = order.height - 1.8 * leading;
  double y = 2.2 * leading;

  const std::string number = "- " + std::to_string(random.integer(2, 90)) + " -";
  machine.type(left + measure / 2 - 2 * machine.pitch(), y, number);
  y += 1.4 * leading;
  const std::string heading = random.pick(order.texts.section("heading"));
  const double heading_width = page.width_of(heading, face);
  const double heading_left = left + std::max(0.0, (measure - heading_width) / 2);
  machine.type(heading_left, y, heading);
  page.rule(heading_left, y + 0.3 * face.size, heading_left + heading_width, y + 0.3 * face.size, 3.2, 0.85);
  y += 1.4 * leading;
  for (const std::string& line : page.wrapped(random.pick(order.texts.section("subheading")), face, measure)) {
    machine.type(left, y, line);
    y += leading;
  }
  y += 0.4 * leading;

  const double indent = 5 * machine.pitch();
  std::vector<std::string> paragraphs = order.texts.section("paragraph");
  random.shuffle(paragraphs);
  for (const std::string& paragraph : paragraphs) {
    const std::vector<std::string> lines = page.wrapped(paragraph, face, measure, indent);
    for (std::size_t i = 0; i < lines.size() && y <= bottom; ++i) {  // the rest is on the next page
      machine.type(left + (i == 0 ? indent : 0), y, lines[i]);
      y += leading;
    }
  }
  return page.finish();
}

}  // namespace ocrs::demo
