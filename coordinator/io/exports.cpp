#include "coordinator/io/exports.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "coordinator/io/csv.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

/// A page under one of its names.
struct NamedPage {
  std::string name;
  PageIndex page;
};

std::vector<NamedPage> pages_by_name(const Screening& screening) {
  std::vector<NamedPage> named;
  for (std::uint32_t i = 0; i < screening.pages.size(); ++i) {
    for (const std::string& name : screening.pages[i].names) named.push_back({name, PageIndex{i}});
  }
  // std::string compares as unsigned bytes.
  std::sort(named.begin(), named.end(), [](const NamedPage& a, const NamedPage& b) { return a.name < b.name; });
  return named;
}

/// Final records by page and point; nullptr where there is none.
class RecordIndex {
 public:
  explicit RecordIndex(const ScreeningResults& results)
      : per_page_(results.points.size() + 1), found_(results.record.screening.pages.size() * per_page_, nullptr) {
    for (const StoredEvaluation& stored : results.evaluations) found_[position(stored.result.id)] = &stored;
  }
  [[nodiscard]] const StoredEvaluation* find(EvaluationId id) const { return found_[position(id)]; }

 private:
  [[nodiscard]] std::size_t position(EvaluationId id) const {
    return id.page.value * per_page_ + static_cast<std::size_t>(id.point.value + 1);
  }
  std::size_t per_page_;
  std::vector<const StoredEvaluation*> found_;
};

std::string_view status_text(CellStatus status) {
  switch (status) {
    case CellStatus::done:
      return "done";
    case CellStatus::failed:
      return "failed";
    case CellStatus::dropped:
      return "dropped";
    default:
      return "missing";
  }
}

Json json_of(const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* name = std::get_if<std::string>(&value)) return *name;
  return nullptr;
}

Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const ScoreRow& row) {
  Json json = Json::object();
  for (std::size_t s = 0; s < score_count; ++s) json[std::string(score_names[s])] = json_of(row[s]);
  return json;
}

Json json_of(const PointScores& scores) {
  Json json = {{"point", scores.point.value}, {"pages_done", scores.pages_done}, {"pages_failed", scores.pages_failed}};
  json["scores"] = json_of(scores.means);
  json["gains"] = json_of(scores.gains);
  json["gain"] = json_of(scores.gain);
  json["objective"] = json_of(scores.objective);
  json["rank"] = scores.rank ? Json(*scores.rank) : Json(nullptr);
  return json;
}

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// "score_contrast" beside a factor "contrast": no two columns of points.csv share a name.
std::string score_column(std::string_view score, const std::vector<FactorSlot>& slots) {
  const bool taken =
      std::any_of(slots.begin(), slots.end(), [&](const FactorSlot& slot) { return slot.factor->name == score; });
  return (taken ? "score_" : "") + std::string(score);
}

}  // namespace

std::string points_csv(const ScreeningResults& results) {
  const std::vector<FactorSlot> slots = factor_slots(results.record.screening.pipeline);
  CsvText csv;
  csv.reserve(results.ranking.points.size() * 400);
  csv.text("point");
  for (const FactorSlot& slot : slots) csv.text(slot.factor->name);
  csv.text("pages_done").text("pages_failed");
  for (const std::string_view score : score_names) csv.text(score_column(score, slots));
  for (const std::string_view score : score_names) csv.text("gain_" + std::string(score));
  csv.text("gain").text("objective").text("rank").end_row();

  for (const PointScores& row : results.ranking.points) {
    csv.number(row.point.value);
    for (std::size_t f = 0; f < slots.size(); ++f) {
      if (row.point == baseline_point) {
        csv.empty();
      } else {
        csv.value(results.points[static_cast<std::size_t>(row.point.value)].values[f]);
      }
    }
    csv.number(std::int64_t{row.pages_done}).number(std::int64_t{row.pages_failed});
    for (const auto& mean : row.means) csv.number(mean);
    for (const auto& gain : row.gains) csv.number(gain);
    csv.number(row.gain).number(row.objective);
    if (row.rank) {
      csv.number(std::int64_t{*row.rank});
    } else {
      csv.empty();
    }
    csv.end_row();
  }
  return csv.take();
}

