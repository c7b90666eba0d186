#include "coordinator/io/sqlite_journal.hpp"

#include <algorithm>
#include <utility>

#include "common/core/codec.hpp"
#include "common/io/compression.hpp"
#include "coordinator/io/sqlite_connection.hpp"
#include "coordinator/io/sqlite_record.hpp"
#include "coordinator/io/sqlite_rows.hpp"

namespace ocrs {
namespace {

using SQLite::Statement;

constexpr const char* append_reading_sql =
    "INSERT INTO readings (hash, bytes) VALUES (?,?) ON CONFLICT (hash) DO NOTHING";
constexpr const char* append_event_sql = "INSERT INTO events (kind, text, time_ms) VALUES (?,?,?)";
constexpr const char* reopen_sql = "DELETE FROM evaluations WHERE page = ? AND point = ?";

constexpr std::size_t reading_bytes_max = frame_bytes_max;

std::string listed(const std::vector<std::string>& differences) {
  constexpr std::size_t shown_max = 20;
  std::string text;
  for (std::size_t i = 0; i < differences.size() && i < shown_max; ++i) text += "\n  " + differences[i];
  if (differences.size() > shown_max) {
    text += "\n  … and " + std::to_string(differences.size() - shown_max) + " more";
  }
  return text;
}

void refuse_other_engine(const EngineVersions& here, const EngineVersions& there, const std::string& dir) {
  if (here == EngineVersions{} || there == EngineVersions{} || here == there) return;
  const auto text = [](const EngineVersions& engine) {
    return "Tesseract " + engine.tesseract + ", Leptonica " + engine.leptonica + ", OpenCV " + engine.opencv;
  };
  throw StartupError(dir + " was read with " + text(there) + ", this machine has " + text(here) +
                     ": their readings cannot be compared; use the former versions or another --out");
}

}  // namespace

/// The open file and its statements, prepared at their first use and kept.
struct SqliteJournal::Connection {
  Connection(std::filesystem::path path, std::unique_ptr<SQLite::Database> opened)
      : file(std::move(path)), database(std::move(opened)) {}

  Statement& prepared(std::unique_ptr<Statement>& slot, const char* sql) {
    if (!slot) slot = std::make_unique<Statement>(*database, sql);
    return *slot;
  }

  void put(const FinalRow& row);
  void put(const AttemptRow& row);
  void put(const ReopenRow& row);
  void put(const EventRow& row);
  template <class Do>
  auto guarded(const std::string& doing, Do action) -> Result<decltype(action())> {
    try {
      if constexpr (std::is_void_v<decltype(action())>) {
        action();
        return {};
      } else {
        return action();
      }
    } catch (const SQLite::Exception& problem) {
      return database_error(file, doing, problem);
    } catch (const std::exception& problem) {
      return Error{doing + " " + file.string() + ": " + problem.what()};
    }
  }

  std::filesystem::path file;
  std::unique_ptr<SQLite::Database> database;
  std::unique_ptr<Statement> final_row, reading_row, attempt_row, reopen_row, event_row;
};

void SqliteJournal::Connection::put(const FinalRow& row) {
  append_final(prepared(final_row, append_final_sql), row);
  if (row.reading.empty()) return;
  Statement& statement = prepared(reading_row, append_reading_sql);
  Binder(statement).hash(row.result.reading).blob(row.reading.data(), row.reading.size());
  run(statement);
}

void SqliteJournal::Connection::put(const AttemptRow& row) {
  append_attempt(prepared(attempt_row, append_attempt_sql), row);
}

void SqliteJournal::Connection::put(const ReopenRow& row) {
  Statement& statement = prepared(reopen_row, reopen_sql);
  Binder(statement).whole(row.id.page.value).whole(row.id.point.value);
  run(statement);
}

void SqliteJournal::Connection::put(const EventRow& row) {
  Statement& statement = prepared(event_row, append_event_sql);
  Binder(statement).text(row.kind).text(row.text).whole(row.time_ms);
  run(statement);
}

SqliteJournal::SqliteJournal(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
SqliteJournal::~SqliteJournal() = default;

std::unique_ptr<SqliteJournal> SqliteJournal::create_or_resume(const OutputFolder& folder,
                                                               const ScreeningRecord& record) {
  const std::filesystem::path file = folder.paths().journal();
  const std::string dir = folder.dir().string();
  WritableDatabase opened = open_for_writing(file);
  auto connection = std::make_unique<Connection>(file, std::move(opened.database));
  ScreeningRecord kept = record;
  if (!opened.fresh) {
    const Result<ScreeningRecord> stored =
        connection->guarded("cannot read", [&] { return read_record(*connection->database); });
    if (!stored) throw StartupError(stored.error().text);
    if (stored->run != record.run) {
      throw StartupError(dir + " holds another screening; use another --out, or the configuration it was made with:" +
                         listed(identity_differences(record.identity, stored->identity, dir)));
    }
    refuse_other_engine(record.engine, stored->engine, dir);
    const std::uint32_t had = stored->screening.design.points;
    // A design that an operator extended goes on as extended, whatever the configuration says.
    const Result<std::optional<std::string>> extended =
        connection->guarded("cannot read", [&] { return read_setting(*connection->database, extended_setting); });
    if (extended && *extended && !(*extended)->empty()) {
      kept.screening.design.points = std::max(kept.screening.design.points, had);
    } else if (record.screening.design.points < had) {
      throw StartupError(dir + " holds a design of " + std::to_string(had) + " points and " +
                         std::to_string(record.screening.design.points) +
                         " are asked for now: a design grows but does not shrink; ask for " + std::to_string(had) +
                         " points or more, or use another --out");
    }
    if (record.engine == EngineVersions{}) kept.engine = stored->engine;
    kept.program = stored->program;
    kept.created_ms = stored->created_ms;
  }
  const Result<void> written = connection->guarded("cannot write", [&] {
    SQLite::Transaction transaction(*connection->database);
    write_record(*connection->database, kept);
    transaction.commit();
  });
  if (!written) throw StartupError(written.error().text);
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(connection)));
}

