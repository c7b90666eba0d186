#include "coordinator/core/verdict.hpp"

namespace ocrs {

Verdict verdict_of(const Ranking& ranking, const GainAnalysis& gain) {
  const PointScores* best = ranking.best();
  if (best == nullptr) return Verdict::no_best;
  if (best->point == baseline_point) return Verdict::untouched;
  if (!best->gain || gain.pages == 0) return Verdict::no_gain;
  if (gain.pages < 2) return Verdict::one_page;
  return gain.sure() ? Verdict::sure : Verdict::unsure;
}

std::string_view verdict_clause(Verdict verdict) {
  switch (verdict) {
    case Verdict::no_best:
      return "no setting has a result for every page, so there is no best one yet";
    case Verdict::untouched:
      return "the untouched page reads best: no setting of this screening beats it";
    case Verdict::no_gain:
      return "best of the settings; the untouched pages were not all read, so its gain is not known";
    case Verdict::one_page:
      return "this setting reads the one page better than untouched; whether it holds for others is not known";
    case Verdict::unsure:
      return "nothing beats leaving the pages as they are beyond noise: this setting is the highest, by luck perhaps";
    case Verdict::sure:
      return "this setting reads better than the untouched page";
  }
  return "";
}

}  // namespace ocrs
