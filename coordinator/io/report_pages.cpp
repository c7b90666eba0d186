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
    const std::vector<std::uint32_t> order = by_interest();
    ReportJson pages = ReportJson::array();
    for (const std::uint32_t page : order) {
      ReportJson one = {{"page", page}, {"before", side(page, baseline_point)}, {"after", side(page, point_)}};
      const std::string& truth = results_.record.screening.pages[page].ground_truth;
      if (results_.record.screening.pages[page].spec.ground_truth) one["truth"] = text(truth);
      pages.push_back(std::move(one));
    }
    add_previews(order, pages);
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

  /// Pictures of the first of the pages: `json` has them in the same order.
  void add_previews(std::vector<std::uint32_t> order, ReportJson& json) const {
    if (!sources_.previews) return;
    if (order.size() > previewed_pages_max) order.resize(previewed_pages_max);
    std::vector<PageIndex> pages;
    for (const std::uint32_t page : order) pages.push_back(PageIndex{page});
    const std::vector<Point> points{Point{baseline_point, {}}, results_.points[static_cast<std::size_t>(point_.value)]};
    const std::vector<PagePictures> all = sources_.previews(pages, points);
    for (std::size_t i = 0; i < all.size() && i < order.size(); ++i) {
      constexpr const char* sides[] = {"before", "after"};
      for (std::size_t side = 0; side < std::size(sides) && side < all[i].pictures.size(); ++side) {
        const Result<std::string>& picture = all[i].pictures[side];
        if (picture && picture->size() <= preview_bytes_max) {
          json[i][sides[side]]["image"] = "data:image/webp;base64," + base64(*picture);
        } else {
          json[i][sides[side]]["no_image"] = picture ? "the picture is too large" : picture.error().text;
        }
      }
    }
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
