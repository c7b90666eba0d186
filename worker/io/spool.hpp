// Spool keeps every result on disk until it was acknowledged: an append log that is read at start, so that a killed
// worker sends what it had finished. Knows no connection and no order (worker/core/outbox). One thread.
//
// File: "ocrspool1\n", then records:  u32 little endian length | 8 bytes BLAKE2b of the payload | payload
//   payload = 'R' + encoded RESULT frame, or 'E' + encoded ACKNOWLEDGE frame that takes results out again.
// A record that is cut off or damaged ends the file: what comes after it was not promised to anybody.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/core/messages.hpp"
#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {

class Spool {
 public:
  /// Reads the log, or starts one. Throws StartupError when it cannot be read or written, or when the folder is on a
  /// network file system.
  explicit Spool(std::filesystem::path file);

  /// What the log held, in the order it was written.
  [[nodiscard]] std::vector<ResultMessage> results() const;

  /// Both take effect on disk at flush().
  void write(const ResultMessage& result);
  void erase(const ContentHash& run, const std::vector<HeldEvaluation>& evaluations);
  /// Puts everything on disk in one go; called once per round of the loop, free when nothing changed. After an error
  /// the whole log is written anew at the next flush; nothing is forgotten meanwhile.
  [[nodiscard]] Result<void> flush();

  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  using Key = std::tuple<ContentHash, EvaluationId, Attempt>;
  struct Record {
    std::uint64_t number;  // order of writing
    std::string payload;
  };
  /// Bytes of the log that are whole; records_ is filled.
  [[nodiscard]] std::size_t load(const std::string& bytes);
  void take(std::string_view payload);
  [[nodiscard]] Result<void> rewrite();

  std::filesystem::path file_;
  UniqueFd fd_;
  std::map<Key, Record> records_;  // not acknowledged
  std::uint64_t next_number_ = 0;
  std::string pending_;           // records not yet written
  bool pending_matters_ = false;  // a result is among them: fsync
  std::uint64_t file_bytes_ = 0, live_bytes_ = 0;
  bool broken_ = false;  // the last write failed: the end of the file is not known
};

}  // namespace ocrs
