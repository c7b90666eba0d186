#include "coordinator/io/apply_page.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/io/file.hpp"
#include "coordinator/core/reading_choice.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// Whether one Prepare serves both.
bool evaluated_alike(const Setting& a, const Setting& b) {
  Setting other = b;
  other.point = a.point;
  return other == a;
}

std::string reason_of(const Failure& failure) {
  return (failure.node.empty() ? "" : failure.node + ": ") + failure.text;
}

}  // namespace

PageApplier::PageApplier(const ApplyPlan& plan, fs::path program) : plan_(plan), evaluator_(std::move(program)) {
  for (std::size_t i = 0; i < plan_.settings.size(); ++i) {
    const auto alike = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
      return evaluated_alike(plan_.settings[group.settings.front()], plan_.settings[i]);
    });
    group_of_.push_back(static_cast<std::size_t>(alike - groups_.begin()));
    if (alike == groups_.end()) groups_.emplace_back();
    groups_[group_of_.back()].settings.push_back(i);
  }
}

/// Under its position in the file, as the evaluator knows points apart by their index.
Point PageApplier::point_for_evaluator(std::size_t setting) const {
  Point point = plan_.settings[setting].point;
  if (point.index != baseline_point) point.index = PointIndex{static_cast<std::int64_t>(setting)};
  return point;
}

void PageApplier::work_on(std::size_t group) {
  if (prepared_ == group) return;
  const Setting& setting = plan_.settings[groups_[group].settings.front()];
  Prepare prepare;
  prepare.tessdata = plan_.tessdata.string();
  prepare.screening.stages = setting.stages;
  prepare.screening.factors = setting.factors;
  prepare.screening.engine = setting.engine;
  prepare.screening.limits = setting.limits;
  for (const ApplyPage& page : plan_.pages) {
    PageSpec spec = page.spec;
    spec.languages = setting.languages;
    spec.psm = setting.psm;
    prepare.screening.pages.push_back(std::move(spec));
  }
  evaluator_.prepare(std::move(prepare));
  prepared_ = group;
}

std::optional<std::size_t> PageApplier::choose(std::size_t page, AppliedPage& row) {
  if (plan_.settings.size() == 1) return 0;
  const PageIndex index{static_cast<std::uint32_t>(page)};
  std::vector<std::optional<CandidateReading>> readings(plan_.settings.size());
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    work_on(g);
    std::vector<Point> points;
    for (const std::size_t setting : groups_[g].settings) points.push_back(point_for_evaluator(setting));
    const auto results = evaluator_.evaluate(index, plan_.pages[page].file, "", points);
    if (!results) {
      row.reason = results.error().text;
      return std::nullopt;
    }
    for (const Evaluated& evaluated : *results) {
      const EvaluationResult& result = evaluated.result;
      const auto at = std::find_if(points.begin(), points.end(),
                                   [&](const Point& point) { return point.index == result.id.point; });
      if (at == points.end()) continue;
      if (result.failure) {
        if (row.reason.empty()) row.reason = reason_of(*result.failure);
        continue;
      }
      const std::size_t setting = groups_[g].settings[static_cast<std::size_t>(at - points.begin())];
      readings[setting] = {result.scores.confidence, static_cast<double>(result.scores.characters)};
    }
  }
  const auto choice = choose_reading(readings, plan_.keep);
  if (!choice) return std::nullopt;
  row.reason.clear();  // what failed for another setting is no matter
  row.text_yield = choice->text_yield;
  return choice->setting;
}

AppliedPage PageApplier::apply(std::size_t index) {
  const ApplyPage& page = plan_.pages[index];
  AppliedPage row;
  row.page = page.name;
  row.output = page.output;
  const auto chosen = choose(index, row);
  if (!chosen) return row;
  work_on(group_of_[*chosen]);
  const Render order{PageIndex{static_cast<std::uint32_t>(index)}, point_for_evaluator(*chosen), plan_.format,
                     page.name};
  const auto document = evaluator_.render(page.file, order);
  if (!document) {
    row.reason = document.error().text;
    return row;
  }
  const EvaluationResult& result = document->result;
  if (result.failure) {
    row.reason = reason_of(*result.failure);
    return row;
  }
  row.setting = *chosen + 1;
  row.point = plan_.settings[*chosen].point.index.value;
  if (plan_.format != DocumentFormat::png) {
    row.confidence = result.scores.confidence;
    row.characters = static_cast<double>(result.scores.characters);
    if (!row.text_yield) row.text_yield = row.confidence;  // alone its characters are the median
  }
  if (auto written = write(page, document->bytes); !written) row.reason = written.error().text;
  return row;
}

Result<void> PageApplier::write(const ApplyPage& page, const std::string& bytes) const {
  const fs::path file = plan_.out / page.output;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return Error{file.parent_path().string() + ": " + error.message()};
  // Looked for before the start, but that may be long ago.
  if (!plan_.force && fs::exists(fs::symlink_status(file, error))) return Error{file.string() + ": exists already"};
  return write_file_atomically(file, bytes, 0644);
}

}  // namespace ocrs
