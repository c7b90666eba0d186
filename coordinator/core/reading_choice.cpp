#include "coordinator/core/reading_choice.hpp"

#include "coordinator/core/score_table.hpp"

namespace ocrs {

double kept_yield(KeepRule rule, double confidence, double characters, double median_characters) {
  const double share = rule == KeepRule::tolerant_yield ? tolerated_share : 1;
  return text_yield(confidence, characters, share * median_characters);
}

std::optional<ReadingChoice> choose_reading(const std::vector<std::optional<CandidateReading>>& readings,
                                            KeepRule rule) {
  std::vector<double> characters;
  for (const auto& reading : readings) {
    if (reading) characters.push_back(reading->characters);
  }
  const double usual = median(std::move(characters));
  std::optional<ReadingChoice> best;
  double most = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (!readings[i]) continue;
    const double value = kept_yield(rule, readings[i]->confidence, readings[i]->characters, usual);
    if (best && value <= most) continue;
    most = value;
    best = ReadingChoice{i, text_yield(readings[i]->confidence, readings[i]->characters, usual)};
  }
  return best;
}

}  // namespace ocrs
