// Rows of CSV after RFC 4180 (comma, double quotes), lines ended by LF, numbers in their one canonical form. Text that
// a spreadsheet would take for a formula is defused by a leading apostrophe. Owns no file. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/factor.hpp"

namespace ocrs {

class CsvText {
 public:
  CsvText& text(std::string_view text);  // text of any bytes: quoted when needed, defused
  CsvText& number(std::int64_t number);
  CsvText& number(double number);  // the shortest text that reads back to the same double
  CsvText& number(const std::optional<double>& number);
  CsvText& value(const FactorValue& value);
  CsvText& empty() { return raw(""); }
  CsvText& end_row();

  [[nodiscard]] const std::string& rows() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

 private:
  CsvText& raw(std::string_view cell);
  std::string text_;
  bool row_begun_ = false;
};

}  // namespace ocrs
