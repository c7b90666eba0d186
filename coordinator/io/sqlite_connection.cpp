#include "coordinator/io/sqlite_connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/io/fd.hpp"
#include "common/io/file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr int application_id = 0x4f435253;  // "OCRS"
constexpr int busy_timeout_ms = 10'000;

// Step i turns schema i into i + 1; a new file takes them all. Never changed once released: a new schema is a new step.
constexpr std::array<const char*, journal_schema> schema_steps = {R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pages (
  page INTEGER PRIMARY KEY,
  hash BLOB NOT NULL, frame INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  dpi REAL, dpi_source TEXT NOT NULL, languages TEXT NOT NULL, psm INTEGER NOT NULL,
  file TEXT NOT NULL, brightness REAL, noise REAL,
  gt_hash BLOB, gt_text TEXT, gt_file TEXT);
CREATE TABLE page_names (               -- every name of a page, bytes as in the file system, sorted bytewise
  page INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (page, position)) WITHOUT ROWID;
CREATE TABLE evaluations (
  page INTEGER NOT NULL, point INTEGER NOT NULL,
  status INTEGER NOT NULL,          -- 0 done, 1 failed, 2 missing, 3 dropped
  attempt INTEGER NOT NULL, time_ms INTEGER NOT NULL, worker TEXT NOT NULL, backend TEXT NOT NULL,
  failure INTEGER, node TEXT, failure_text TEXT, stderr_tail TEXT,
  confidence REAL, words INTEGER, characters INTEGER, lexicon REAL, sharpness REAL, contrast REAL, cnr REAL,
  cer REAL, wer REAL, word_recall REAL,
  stage_costs TEXT NOT NULL,        -- "stage:ms stage:ms …" of the stages run for this evaluation
  recognised INTEGER NOT NULL, recognise_ms REAL, elapsed_ms REAL,
  reading BLOB,
  PRIMARY KEY (page, point)) WITHOUT ROWID;
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY, page INTEGER NOT NULL, point INTEGER NOT NULL, attempt INTEGER NOT NULL,
  failure INTEGER NOT NULL, node TEXT NOT NULL, failure_text TEXT NOT NULL, stderr_tail TEXT NOT NULL,
  worker TEXT NOT NULL, host TEXT NOT NULL, time_ms INTEGER NOT NULL);
CREATE TABLE readings (hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, time_ms INTEGER NOT NULL);
)sql"};

int pragma_number(SQLite::Database& database, const char* pragma) {
  return database.execAndGet(std::string("PRAGMA ") + pragma).getInt();
}

StartupError damaged(const fs::path& file, const std::string& what) {
  return StartupError(file.string() + " is damaged or is not a journal of ocrscreen (" + what +
                      "): put a copy from a backup in its place, or start again with another output folder");
}

StartupError cannot_open(const fs::path& file, const SQLite::Exception& problem) {
  const int code = problem.getErrorCode();
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) return damaged(file, problem.what());
  return StartupError(database_error(file, "cannot open the journal", problem).text);
}

/// The schema of a file that is a journal, 0 for one that is empty.
int checked_schema(SQLite::Database& database, const fs::path& file) {
  const int schema = pragma_number(database, "user_version");
  const int application = pragma_number(database, "application_id");
  const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (empty && schema == 0 && application == 0) return 0;
  if (application != application_id) throw damaged(file, "it is a database of another program");
  if (schema > journal_schema) {
    throw StartupError(file.string() + " has journal schema " + std::to_string(schema) + ", this program knows up to " +
                       std::to_string(journal_schema) + ": use the ocrscreen that wrote it, or a newer one");
  }
  return schema;
}

/// All pages of the file and the order within its trees; says nothing of single bits within a value.
void check_integrity(SQLite::Database& database, const fs::path& file) {
  const std::string verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") throw damaged(file, verdict);
}

void make_private_file(const fs::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw StartupError(file.string() + ": " + std::strerror(errno));
  // The -wal and -shm files take their mode from this one.
  if (::fchmod(fd.get(), 0600) != 0) throw StartupError(file.string() + ": " + std::strerror(errno));
}

