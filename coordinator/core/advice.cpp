#include "coordinator/core/advice.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "coordinator/core/reading_choice.hpp"

namespace ocrs {
namespace {

/// Objectives of the size of a rate need four digits, those of the size of a confidence two.
int digits_for(double scale) { return std::abs(scale) >= 2 ? 2 : 4; }

std::string signed_digits(double value, int digits) { return (value < 0 ? "" : "+") + fixed_digits(value, digits); }

std::string percent(double share) { return fixed_digits(100 * share, 0) + " %"; }

std::string between(const Interval& interval, int digits) {
  return signed_digits(interval.low, digits) + " to " + signed_digits(interval.high, digits);
}

/// "1 page", "12 pages".
std::string pages_text(double count) { return fixed_digits(count, 0) + (std::round(count) == 1 ? " page" : " pages"); }

class Sentences {
 public:
  Sentences(const Analysis& analysis, const PipelineSpec& pipeline)
      : analysis_(analysis), slots_(factor_slots(pipeline)) {
    digits_ = digits_for(analysis.portfolio.optimum);
  }

  std::vector<Advice> take() { return std::move(advice_); }

  void setting() {
    const GainAnalysis& gain = analysis_.gain;
    if (gain.pages == 0) return;
    if (gain.best == baseline_point) {
      add(AdviceKind::setting, "Leave the pages as they are: none of " + std::to_string(analysis_.coverage.ranked) +
                                   " settings reads these pages better on average.");
      return;
    }
    std::string text = "Point " + std::to_string(gain.best.value) + " is best by " + analysis_.objective + ": " +
                       signed_digits(gain.gain.value, digits_) +
                       " against the untouched pages (95 %: " + between(gain.gain.interval, digits_) + "), worse on " +
                       pages_text(gain.pages_worse * gain.pages) + " of " + std::to_string(gain.pages) + "; ";
    if (gain.left_out_gain) {
      text += "chosen without a page and tried on it the gain is " + signed_digits(gain.left_out_gain->value, digits_);
      text += " (" + between(gain.left_out_gain->interval, digits_) + "). ";
    } else {
      text += "one page cannot tell more. ";
    }
    text += gain.sure() ? "Use it." : "That is not sure: on other pages doing nothing may read better.";
    add(AdviceKind::setting, text);
  }

  void portfolio() {
    const PortfolioAnalysis& portfolio = analysis_.portfolio;
    if (portfolio.recommended < 2) return;
    const PortfolioStep& step = portfolio.steps[portfolio.recommended - 1];
    if (step.left_out_interval.low <= 0 || !step.closed) return;
    std::string text =
        std::to_string(portfolio.recommended) + " settings, of which each page keeps the reading with the highest " +
        std::string(to_string(default_keep)) + ", gain " + signed_digits(step.left_out - portfolio.untouched, digits_) +
        " on pages left out (" + between(step.left_out_interval, digits_) + "), " + percent(*step.closed) +
        " of what the best setting of each page would";
    if (step.left_out_cer && portfolio.untouched_cer) {
      text += "; character error rate " + fixed_digits(*portfolio.untouched_cer, 3) + " to " +
              fixed_digits(*step.left_out_cer, 3);
    }
    add(AdviceKind::portfolio, text + ".");
  }

  void factor(std::size_t f) {
    const FactorAnalysis& factor = analysis_.factors[f];
    if (!factor.shown) return;
    const Indices& indices = factor.indices;
    if (factor.matters) {
      std::string text = factor.name + " matters: ";
      if (indices.first_order && indices.first_order->interval.low > factor.noise.first_order) {
        text += "it explains " + percent(indices.first_order->value) + " of the objective's variance by itself (" +
                percent(indices.first_order->interval.low) + " to " + percent(indices.first_order->interval.high) + ")";
      } else {
        text += "PAWN " + fixed_digits(indices.pawn->value, 2) + " (" + fixed_digits(indices.pawn->interval.low, 2) +
                " to " + fixed_digits(indices.pawn->interval.high, 2) + ", chance gives " +
                fixed_digits(factor.noise.pawn, 2) + ")";
      }
      add(AdviceKind::matters, text + best_value(factor) + counted(factor) + ".", f);
    } else if (surrogate_speaks() && indices.pawn && indices.pawn->value <= factor.noise.pawn && no_pair(f)) {
      add(AdviceKind::fix,
          factor.name + " can be fixed: PAWN " + fixed_digits(indices.pawn->value, 2) + " is what chance gives (" +
              fixed_digits(factor.noise.pawn, 2) + ")" + counted(factor) + ".",
          f);
    }
    if (factor.matters && factor.edge != 0) move_range(f);
  }

  void interactions() {
    if (!surrogate_speaks()) return;
    std::size_t told = 0;
    for (const Interaction& pair : analysis_.interactions.pairs) {
      if (pair.strength < pair_worth_telling || told++ == 3) break;
      add(AdviceKind::interaction, analysis_.factors[pair.a].name + " and " + analysis_.factors[pair.b].name +
                                       " act together: " + percent(pair.strength) +
                                       " of the variance is theirs only as a pair (surrogate, Q2 " +
                                       fixed_digits(*analysis_.interactions.q2, 2) + "); choose them together.");
    }
  }

