#include "coordinator/io/sqlite_record.hpp"

#include <charconv>
#include <stdexcept>
#include <utility>

#include "coordinator/io/sqlite_rows.hpp"

namespace ocrs {
namespace {

using SQLite::Database;
using SQLite::Statement;

constexpr std::uint32_t points_max = 1U << 20;

template <class T>
T checked(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text);
  return std::move(*result);
}

/// For the tables that are a key and a value.
void put(Database& database, const char* table, const std::string& key, const std::string& value) {
  Statement statement(database,
                      std::string("INSERT INTO ") + table +
                          " (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  Binder(statement).text(key).text(value);
  run(statement);
}

std::optional<std::string> value_of(Database& database, const char* table, const std::string& key) {
  Statement statement(database, std::string("SELECT value FROM ") + table + " WHERE key = ?");
  Binder(statement).text(key);
  if (!statement.executeStep()) return std::nullopt;
  return statement.getColumn(0).getString();
}

std::string meta(Database& database, const std::string& key) { return value_of(database, "meta", key).value_or(""); }

void write_pages(Database& database, const std::vector<Page>& pages) {
  database.exec("DELETE FROM pages; DELETE FROM page_names");
  Statement put_page(database, R"sql(
    INSERT INTO pages (page, hash, frame, width, height, dpi, dpi_source, languages, psm, file, brightness, noise,
      gt_hash, gt_text, gt_file) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?))sql");
  Statement put_name(database, "INSERT INTO page_names (page, position, name) VALUES (?,?,?)");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const Page& page = pages[i];
    const auto index = static_cast<std::int64_t>(i);
    const std::string file = page.file.string();
    const std::string ground_truth_file = page.ground_truth_file.string();
    Binder bind(put_page);
    bind.whole(index).hash(page.spec.file).whole(page.spec.frame).whole(page.spec.width).whole(page.spec.height);
    bind.real(page.spec.dpi).text(page.dpi_source).text(page.spec.languages).whole(page.spec.psm).text(file);
    bind.real(page.brightness).real(page.noise);
    page.spec.ground_truth ? bind.hash(*page.spec.ground_truth) : bind.null();
    bind.text(page.ground_truth).text(ground_truth_file);
    run(put_page);
    for (std::size_t n = 0; n < page.names.size(); ++n) {
      Binder(put_name).whole(index).whole(static_cast<std::int64_t>(n)).text(page.names[n]);
      run(put_name);
    }
  }
}

Page read_page(const Statement& statement) {
  Columns columns(statement);
  Page page;
  page.spec.file = columns.hash().value_or(ContentHash{});
  page.spec.frame = columns.small();
  page.spec.width = columns.small();
  page.spec.height = columns.small();
  page.spec.dpi = columns.real();
  page.dpi_source = columns.text();
  page.spec.languages = columns.text();
  page.spec.psm = static_cast<std::int32_t>(columns.whole());
  page.file = columns.text();
  page.brightness = columns.real();
  page.noise = columns.real();
  page.spec.ground_truth = columns.hash();
  page.ground_truth = columns.text();
  page.ground_truth_file = columns.text();
  return page;
}

std::vector<Page> read_pages(Database& database) {
  std::vector<Page> pages;
  Statement all(database, R"sql(
    SELECT hash, frame, width, height, dpi, dpi_source, languages, psm, file, brightness, noise,
      gt_hash, gt_text, gt_file FROM pages ORDER BY page)sql");
  while (all.executeStep()) pages.push_back(read_page(all));
  Statement names(database, "SELECT page, name FROM page_names ORDER BY page, position");
  while (names.executeStep()) {
    Columns columns(names);
    const std::uint32_t page = columns.small();
    if (page >= pages.size()) throw std::runtime_error("it names a page that it does not hold");
    pages[page].names.push_back(columns.text());
  }
  for (const Page& page : pages) {
    if (page.names.empty()) throw std::runtime_error("it holds a page without a name");
  }
  return pages;
}

template <class Number>
void read_number(const std::string& text, Number& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error("\"" + text + "\" is not a number it can hold");
  }
}

}  // namespace

void write_record(Database& database, const ScreeningRecord& record) {
  put(database, "meta", "run", to_hex(record.run));
  put(database, "meta", "identity", record.identity);
  put(database, "meta", "config", record.screening.config_text);
  put(database, "meta", "title", record.screening.title);
  put(database, "meta", "settings", settings_to_json(record.screening));
  put(database, "meta", "engine", engine_to_json(record.engine));
  put(database, "meta", "program", record.program);
  put(database, "meta", "created_ms", std::to_string(record.created_ms));
  write_setting(database, "points", std::to_string(record.screening.design.points));
  write_pages(database, record.screening.pages);
}

ScreeningRecord read_record(Database& database) {
  ScreeningRecord record;
  const std::optional<ContentHash> run_id = content_hash_from_hex(meta(database, "run"));
  if (!run_id) throw std::runtime_error("it holds no run id");
  record.run = *run_id;
  record.identity = meta(database, "identity");
  record.screening = checked(settings_from_json(meta(database, "settings")));
  record.screening.config_text = meta(database, "config");
  record.engine = checked(engine_from_json(meta(database, "engine")));
  record.program = meta(database, "program");
  read_number(meta(database, "created_ms"), record.created_ms);
  read_number(read_setting(database, "points").value_or(""), record.screening.design.points);
  if (record.screening.design.points > points_max) throw std::runtime_error("it asks for too many points");
  record.screening.pages = read_pages(database);
  return record;
}

void write_setting(Database& database, const std::string& key, const std::string& value) {
  put(database, "settings", key, value);
}

std::optional<std::string> read_setting(Database& database, const std::string& key) {
  return value_of(database, "settings", key);
}

}  // namespace ocrs
