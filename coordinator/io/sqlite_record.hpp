// The screening's own record and its settings in the journal's tables. Inner part of sqlite_journal; the caller owns
// database and transaction. Both throw: SQLite::Exception, or std::runtime_error for a record that makes no sense.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

#include "coordinator/io/screening_record.hpp"

namespace ocrs {

/// Replaces the record, the pages and the setting "points".
void write_record(SQLite::Database& database, const ScreeningRecord& record);
[[nodiscard]] ScreeningRecord read_record(SQLite::Database& database);

void write_setting(SQLite::Database& database, const std::string& key, const std::string& value);
[[nodiscard]] std::optional<std::string> read_setting(SQLite::Database& database, const std::string& key);

}  // namespace ocrs
