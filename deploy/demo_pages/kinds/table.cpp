// A ruled table, printed or typed: a title, a head row, rows of words and numbers. Ground truth row by row.
#include "deploy/demo_pages/typesetter.hpp"

namespace ocrs::demo {

namespace {

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string cell_of(const std::string& pool, std::size_t row, Random& random) {
  if (pool == "$number") return std::to_string(100 + 7 * static_cast<int>(row) + random.integer(0, 6));
  if (pool == "$clock") return two_digits(random.integer(4, 22)) + "." + two_digits(random.integer(0, 59));
  if (pool == "$feet") return std::to_string(random.integer(3, 21)) + "." + std::to_string(random.integer(0, 9));
  if (pool == "$count") return std::to_string(random.integer(2, 480));
  if (pool == "$price") return std::to_string(random.integer(0, 48)) + "." + two_digits(random.integer(5, 95));
  if (pool == "$date") {
    return std::to_string(random.integer(1, 28)) + "." + std::to_string(random.integer(1, 12)) + "." +
           std::to_string(random.integer(1904, 1938));
  }
  return random.pick(split(pool, ';'));
}

using Rows = std::vector<std::vector<std::string>>;

/// Left edges of the columns and the right edge of the last, in proportion to the widest cell of each; nothing when
/// the rows are too wide for it.
std::vector<double> column_edges(Typesetter& page, const Rows& rows, const Face& face, double left, double width) {
  std::vector<double> widest(rows.front().size(), 0);
  double sum = 0;
  for (std::size_t c = 0; c < widest.size(); ++c) {
    for (const auto& row : rows) widest[c] = std::max(widest[c], page.width_of(row[c], face));
    sum += widest[c];
  }
  const double gap = (width - sum) / static_cast<double>(widest.size());
  if (gap < 26) return {};
  std::vector<double> edges{left};
  for (const double w : widest) edges.push_back(edges.back() + w + gap);
  return edges;
}

}  // namespace

Sheet set_table(const SheetOrder& order) {
  Typesetter page(order.width, order.height);
  Random& random = order.random;
  const bool typed = random.chance(0.5);
  const auto& [name, lines] = random.pick(order.texts.sections());
  const double left = random.uniform(60, 80);
  const double width = order.width - 2 * left;
  const double row_height = random.uniform(66, 74) * std::max(1.0, order.type_scale);
  const double thickness = 2.2 * order.rule_weight;

  Rows rows{split(lines[1], '|')};
  const double top = 190;
  const std::size_t count = static_cast<std::size_t>((order.height - top - 110) / row_height) - 1;
  for (std::size_t r = 0; r < count; ++r) {
    rows.emplace_back();
    for (std::size_t c = 2; c < lines.size(); ++c) rows.back().push_back(cell_of(lines[c], r, random));
  }
  Face face{typed ? Look::typewriter : Look::serif, (typed ? 34 : 38) * order.type_scale};
  std::vector<double> edges = column_edges(page, rows, face, left, width);
  for (; edges.empty(); face.size *= 0.96) edges = column_edges(page, rows, face, left, width);

  const Face title{face.look, face.size * 1.2, !typed};
  page.draw_centred(order.width / 2.0, top - 60, lines[0], title);
  page.set_truth(lines[0]);
  const double bottom = top + row_height * static_cast<double>(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double y = top + row_height * static_cast<double>(r);
    if (r == 0 || order.ruling == Ruling::grid) page.rule(left, y, left + width, y, thickness);
    std::string truth;
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const double baseline = y + 0.68 * row_height + (typed ? 1.2 * random.normal() : 0);
      page.draw(edges[c] + 12, baseline, rows[r][c], Face{face.look, face.size, !typed && r == 0});
      truth += (truth.empty() ? "" : " ") + rows[r][c];
    }
    page.set_truth(truth);
  }
  page.rule(left, bottom, left + width, bottom, thickness);
  page.rule(left, top + row_height, left + width, top + row_height, 1.8 * thickness);
  if (order.ruling == Ruling::grid) {
    for (const double x : edges) page.rule(x, top, x, bottom, thickness);
  }
  return page.finish();
}

}  // namespace ocrs::demo