std::string evaluations_csv(const ScreeningResults& results) {
  const std::vector<NamedPage> pages = pages_by_name(results.record.screening);
  const RecordIndex records(results);
  CsvText csv;
  csv.reserve(results.ranking.points.size() * pages.size() * 220);
  csv.text("point").text("page").text("status").text("reason");
  for (const std::string_view score : score_names) csv.text(score);
  csv.text("worker").text("backend").text("attempt").text("elapsed_ms").end_row();

  for (const PointScores& row : results.ranking.points) {
    for (const NamedPage& named : pages) {
      const ScoreCell& cell = results.table.cell(named.page, row.point);
      const StoredEvaluation* stored = records.find({named.page, row.point});
      csv.number(row.point.value).text(named.name).text(status_text(cell.status));
      csv.text(stored ? reason_of(*stored) : results.open_reason);
      for (const auto& score : cell.scores) csv.number(score);
      if (stored) {
        csv.text(stored->worker).text(stored->result.backend).number(std::int64_t{stored->result.attempt.value});
        csv.number(stored->result.cost.elapsed_ms);
      } else {
        csv.empty().empty().empty().empty();
      }
      csv.end_row();
    }
  }
  return csv.take();
}

std::string export_json(const ScreeningResults& results) {
  const Screening& screening = results.record.screening;
  const std::vector<FactorSlot> slots = factor_slots(screening.pipeline);
  Json json = Json::parse(manifest_json(results));
  Json factors = Json::array();
  for (const FactorSlot& slot : slots) {
    factors.push_back({{"name", slot.factor->name},
                       {"kind", to_string(slot.factor->kind)},
                       {"unit", to_string(slot.factor->unit)},
                       {"stage", screening.pipeline.stages[slot.stage].name}});
  }
  json["factors"] = std::move(factors);
  Json points = Json::array();
  for (const PointScores& row : results.ranking.points) {
    Json point = json_of(row);
    Json values = Json::object();
    for (std::size_t f = 0; f < slots.size() && row.point != baseline_point; ++f) {
      values[slots[f].factor->name] = json_of(results.points[static_cast<std::size_t>(row.point.value)].values[f]);
    }
    point["factors"] = std::move(values);
    points.push_back(std::move(point));
  }
  json["points"] = std::move(points);
  const RecordIndex records(results);
  Json rows = Json::array();
  for (const PointScores& row : results.ranking.points) {
    for (std::uint32_t p = 0; p < screening.pages.size(); ++p) {
      const ScoreCell& cell = results.table.cell(PageIndex{p}, row.point);
      const StoredEvaluation* stored = records.find({PageIndex{p}, row.point});
      Json one = {{"point", row.point.value}, {"page", screening.pages[p].names.front()}};
      one["status"] = status_text(cell.status);
      one["reason"] = stored ? reason_of(*stored) : results.open_reason;
      one["scores"] = json_of(cell.scores);
      one["elapsed_ms"] = stored ? Json(stored->result.cost.elapsed_ms) : Json(nullptr);
      rows.push_back(std::move(one));
    }
  }
  json["results"] = std::move(rows);
  return dumped(json, 1);
}

Result<void> write_all(const OutputPaths& paths, const ScreeningResults& results, const Analysis& analysis) {
  const std::pair<std::filesystem::path, std::string> files[] = {
      {paths.points_csv(), points_csv(results)},
      {paths.evaluations_csv(), evaluations_csv(results)},
      {paths.best_yaml(), best_yaml(results, analysis)},
      {paths.portfolio_yaml(), portfolio_yaml(results, analysis)},
      // Last: whoever waits for it finds the others.
      {paths.manifest_json(), manifest_json(results)}};
  for (const auto& [path, text] : files) {
    if (Result<void> written = write_file_atomically(path, text); !written) return written;
  }
  return {};
}

}  // namespace ocrs
