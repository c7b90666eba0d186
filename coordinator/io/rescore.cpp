#include "coordinator/io/rescore.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/core/text_scores.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"

namespace ocrs {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t ground_truth_bytes_max = 64 * 1024 * 1024;

/// Where the ground truth of a page that had none would be: NAME.gt.txt, for "NAME.tif#2" NAME.2.gt.txt.
fs::path usual_place(const Page& page) {
  const std::string stem = (page.file.parent_path() / page.file.stem()).string();
  const std::string& name = page.names.front();
  const std::size_t mark = name.rfind('#');
  return mark == std::string::npos ? stem + ".gt.txt" : stem + "." + name.substr(mark + 1) + ".gt.txt";
}

/// Takes over the page's ground truth as it is on disk now; true = it changed.
Result<bool> refresh_ground_truth(Page& page) {
  if (page.ground_truth_file.empty()) {
    const fs::path place = usual_place(page);
    std::error_code error;
    if (!fs::exists(place, error)) return false;
    page.ground_truth_file = place;
  }
  auto bytes = read_file(page.ground_truth_file, ground_truth_bytes_max);
  if (!bytes) return bytes.error();
  auto text = checked_ground_truth(*bytes);
  if (!text) return Error{page.ground_truth_file.string() + ": " + text.error().text};
  const ContentHash hash = hash_bytes(*text);
  const bool changed = page.spec.ground_truth != hash;
  page.spec.ground_truth = hash;
  page.ground_truth = std::move(*text);
  return changed;
}

}  // namespace

Result<Rescored> rescore(SqliteJournal& journal, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  auto record = journal.record();
  if (!record) return record.error();
  Screening screening = std::move(record->screening);
  Rescored done;
  std::vector<std::optional<Reference>> references;
  for (Page& page : screening.pages) {
    auto changed = refresh_ground_truth(page);
    if (!changed) return changed.error();
    done.pages_changed += *changed ? 1 : 0;
    references.emplace_back();
    if (page.spec.ground_truth) references.back().emplace(page.ground_truth, screening.folding);
  }

  auto evaluations = journal.evaluations();
  if (!evaluations) return evaluations.error();
  std::vector<StoredEvaluation> rescored;
  std::unordered_map<ContentHash, Scores> page_scores;  // by reading, for the page at hand
  std::optional<PageIndex> page;
  std::uint64_t seen = 0;
  for (StoredEvaluation& stored : *evaluations) {
    progress(seen++, evaluations->size());
    if (stored.status != EvaluationStatus::done) continue;
    const PageIndex here = stored.result.id.page;
    if (page != here) page_scores.clear();
    page = here;
    auto known = page_scores.find(stored.result.reading);
    if (known == page_scores.end()) {
      auto reading = journal.reading(stored.result.reading);
      if (!reading) return reading.error();
      if (!*reading) {
        return Error{"the journal has no reading of point " + std::to_string(stored.result.id.point.value) + " on " +
                     screening.pages[here.value].names.front() + ": it is damaged"};
      }
      const auto& reference = references[here.value];
      Scores scores;
      score_reading(**reading, reference ? &*reference : nullptr, scores);
      known = page_scores.emplace(stored.result.reading, scores).first;
    }
    // Scores of the image stay; those of the text are new.
    Scores scores = known->second;
    scores.sharpness = stored.result.scores.sharpness;
    scores.contrast = stored.result.scores.contrast;
    scores.cnr = stored.result.scores.cnr;
    stored.result.scores = scores;
    rescored.push_back(std::move(stored));
  }
  done.evaluations = rescored.size();
  ScreeningRecord renewed = new_record(std::move(screening), record->engine, record->created_ms);
  if (auto written = journal.rescore(renewed, rescored); !written) return written.error();
  return done;
}

}  // namespace ocrs
