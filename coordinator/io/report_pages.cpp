// The pages before and after of the report: which ones are shown, their texts and their previews.
#include <algorithm>
#include <cmath>

#include "coordinator/io/report_model.hpp"

namespace ocrs {
namespace {

constexpr std::size_t text_bytes_max = 24'000, all_text_bytes_max = 3'000'000;
constexpr std::size_t previewed_pages_max = 8, preview_bytes_max = 400'000;

/// At most so many bytes, never ending inside a character.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " …";
}

/// The best ranked point of the design; nullptr when none has a rank.
const PointScores* best_setting(const ScreeningResults& results) {
  for (const std::size_t row : results.ranking.order) {
    if (results.ranking.points[row].point != baseline_point) return &results.ranking.points[row];
  }
  return nullptr;
}

const StoredEvaluation* find(const ScreeningResults& results, EvaluationId id) {
  const auto found =
      std::lower_bound(results.evaluations.begin(), results.evaluations.end(), id,
                       [](const StoredEvaluation& stored, EvaluationId wanted) { return stored.result.id < wanted; });
  return found != results.evaluations.end() && found->result.id == id ? &*found : nullptr;
}

class BestPages {
 public:
  BestPages(const ReportSources& sources, PointIndex point)
      : sources_(sources), results_(sources.results), point_(point) {}

  [[nodiscard]] ReportJson json() {
    std::vector<std::uint32_t> order = by_interest();
    ReportJson pages = ReportJson::array();
    std::size_t previewed = 0;
    for (const std::uint32_t page : order) {
      ReportJson one = {{"page", page}, {"before", side(page, baseline_point)}, {"after", side(page, point_)}};
      const std::string& truth = results_.record.screening.pages[page].ground_truth;
      if (results_.record.screening.pages[page].spec.ground_truth) one["truth"] = text(truth);
      if (sources_.preview && previewed < previewed_pages_max && add_previews(page, one)) ++previewed;
      pages.push_back(std::move(one));
    }
    return {{"point", point_.value}, {"pages", std::move(pages)}};
  }

 private:
  [[nodiscard]] std::optional<double> gain(std::uint32_t page) const {
    const auto& objective = results_.ranking.objective;
    const auto before = page_objective(objective, results_.table.cell(PageIndex{page}, baseline_point));
    const auto after = page_objective(objective, results_.table.cell(PageIndex{page}, point_));
    if (!before || !after) return std::nullopt;
    return *after - *before;
  }

  /// The largest changes first, whichever way: what was won, and what it cost.
  [[nodiscard]] std::vector<std::uint32_t> by_interest() const {
    std::vector<std::uint32_t> pages(results_.table.pages());
    for (std::uint32_t p = 0; p < pages.size(); ++p) pages[p] = p;
    std::stable_sort(pages.begin(), pages.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::abs(gain(a).value_or(-1)) > std::abs(gain(b).value_or(-1));
    });
    return pages;
  }

  [[nodiscard]] std::string text(const std::string& whole) {
    const std::size_t left = all_text_bytes_max - std::min(all_text_bytes_max, text_bytes_);
    std::string part = cut(whole, std::min(text_bytes_max, left));
    text_bytes_ += part.size();
    return part;
  }

  [[nodiscard]] ReportJson side(std::uint32_t page, PointIndex point) {
    const EvaluationId id{PageIndex{page}, point};
    const ScoreCell& cell = results_.table.cell(id.page, point);
    ReportJson json = {{"objective", report_number(page_objective(results_.ranking.objective, cell))}};
    ReportJson scores = ReportJson::object();
    for (const Score score : {Score::confidence, Score::characters, Score::cer, Score::word_recall}) {
      const auto& value = cell.scores[index_of(score)];
      if (value) scores[std::string(to_string(score))] = report_number(value);
    }
    json["scores"] = std::move(scores);
    const StoredEvaluation* stored = find(results_, id);
    if (!stored || stored->status != EvaluationStatus::done) {
      json["why"] = stored ? reason_of(*stored) : std::string("not evaluated");
      return json;
    }
    const auto reading = sources_.journal.reading(stored->result.reading);
    if (reading && *reading) {
      json["text"] = text((*reading)->text);
    } else {
      json["why"] = reading ? "the journal has no reading of it" : reading.error().text;
    }
    return json;
  }

  [[nodiscard]] bool add_previews(std::uint32_t page, ReportJson& one) const {
    const Point untouched{baseline_point, {}};
    const Point& setting = results_.points[static_cast<std::size_t>(point_.value)];
    bool any = false;
    const std::pair<const char*, const Point*> sides[] = {{"before", &untouched}, {"after", &setting}};
    for (const auto& [name, point] : sides) {
      const Result<std::string> image = sources_.preview(PageIndex{page}, *point);
      if (image && image->size() <= preview_bytes_max) {
        one[name]["image"] = "data:image/webp;base64," + base64(*image);
        any = true;
      } else {
        one[name]["no_image"] = image ? "the preview is too large" : image.error().text;
      }
    }
    return any;
  }

  const ReportSources& sources_;
  const ScreeningResults& results_;
  PointIndex point_;
  std::size_t text_bytes_ = 0;
};

}  // namespace

ReportJson report_best_pages(const ReportSources& sources) {
  const PointScores* best = best_setting(sources.results);
  if (!best) return nullptr;
  return BestPages(sources, best->point).json();
}

}  // namespace ocrs
