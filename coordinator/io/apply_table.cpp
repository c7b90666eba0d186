#include "coordinator/io/apply_table.hpp"

#include <set>
#include <string_view>

#include "common/io/file.hpp"
#include "coordinator/io/csv.hpp"

namespace ocrs {
namespace {

constexpr std::string_view header = "page,output,status,setting,point,confidence,characters,text_yield,reason\n";
constexpr std::size_t table_bytes_max = std::size_t{256} << 20;

/// The text up to and with the comma after the second cell: what a row is known by. Names hold no line ends.
std::string_view key_of(std::string_view row) {
  bool quoted = false;
  int commas = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '"') quoted = !quoted;
    if (row[i] == ',' && !quoted && ++commas == 2) return row.substr(0, i + 1);
  }
  return row;
}

std::string row_of(const AppliedPage& page) {
  CsvText csv;
  csv.text(page.page).text(page.output.generic_string()).text(page.reason.empty() ? "done" : "failed");
  page.setting > 0 ? csv.number(static_cast<std::int64_t>(page.setting)) : csv.empty();
  page.point ? csv.number(*page.point) : csv.empty();
  std::string reason = page.reason;
  for (char& c : reason) {
    if (static_cast<unsigned char>(c) < 32) c = ' ';  // a row is a line
  }
  csv.number(page.confidence).number(page.characters).number(page.text_yield).text(reason).end_row();
  return csv.take();
}

/// The rows of an earlier call, or nothing where there is no file.
Result<std::string> earlier_rows(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::string();
  Result<std::string> text = read_file(file, table_bytes_max);
  if (!text) return text.error();
  if (!text->starts_with(header) || !text->ends_with('\n')) {
    return Error{file.string() + ": exists and was not written by ocrscreen apply; expected another --out"};
  }
  return text->substr(header.size());
}

}  // namespace

Result<void> check_apply_table(const std::filesystem::path& file) {
  const Result<std::string> rows = earlier_rows(file);
  if (!rows) return rows.error();
  return {};
}

Result<void> write_apply_table(const std::filesystem::path& file, const std::vector<AppliedPage>& pages) {
  const Result<std::string> earlier = earlier_rows(file);
  if (!earlier) return earlier.error();
  std::string fresh;
  std::set<std::string, std::less<>> keys;
  for (const AppliedPage& page : pages) {
    const std::string row = row_of(page);
    keys.emplace(key_of(row));
    fresh += row;
  }
  std::string text(header);
  for (std::size_t at = 0; at < earlier->size();) {
    const std::size_t end = earlier->find('\n', at) + 1;  // the text ends with one
    const std::string_view row = std::string_view(*earlier).substr(at, end - at);
    if (!keys.contains(key_of(row))) text += row;
    at = end;
  }
  return write_file_atomically(file, text + fresh, 0644);
}

}  // namespace ocrs
