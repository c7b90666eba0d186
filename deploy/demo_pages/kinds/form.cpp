// A printed form, filled in with the typewriter: cells with a small label above the entry, or labels with a ruled line
// for the entry. Rows of one or two fields; the ground truth takes a row's labels, then its entries, as they stand.
#include <algorithm>

#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

struct Field {
  std::string label, entry;
};

std::vector<Field> filled_fields(const SheetOrder& order) {
  std::vector<Field> fields;
  for (const std::string& line : order.texts.section("field")) {
    const auto colon = line.find(": ");
    const std::vector<std::string> entries = split(std::string_view(line).substr(colon + 2), '|');
    fields.push_back({line.substr(0, colon), order.random.pick(entries)});
  }
  // Names first and signatures last, as on any form; some of the questions between are not asked.
  while (fields.size() > 15)
    fields.erase(fields.begin() + order.random.integer(3, static_cast<int>(fields.size()) - 4));
  return fields;
}

}  // namespace

Sheet set_form(const SheetOrder& order) {
  Typesetter page(order.width, order.height);
  Random& random = order.random;
  const bool cells = order.ruling == Ruling::grid;
  const Face label{random.chance(0.5) ? Look::sans : Look::narrow, (cells ? 27 : 34) * order.type_scale};
  const Face entry{Look::typewriter, random.uniform(37, 40) * order.type_scale};
  const double left = random.uniform(70, 95);
  const double width = order.width - 2 * left;
  const double thickness = 2.2 * order.rule_weight;
  double y = 120;

  const Face heading{Look::sans, 46 * order.type_scale, true};
  const std::string title = random.pick(order.texts.section("title"));
  page.draw(left, y, title,
            Face{Look::sans, std::min(heading.size, heading.size * width / page.width_of(title, heading)), true});
  page.set_truth(title);
  y += 58;
  const std::string note = random.pick(order.texts.section("note"));
  page.draw(left, y, note, Face{Look::sans, 27 * order.type_scale, false, true});
  page.set_truth(note);
  y += cells ? 40 : 70;

  const double row_height = (cells ? 104 : 92) * std::max(1.0, order.type_scale);
  const std::vector<Field> fields = filled_fields(order);
  const auto fits = [&](const Field& field, double room) {
    const double used = cells ? std::max(page.width_of(field.label, label), page.width_of(field.entry, entry))
                              : page.width_of(field.label, label) + page.width_of(field.entry, entry) + 20;
    return used + 40 < room;
  };
  for (std::size_t i = 0; i < fields.size() && y + row_height < order.height - 60;) {
    const double split_at = width * random.uniform(0.42, 0.58);
    const bool two = i + 1 < fields.size() && fits(fields[i], split_at) && fits(fields[i + 1], width - split_at);
    std::string labels;
    std::string entries;
    for (std::size_t k = i; k < i + (two ? 2 : 1); ++k) {
      const double x = left + (k == i ? 0 : split_at);
      const double room = !two ? width : k == i ? split_at : width - split_at;
      const double shift = random.uniform(-3, 3);  // the typist's line is never quite the printer's
      if (cells) {
        page.box(x, y, room, row_height, thickness);
        page.draw(x + 12, y + 32, fields[k].label, label);
        page.draw(x + 26, y + row_height - 9 + shift, fields[k].entry, entry, random.uniform(0.8, 1));
        labels += (labels.empty() ? "" : " ") + fields[k].label;
        entries += (entries.empty() ? "" : " ") + fields[k].entry;
      } else {
        const double baseline = y + row_height - 22;
        const double after = x + page.width_of(fields[k].label, label) + 14;
        page.draw(x, baseline, fields[k].label, label);
        page.rule(after, baseline + 8, x + room - 16, baseline + 8, thickness);
        page.draw(after + 14, baseline - 2 + shift, fields[k].entry, entry, random.uniform(0.8, 1));
        labels += (labels.empty() ? "" : " ") + fields[k].label + " " + fields[k].entry;
      }
    }
    page.set_truth(labels);
    if (!entries.empty()) page.set_truth(entries);
    y += row_height;
    i += two ? 2 : 1;
  }
  Sheet sheet = page.finish();
  sheet.ink = sheet.ink.rowRange(0, std::min(order.height, static_cast<int>(y) + 130)).clone();
  return sheet;
}

}  // namespace ocrs::demo
