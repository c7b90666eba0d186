#include "coordinator/io/csv.hpp"

#include <charconv>

namespace ocrs {

CsvText& CsvText::raw(std::string_view cell) {
  if (row_begun_) text_ += ',';
  row_begun_ = true;
  text_ += cell;
  return *this;
}

CsvText& CsvText::text(std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  const bool quoted = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!formula && !quoted) return raw(text);
  std::string safe = quoted ? "\"" : "";
  if (formula) safe += '\'';
  for (const char c : text) {
    if (c == '"') safe += '"';
    safe += c;
  }
  if (quoted) safe += '"';
  return raw(safe);
}

CsvText& CsvText::number(std::int64_t number) {
  char digits[24];
  const auto [end, problem] = std::to_chars(std::begin(digits), std::end(digits), number);
  return raw({digits, static_cast<std::size_t>(end - digits)});
}

CsvText& CsvText::number(double number) { return raw(shortest(number)); }

CsvText& CsvText::number(const std::optional<double>& value) { return value ? number(*value) : empty(); }

CsvText& CsvText::value(const FactorValue& value) {
  if (const auto* name = std::get_if<std::string>(&value)) return text(std::string_view(*name));
  return raw(to_text(value));
}

CsvText& CsvText::end_row() {
  text_ += '\n';
  row_begun_ = false;
  return *this;
}

}  // namespace ocrs
