// Scores the readings of a finished or running-no-more screening again, after its ground truth was corrected: no OCR,
// no worker, no configuration. Gives the numbers a fresh run with that ground truth would give. One thread.
#pragma once

#include <cstdint>
#include <functional>

#include "common/core/result.hpp"
#include "coordinator/io/sqlite_journal.hpp"

namespace ocrs {

struct Rescored {
  std::uint64_t evaluations = 0;    // scored again
  std::uint32_t pages_changed = 0;  // whose ground truth is not what it was
};

/// Reads every page's ground truth again (NAME.gt.txt beside the page where it had none), computes words, characters,
/// confidence, lexicon and the text scores of every done evaluation from its reading, and replaces record and scores in
/// one transaction; the run id follows the ground truth. `progress` is told how many of how many are done. On error
/// (a file that is gone, bad bytes, a reading that is not in the journal) nothing is changed.
[[nodiscard]] Result<Rescored> rescore(SqliteJournal& journal,
                                       const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace ocrs