std::unique_ptr<SqliteJournal> SqliteJournal::open(const OutputFolder& folder) {
  const OutputPaths paths = existing_output(folder.dir());
  WritableDatabase opened = open_for_writing(paths.journal());
  if (opened.fresh) {
    throw StartupError(paths.journal().string() +
                       " holds no screening yet: `ocrscreen run` was stopped before it began");
  }
  return std::unique_ptr<SqliteJournal>(
      new SqliteJournal(std::make_unique<Connection>(paths.journal(), std::move(opened.database))));
}

std::unique_ptr<SqliteJournal> SqliteJournal::open_read_only(const std::filesystem::path& dir) {
  const OutputPaths paths = existing_output(dir);
  auto connection = std::make_unique<Connection>(paths.journal(), open_for_reading(paths.journal()));
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(connection)));
}

Result<void> SqliteJournal::append(const std::vector<JournalRow>& rows) {
  return connection_->guarded("cannot append to", [&] {
    SQLite::Transaction transaction(*connection_->database);
    for (const JournalRow& row : rows) std::visit([this](const auto& kept) { connection_->put(kept); }, row);
    transaction.commit();
  });
}

Result<std::vector<StoredEvaluation>> SqliteJournal::evaluations() {
  return connection_->guarded("cannot read", [&] {
    std::vector<StoredEvaluation> all;
    Statement statement(*connection_->database, all_evaluations_sql);
    while (statement.executeStep()) all.push_back(read_evaluation(statement));
    return all;
  });
}

Result<std::vector<AttemptRow>> SqliteJournal::attempts() {
  return connection_->guarded("cannot read", [&] {
    std::vector<AttemptRow> all;
    Statement statement(*connection_->database, all_attempts_sql);
    while (statement.executeStep()) all.push_back(read_attempt(statement));
    return all;
  });
}

Result<std::optional<Reading>> SqliteJournal::reading(const ContentHash& hash) {
  Result<std::optional<std::string>> blob = connection_->guarded("cannot read", [&]() -> std::optional<std::string> {
    Statement statement(*connection_->database, "SELECT bytes FROM readings WHERE hash = ?");
    Binder(statement).hash(hash);
    if (!statement.executeStep()) return std::nullopt;
    return statement.getColumn(0).getString();
  });
  if (!blob) return blob.error();
  if (!*blob) return std::optional<Reading>{};
  const std::string name = "the reading " + to_hex(hash) + " in " + connection_->file.string();
  const Result<std::string> bytes = decompress(**blob, reading_bytes_max);
  if (!bytes) return Error{name + ": " + bytes.error().text};
  Result<Reading> decoded = decode_reading(*bytes);
  if (!decoded) return Error{name + ": " + decoded.error().text};
  return std::optional<Reading>{std::move(*decoded)};
}

Result<void> SqliteJournal::set(const std::string& key, const std::string& value) {
  return connection_->guarded("cannot write", [&] { write_setting(*connection_->database, key, value); });
}

Result<std::optional<std::string>> SqliteJournal::get(const std::string& key) {
  return connection_->guarded("cannot read", [&] { return read_setting(*connection_->database, key); });
}

Result<std::map<std::string, std::string>> SqliteJournal::settings() {
  return connection_->guarded("cannot read", [&] {
    std::map<std::string, std::string> all;
    Statement statement(*connection_->database, "SELECT key, value FROM settings");
    while (statement.executeStep()) {
      Columns columns(statement);
      std::string key = columns.text();
      all[std::move(key)] = columns.text();
    }
    return all;
  });
}

Result<ScreeningRecord> SqliteJournal::record() {
  return connection_->guarded("cannot read", [&] {
    SQLite::Transaction snapshot(*connection_->database);  // The settings and pages of one moment.
    return read_record(*connection_->database);
  });
}

Result<std::vector<EventRow>> SqliteJournal::events() {
  return connection_->guarded("cannot read", [&] {
    std::vector<EventRow> all;
    Statement statement(*connection_->database, "SELECT kind, text, time_ms FROM events ORDER BY id");
    while (statement.executeStep()) {
      Columns columns(statement);
      EventRow row;
      row.kind = columns.text();
      row.text = columns.text();
      row.time_ms = columns.whole();
      all.push_back(std::move(row));
    }
    return all;
  });
}

Result<void> SqliteJournal::extend_to(std::uint32_t points) {
  return connection_->guarded("cannot write", [&] {
    const std::uint32_t had = read_record(*connection_->database).screening.design.points;
    if (points < had) {
      throw std::runtime_error("the design has " + std::to_string(had) + " points and cannot shrink to " +
                               std::to_string(points));
    }
    write_setting(*connection_->database, "points", std::to_string(points));
  });
}

Result<void> SqliteJournal::rescore(const ScreeningRecord& record, const std::vector<StoredEvaluation>& rescored) {
  return connection_->guarded("cannot write", [&] {
    SQLite::Transaction transaction(*connection_->database);
    write_record(*connection_->database, record);
    Statement statement(*connection_->database, rescore_sql);
    for (const StoredEvaluation& row : rescored) {
      ocrs::rescore(statement, row);
      if (connection_->database->getChanges() == 1) continue;
      throw std::runtime_error("there is no evaluation of point " + std::to_string(row.result.id.point.value) +
                               " on page " + std::to_string(row.result.id.page.value) + " to score again");
    }
    transaction.commit();
  });
}

}  // namespace ocrs