bool has_no_wal(const fs::path& file) {
  std::error_code none;
  const auto bytes = fs::file_size(file.string() + "-wal", none);
  return none || bytes == 0;
}

/// "file:…?immutable=1" for a folder in which SQLite can make no shared memory file.
std::string immutable_uri(const fs::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    if (c == '%' || c == '?' || c == '#') {
      static constexpr char digits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += {'%', digits[byte >> 4], digits[byte & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

std::unique_ptr<SQLite::Database> open_reader(const fs::path& file, bool immutable) {
  auto database =
      std::make_unique<SQLite::Database>(immutable ? immutable_uri(file) : file.string(),
                                         SQLite::OPEN_READONLY | (immutable ? SQLite::OPEN_URI : 0), busy_timeout_ms);
  database->exec("PRAGMA trusted_schema = OFF");
  const int schema = checked_schema(*database, file);
  if (schema < journal_schema) {
    throw StartupError(file.string() + (schema == 0
                                            ? " holds no screening yet: `ocrscreen run` was stopped before it began"
                                            : " has journal schema " + std::to_string(schema) +
                                                  ", this program reads " + std::to_string(journal_schema) +
                                                  ": run `ocrscreen run` once more, it brings it up to date"));
  }
  return database;
}

}  // namespace

Error database_error(const fs::path& file, const std::string& doing, const SQLite::Exception& problem) {
  std::string text = doing + " " + file.string() + ": " + problem.what();
  switch (problem.getErrorCode()) {
    case SQLITE_FULL:
      text += " (no space is left there)";
      break;
    case SQLITE_BUSY:
      text += " (another process holds it)";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      text += " (the file is damaged)";
      break;
    default:
      break;
  }
  return Error{text};
}

WritableDatabase open_for_writing(const fs::path& file) {
  if (is_network_filesystem(file)) {
    throw StartupError(file.string() + " is on a network file system, where a journal cannot be kept safely; " +
                       "use a folder on a local disk");
  }
  make_private_file(file);
  try {
    auto database = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, busy_timeout_ms);
    database->exec("PRAGMA trusted_schema = OFF");
    const int schema = checked_schema(*database, file);
    if (schema > 0) check_integrity(*database, file);
    const std::string mode = database->execAndGet("PRAGMA journal_mode = WAL").getString();
    if (mode != "wal")
      throw StartupError(file.string() + ": SQLite cannot keep a write-ahead log there (" + mode + ")");
    database->exec("PRAGMA synchronous = FULL");
    database->exec("PRAGMA journal_size_limit = 67108864");  // A long reader makes the log grow; cut it back after.
    if (schema < journal_schema) {
      SQLite::Transaction transaction(*database);
      for (int step = schema; step < journal_schema; ++step) {
        database->exec(schema_steps[static_cast<std::size_t>(step)]);
      }
      database->exec("PRAGMA application_id = " + std::to_string(application_id));
      database->exec("PRAGMA user_version = " + std::to_string(journal_schema));
      transaction.commit();
    }
    const bool fresh = database->execAndGet("SELECT count(*) FROM meta").getInt() == 0;
    if (const Result<void> synced = sync_dir(file.parent_path()); !synced) throw StartupError(synced.error().text);
    return {std::move(database), fresh};
  } catch (const SQLite::Exception& problem) {
    throw cannot_open(file, problem);
  }
}

std::unique_ptr<SQLite::Database> open_for_reading(const fs::path& file) {
  const bool remote = is_network_filesystem(file);
  if (remote && !has_no_wal(file)) {
    throw StartupError(file.string() + " is on a network file system and may be in use; " +
                       "run this where its coordinator runs");
  }
  try {
    return open_reader(file, remote);
  } catch (const SQLite::Exception& problem) {
    const int code = problem.getErrorCode();
    const bool read_only_folder = code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
    if (!read_only_folder || !has_no_wal(file)) throw cannot_open(file, problem);
  }
  try {
    return open_reader(file, true);
  } catch (const SQLite::Exception& problem) {
    throw cannot_open(file, problem);
  }
}

}  // namespace ocrs
