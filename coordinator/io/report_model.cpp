#include "coordinator/io/report_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ocrs {
namespace {

ReportJson value_json(const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* real = std::get_if<double>(&value)) return report_number(*real);
  if (const auto* name = std::get_if<std::string>(&value)) return *name;
  return nullptr;
}

/// What was spent on each point: mean over its evaluations, recognitions that others shared counted as nothing.
std::vector<std::optional<double>> mean_elapsed(const ScreeningResults& results) {
  std::vector<double> sums(results.points.size() + 1, 0);
  std::vector<std::uint32_t> counts(sums.size(), 0);
  for (const StoredEvaluation& stored : results.evaluations) {
    if (stored.status != EvaluationStatus::done) continue;
    const auto row = static_cast<std::size_t>(stored.result.id.point.value + 1);
    sums[row] += stored.result.cost.elapsed_ms;
    ++counts[row];
  }
  std::vector<std::optional<double>> means(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (counts[i] > 0) means[i] = sums[i] / counts[i];
  }
  return means;
}

}  // namespace

ReportJson report_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0;
  const double magnitude = std::pow(10.0, 5 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  const double rounded = std::round(value * magnitude) / magnitude;
  return std::isfinite(rounded) ? ReportJson(rounded) : ReportJson(value);
}

ReportJson report_number(const std::optional<double>& value) {
  return value ? report_number(*value) : ReportJson(nullptr);
}

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? digits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

ReportJson report_factors(const ScreeningResults& results) {
  const PipelineSpec& pipeline = results.record.screening.pipeline;
  ReportJson factors = ReportJson::array();
  for (const FactorSlot& slot : factor_slots(pipeline)) {
    const Factor& factor = *slot.factor;
    ReportJson one = {{"name", factor.name},
                      {"stage", pipeline.stages[slot.stage].name},
                      {"kind", to_string(factor.kind)},
                      {"unit", to_string(factor.unit)}};
    if (factor.kind == FactorKind::choice) {
      ReportJson options = ReportJson::array();
      for (const ChoiceShare& choice : factor.choices) options.push_back(choice.name);
      one["options"] = std::move(options);
    } else if (factor.kind == FactorKind::levels) {
      ReportJson options = ReportJson::array();
      for (const FactorValue& level : factor.levels) options.push_back(to_text(level));
      one["options"] = std::move(options);
    } else if (factor.kind != FactorKind::fixed) {
      one["low"] = report_number(factor.low);
      one["high"] = report_number(factor.high);
    }
    factors.push_back(std::move(one));
  }
  return factors;
}

ReportJson report_page_list(const ScreeningResults& results) {
  ReportJson pages = ReportJson::array();
  for (const Page& page : results.record.screening.pages) {
    ReportJson one = {{"name", page.names.front()},       {"width", page.spec.width},
                      {"height", page.spec.height},       {"dpi", report_number(page.spec.dpi)},
                      {"languages", page.spec.languages}, {"ground_truth", page.spec.ground_truth.has_value()}};
    if (page.names.size() > 1) one["also"] = std::vector<std::string>(page.names.begin() + 1, page.names.end());
    pages.push_back(std::move(one));
  }
  return pages;
}

ReportJson report_points(const ScreeningResults& results) {
  const std::size_t slots = factor_slots(results.record.screening.pipeline).size();
  ReportJson values = ReportJson::array();
  for (std::size_t f = 0; f < slots; ++f) {
    ReportJson column = ReportJson::array({nullptr});
    for (const Point& point : results.points) column.push_back(value_json(point.values[f]));
    values.push_back(std::move(column));
  }
  ReportJson means = ReportJson::object();
  for (std::size_t s = 0; s < score_count; ++s) {
    ReportJson column = ReportJson::array();
    bool any = false;
    for (const PointScores& row : results.ranking.points) {
      column.push_back(report_number(row.means[s]));
      any = any || row.means[s].has_value();
    }
    if (any) means[std::string(score_names[s])] = std::move(column);
  }
  ReportJson ranks = ReportJson::array(), objectives = ReportJson::array(), gains = ReportJson::array();
  ReportJson done = ReportJson::array(), failed = ReportJson::array(), missing = ReportJson::array();
  for (const PointScores& row : results.ranking.points) {
    ranks.push_back(row.rank ? ReportJson(*row.rank) : ReportJson(nullptr));
    objectives.push_back(report_number(row.objective));
    gains.push_back(report_number(row.gain));
    done.push_back(row.pages_done);
    failed.push_back(row.pages_failed);
    missing.push_back(row.pages_missing);
  }
  ReportJson elapsed = ReportJson::array();
  for (const auto& mean : mean_elapsed(results)) elapsed.push_back(report_number(mean));
  return {{"rank", std::move(ranks)},    {"objective", std::move(objectives)}, {"gain", std::move(gains)},
          {"done", std::move(done)},     {"failed", std::move(failed)},        {"missing", std::move(missing)},
          {"values", std::move(values)}, {"means", std::move(means)},          {"elapsed_ms", std::move(elapsed)}};
}

ReportJson report_matrix(const ScreeningResults& results) {
  constexpr std::uint16_t none = 65535;
  constexpr double steps = 65534;
  const std::size_t pages = results.table.pages();
  std::vector<std::optional<double>> cells;
  cells.reserve(pages * results.ranking.points.size());
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::uint32_t p = 0; p < pages; ++p) {
    for (const PointScores& row : results.ranking.points) {
      cells.push_back(page_objective(results.ranking.objective, results.table.cell(PageIndex{p}, row.point)));
      if (!cells.back()) continue;
      low = std::min(low, *cells.back());
      high = std::max(high, *cells.back());
    }
  }
  if (low > high) low = high = 0;
  std::string bytes;
  bytes.reserve(cells.size() * 2);
  for (const auto& cell : cells) {
    const double share = cell && high > low ? (*cell - low) / (high - low) : 0;
    const std::uint16_t step = cell ? static_cast<std::uint16_t>(std::lround(share * steps)) : none;
    bytes += static_cast<char>(step & 255);
    bytes += static_cast<char>(step >> 8);
  }
  return {{"low", low}, {"high", high}, {"cells", base64(bytes)}};
}

}  // namespace ocrs
