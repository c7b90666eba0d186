// The journal's database file: opened with the right pragmas, checked, brought to the schema of this program. Inner
// part of sqlite_journal, with which it is the only user of SQLite. One thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "common/core/result.hpp"
#include "coordinator/io/journal_schema.hpp"

namespace ocrs {

/// Opens for writing; makes the file (mode 0600) where there is none. An older schema is migrated in one transaction
/// together with the caller's own first one: `fresh` tells that no screening was recorded yet. Throws StartupError for
/// a file that is damaged, is no journal, or is newer than this program.
struct WritableDatabase {
  std::unique_ptr<SQLite::Database> database;
  bool fresh = false;
};
[[nodiscard]] WritableDatabase open_for_writing(const std::filesystem::path& file);

/// Opens for reading, also while a coordinator writes. Throws StartupError as above; an older schema is refused too.
[[nodiscard]] std::unique_ptr<SQLite::Database> open_for_reading(const std::filesystem::path& file);

/// What SQLite said about this file, in a sentence a user can act on.
[[nodiscard]] Error database_error(const std::filesystem::path& file, const std::string& doing,
                                   const SQLite::Exception& problem);

}  // namespace ocrs