  void more(const std::optional<Estimate>& last_doubling) {
    if (last_doubling && last_doubling->interval.low > 0) {
      add(AdviceKind::more_points, "The second half of the points raised the gain on pages left out by " +
                                       signed_digits(last_doubling->value, digits_) + " (" +
                                       between(last_doubling->interval, digits_) +
                                       "): doubling the design again is likely to help.");
    }
    const GainAnalysis& gain = analysis_.gain;
    if (gain.pages >= 3 && gain.best != baseline_point && gain.gain.value > 0 && gain.gain.interval.covers_zero()) {
      // The interval shrinks with the square root of the number of pages.
      const double half = (gain.gain.interval.high - gain.gain.interval.low) / 2;
      const double needed = std::ceil(gain.pages * std::pow(half / gain.gain.value, 2)) + 1;
      if (needed <= 1000) {
        add(AdviceKind::more_pages, "If the gain is what it looks like (" + signed_digits(gain.gain.value, digits_) +
                                        "), about " + pages_text(needed) + " would show it; there are " +
                                        std::to_string(gain.pages) + ".");
      }
    }
  }

 private:
  static constexpr double pair_worth_telling = 0.02;

  void add(AdviceKind kind, std::string text, std::optional<std::size_t> factor = std::nullopt) {
    advice_.push_back({kind, factor, std::move(text)});
  }

  [[nodiscard]] bool surrogate_speaks() const {
    return analysis_.interactions.q2 && *analysis_.interactions.q2 >= q2_min;
  }

  [[nodiscard]] bool no_pair(std::size_t f) const {
    return std::none_of(
        analysis_.interactions.pairs.begin(), analysis_.interactions.pairs.end(),
        [&](const auto& pair) { return (pair.a == f || pair.b == f) && pair.strength >= pair_worth_telling; });
  }

  /// ", best at …" for what the curve or the groups show.
  [[nodiscard]] std::string best_value(const FactorAnalysis& factor) const {
    const auto lower = [](const auto& a, const auto& b) { return a.mean.value < b.mean.value; };
    if (!factor.groups.empty()) {
      const auto& best = *std::max_element(factor.groups.begin(), factor.groups.end(), lower);
      return ", best with " + best.option + " (mean " + fixed_digits(best.mean.value, digits_) + ")";
    }
    if (factor.curve.empty()) return "";
    const auto& best = *std::max_element(factor.curve.begin(), factor.curve.end(), lower);
    return ", best around " + number(best.middle) + " (mean " + fixed_digits(best.mean.value, digits_) + ")";
  }

  [[nodiscard]] static std::string counted(const FactorAnalysis& factor) {
    return factor.conditional ? "; over the " + std::to_string(factor.active) + " points where it counts" : "";
  }

  /// Three significant digits are enough for a place on a curve.
  [[nodiscard]] static std::string number(double value) {
    const double size = std::abs(value);
    return fixed_digits(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  }

  void move_range(std::size_t f) {
    const FactorAnalysis& factor = analysis_.factors[f];
    const Factor& definition = *slots_[factor.slot].factor;
    if (definition.kind == FactorKind::levels || definition.kind == FactorKind::choice) return;
    const double end = factor.edge > 0 ? definition.high : definition.low;
    const FactorDomain domain = factor_domain(definition.name);
    if (factor.edge > 0 ? end >= domain.high : end <= domain.low) return;  // there is nothing beyond
    const CurvePiece& outer = factor.edge > 0 ? factor.curve.back() : factor.curve.front();
    add(AdviceKind::move_range,
        "Move the range of " + factor.name + ": the objective still rises towards " +
            (factor.edge > 0 ? "the high end" : "the low end") + " (" + number(end) + "; mean " +
            fixed_digits(outer.mean.value, digits_) + " there)" + counted(factor) + ".",
        f);
  }

  const Analysis& analysis_;
  std::vector<FactorSlot> slots_;
  int digits_ = 4;
  std::vector<Advice> advice_;
};

}  // namespace

std::string_view to_string(AdviceKind kind) {
  static constexpr std::array<std::string_view, 8> names = {"setting",    "portfolio",   "matters",     "fix",
                                                            "move_range", "interaction", "more_points", "more_pages"};
  return names[static_cast<std::size_t>(kind)];
}

std::string fixed_digits(double value, int digits) {
  char text[64];
  if (!std::isfinite(value) || std::abs(value) >= 1e30) return shortest(value);
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed, digits);
  std::string number(text, end.ptr);
  // "-0.00" says nothing that "0.00" does not.
  if (number.front() == '-' && number.find_first_not_of("-0.") == std::string::npos) number.erase(0, 1);
  return number;
}

std::vector<Advice> advice_of(const Analysis& analysis, const PipelineSpec& pipeline,
                              const std::optional<Estimate>& last_doubling) {
  Sentences sentences(analysis, pipeline);
  sentences.setting();
  sentences.portfolio();
  for (std::size_t f = 0; f < analysis.factors.size(); ++f) sentences.factor(f);
  sentences.interactions();
  sentences.more(last_doubling);
  return sentences.take();
}

}  // namespace ocrs
