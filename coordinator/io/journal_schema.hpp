// The version of the journal's tables (PRAGMA user_version) that this program writes; sqlite_connection has the steps.
#pragma once

namespace ocrs {

inline constexpr int journal_schema = 1;

}  // namespace ocrs
