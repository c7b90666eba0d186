// The analysis as the report's JSON, and the verdict's three sentences.
#include <fmt/format.h>

#include <cmath>

#include "coordinator/core/verdict.hpp"
#include "coordinator/io/report_model.hpp"
#include "coordinator/io/summary.hpp"

namespace ocrs {
namespace {

ReportJson estimate(const Estimate& estimate) {
  return {report_number(estimate.value), report_number(estimate.interval.low), report_number(estimate.interval.high)};
}

ReportJson estimate(const std::optional<Estimate>& one) { return one ? estimate(*one) : ReportJson(nullptr); }

ReportJson indices(const Indices& indices) {
  return {{"first_order", estimate(indices.first_order)},
          {"pawn", estimate(indices.pawn)},
          {"rank_correlation", estimate(indices.rank_correlation)}};
}

ReportJson factor_json(const FactorAnalysis& factor) {
  ReportJson curve = ReportJson::array(), groups = ReportJson::array(), convergence = ReportJson::array();
  for (const CurvePiece& piece : factor.curve) {
    curve.push_back({{"low", report_number(piece.low)},
                     {"high", report_number(piece.high)},
                     {"middle", report_number(piece.middle)},
                     {"points", piece.points},
                     {"mean", estimate(piece.mean)}});
  }
  for (const ChoiceGroup& group : factor.groups) {
    groups.push_back({{"option", group.option}, {"points", group.points}, {"mean", estimate(group.mean)}});
  }
  for (const Convergence& step : factor.convergence) {
    convergence.push_back({{"points", step.points}, {"active", step.active}, {"indices", indices(step.indices)}});
  }
  return {{"slot", factor.slot},
          {"name", factor.name},
          {"stage", factor.stage},
          {"kind", to_string(factor.kind)},
          {"unit", to_string(factor.unit)},
          {"conditional", factor.conditional},
          {"active", factor.active},
          {"shown", factor.shown},
          {"curve", std::move(curve)},
          {"groups", std::move(groups)},
          {"indices", indices(factor.indices)},
          {"noise",
           {{"first_order", report_number(factor.noise.first_order)},
            {"pawn", report_number(factor.noise.pawn)},
            {"rank_correlation", report_number(factor.noise.rank_correlation)}}},
          {"matters", factor.matters},
          {"edge", factor.edge},
          {"convergence", std::move(convergence)}};
}

ReportJson interactions_json(const InteractionAnalysis& interactions) {
  constexpr std::size_t pairs_max = 12;
  ReportJson pairs = ReportJson::array();
  for (const Interaction& pair : interactions.pairs) {
    if (pairs.size() == pairs_max) break;
    ReportJson grid = ReportJson::array();
    for (const auto& row : pair.grid) {
      ReportJson cells = ReportJson::array();
      for (const double cell : row) cells.push_back(report_number(cell));
      grid.push_back(std::move(cells));
    }
    pairs.push_back({{"a", pair.a},
                     {"b", pair.b},
                     {"strength", report_number(pair.strength)},
                     {"a_labels", pair.a_labels},
                     {"b_labels", pair.b_labels},
                     {"grid", std::move(grid)}});
  }
  return {{"q2", report_number(interactions.q2)}, {"pairs", std::move(pairs)}, {"why_empty", interactions.why_empty}};
}

ReportJson portfolio_json(const PortfolioAnalysis& portfolio) {
  ReportJson steps = ReportJson::array();
  for (const PortfolioStep& step : portfolio.steps) {
    steps.push_back(
        {{"added", step.added.value},
         {"value", report_number(step.value)},
         {"left_out", report_number(step.left_out)},
         {"gain_interval", {report_number(step.left_out_interval.low), report_number(step.left_out_interval.high)}},
         {"closed", report_number(step.closed)},
         {"pages_read", step.pages_read},
         {"cer", report_number(step.cer)},
         {"left_out_cer", report_number(step.left_out_cer)}});
  }
  return {{"method", portfolio.method == PortfolioMethod::greedy ? "greedy" : "highest"},
          {"pages", portfolio.pages},
          {"candidates", portfolio.candidates},
          {"steps", std::move(steps)},
          {"untouched", report_number(portfolio.untouched)},
          {"optimum", report_number(portfolio.optimum)},
          {"untouched_cer", report_number(portfolio.untouched_cer)},
          {"optimum_cer", report_number(portfolio.optimum_cer)},
          {"recommended", portfolio.recommended}};
}

ReportJson agreement_json(const std::vector<ScoreAgreement>& agreement) {
  ReportJson rows = ReportJson::array();
  for (const ScoreAgreement& one : agreement) {
    rows.push_back({{"score", to_string(one.score)},
                    {"by", to_string(one.by)},
                    {"within_page", report_number(one.within_page)},
                    {"over_set", report_number(one.over_set)},
                    {"chosen", report_number(one.chosen)},
                    {"best", report_number(one.best)},
                    {"chosen_per_page", report_number(one.chosen_per_page)},
                    {"best_per_page", report_number(one.best_per_page)}});
  }
  return rows;
}

ReportJson gain_json(const GainAnalysis& gain) {
  ReportJson left_out = ReportJson::array();
  for (const LeftOutChoice& choice : gain.left_out) {
    left_out.push_back(
        {{"page", choice.page.value}, {"winner", choice.winner.value}, {"gain", report_number(choice.gain)}});
  }
  return {{"best", gain.best.value},
          {"pages", gain.pages},
          {"gain", estimate(gain.gain)},
          {"better", report_number(gain.pages_better)},
          {"worse", report_number(gain.pages_worse)},
          {"left_out", std::move(left_out)},
          {"left_out_gain", estimate(gain.left_out_gain)},
          {"same_winner", report_number(gain.same_winner)},
          {"sure", gain.sure()}};
}

std::string interval_text(const Interval& interval) {
  return fmt::format("{:+.4f} to {:+.4f}", interval.low, interval.high);
}

std::string gain_sentence(const ScreeningResults& results, const GainAnalysis& gain) {
  const auto pages = [&](double share) { return std::lround(share * gain.pages); };
  const std::string& name = results.ranking.objective.name;
  // Of a rate of errors people want to hear that it falls.
  const bool falls = (name == "cer" || name == "wer") && gain.gain.value > 0;
  const std::string change = falls ? fmt::format("lowers {} by {:.4f}", name, gain.gain.value)
                                   : fmt::format("gains {:+.4f} in {}", gain.gain.value, name);
  return fmt::format(
      "Over {} page{} it {} against the untouched pages (95 % interval {}); {} of them read better, {} worse.",
      gain.pages, gain.pages == 1 ? "" : "s", change, interval_text(gain.gain.interval), pages(gain.pages_better),
      pages(gain.pages_worse));
}

std::string certainty_sentence(const GainAnalysis& gain, Verdict verdict) {
  if (verdict == Verdict::no_gain || verdict == Verdict::one_page || !gain.left_out_gain) {
    return "With so few pages nobody can say how sure this is.";
  }
  std::string text = verdict == Verdict::sure ? "This is sure: " : "This is not sure: ";
  if (gain.best != baseline_point && gain.gain.interval.low <= 0) {
    text += "the interval reaches zero, and chosen without the page it is judged on, a setting gains ";
  } else {
    text += "chosen without the page it is judged on, a setting still gains ";
  }
  text += fmt::format("{:+.4f} on average ({}); {:.0f} % of those choices are the same.", gain.left_out_gain->value,
                      interval_text(gain.left_out_gain->interval), 100 * gain.same_winner);
  return text;
}

}  // namespace

ReportJson report_verdict(const ScreeningResults& results, const Analysis& analysis) {
  const PointScores* best = results.ranking.best();
  const Verdict verdict = verdict_of(results.ranking, analysis.gain);
  std::vector<std::string> sentences;
  if (verdict == Verdict::no_best) {
    sentences.push_back("No setting has a result on every page, so there is no best one.");
  } else if (verdict == Verdict::untouched) {
    sentences.push_back(
        fmt::format("Leave the pages as they are: none of the {} settings reads them better.", results.points.size()));
    sentences.push_back(fmt::format("Over {} pages the untouched ones score {:.4f} in {}.", results.table.pages(),
                                    best->objective.value_or(0), results.ranking.objective.name));
    if (analysis.gain.left_out_gain) {
      sentences.push_back(
          fmt::format("{:.0f} % of the choices made without one of the pages agree.", 100 * analysis.gain.same_winner));
    }
  } else {
    sentences.push_back(
        fmt::format("Best setting: point {}, {}.", best->point.value, setting_text(results, best->point)));
    sentences.push_back(gain_sentence(results, analysis.gain));
    sentences.push_back(certainty_sentence(analysis.gain, verdict));
  }
  return {{"sentences", std::move(sentences)}, {"sure", verdict == Verdict::sure}};
}

ReportJson report_analysis(const Analysis& analysis) {
  ReportJson factors = ReportJson::array(), advice = ReportJson::array();
  for (const FactorAnalysis& factor : analysis.factors) factors.push_back(factor_json(factor));
  for (const Advice& one : analysis.advice) {
    advice.push_back({{"kind", to_string(one.kind)}, {"text", one.text}});
  }
  return {{"coverage",
           {{"ranked", analysis.coverage.ranked},
            {"used", analysis.coverage.used},
            {"missing_of_page", analysis.coverage.missing_of_page},
            {"note", analysis.coverage.note}}},
          {"gain", gain_json(analysis.gain)},
          {"factors", std::move(factors)},
          {"dummy", indices(analysis.dummy)},
          {"interactions", interactions_json(analysis.interactions)},
          {"portfolio", portfolio_json(analysis.portfolio)},
          {"agreement", agreement_json(analysis.agreement)},
          {"advice", std::move(advice)}};
}

}  // namespace ocrs
