// Prints every evaluation of an output folder with its reading, a JSON object per line, for studies of scores that are
// not built in: dump_readings DIR. See objective_study.py.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "coordinator/io/screening_results.hpp"
#include "coordinator/io/sqlite_journal.hpp"

namespace {

using namespace ocrs;

int dump(const char* dir) {
  const auto journal = SqliteJournal::open_read_only(dir);
  const auto results = read_results(*journal);
  if (!results) {
    std::fprintf(stderr, "%s\n", results.error().text.c_str());
    return 1;
  }
  for (const StoredEvaluation& stored : results->evaluations) {
    const EvaluationId id = stored.result.id;
    nlohmann::json line = {{"page", results->record.screening.pages[id.page.value].names.front()},
                           {"point", id.point.value},
                           {"status", to_string(stored.status)}};
    const ScoreCell& cell = results->table.cell(id.page, id.point);
    for (std::size_t s = 0; s < score_count; ++s) {
      if (cell.scores[s]) line["scores"][std::string(score_names[s])] = *cell.scores[s];
    }
    if (stored.status == EvaluationStatus::done) {
      const auto reading = journal->reading(stored.result.reading);
      if (!reading || !*reading) {
        std::fprintf(stderr, "%s: a reading is missing\n", dir);
        return 1;
      }
      line["text"] = (*reading)->text;
      for (const ReadWord& word : (*reading)->words) line["words"].push_back({word.text, word.confidence});
    }
    std::puts(line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).c_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "dump_readings DIR\n");
    return 2;
  }
  try {
    return dump(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dump_readings: %s\n", error.what());
    return 1;
  }
}
