// The journal in DIR/screening.sqlite: WAL, synchronous=FULL, one writer (the holder of DIR's lock), any number of
// readers in other processes. Keeps the whole screening, so that every file and verb can be answered from it alone.
// Decides nothing about what a result means. One thread per object.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/io/journal.hpp"
#include "coordinator/io/output_folder.hpp"
#include "coordinator/io/screening_record.hpp"

namespace ocrs {

class SqliteJournal final : public Journal {
 public:
  /// The journal of this screening in DIR, made where there is none. Resuming takes over title, objective, paths and
  /// cluster settings of `record`, and more points; throws StartupError naming what differs when DIR holds another run,
  /// when it was read by another engine, or when `record` has fewer points.
  [[nodiscard]] static std::unique_ptr<SqliteJournal> create_or_resume(const OutputFolder& folder,
                                                                       const ScreeningRecord& record);
  /// The journal in DIR for writing, without its configuration (extend, rescore, retry-failed). Throws StartupError.
  [[nodiscard]] static std::unique_ptr<SqliteJournal> open(const OutputFolder& folder);
  /// Reading only, also while a coordinator writes; appending is an error. Throws StartupError.
  [[nodiscard]] static std::unique_ptr<SqliteJournal> open_read_only(const std::filesystem::path& dir);
  ~SqliteJournal() override;

  [[nodiscard]] Result<void> append(const std::vector<JournalRow>& rows) override;
  [[nodiscard]] Result<std::vector<StoredEvaluation>> evaluations() override;
  [[nodiscard]] Result<std::vector<AttemptRow>> attempts() override;
  [[nodiscard]] Result<std::optional<Reading>> reading(const ContentHash& hash) override;
  [[nodiscard]] Result<void> set(const std::string& key, const std::string& value) override;
  [[nodiscard]] Result<std::optional<std::string>> get(const std::string& key) override;

  /// Everything that was set().
  [[nodiscard]] Result<std::map<std::string, std::string>> settings();
  /// The screening as it was journaled; design.points is the setting "points".
  [[nodiscard]] Result<ScreeningRecord> record();
  /// In the order they happened.
  [[nodiscard]] Result<std::vector<EventRow>> events();
  /// Sets the setting "points"; fewer than now is an error.
  [[nodiscard]] Result<void> extend_to(std::uint32_t points);
  /// One transaction: the record (new ground truth makes a new run id) and the scores of `rescored`, whose other
  /// columns stay as they are. Evaluations without a record are an error.
  [[nodiscard]] Result<void> rescore(const ScreeningRecord& record, const std::vector<StoredEvaluation>& rescored);

 private:
  struct Connection;
  explicit SqliteJournal(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace ocrs
