#include "coordinator/core/reading_choice.hpp"

#include "coordinator/core/score_table.hpp"

namespace ocrs {

std::optional<ReadingChoice> choose_reading(const std::vector<std::optional<CandidateReading>>& readings) {
  std::vector<double> characters;
  for (const auto& reading : readings) {
    if (reading) characters.push_back(reading->characters);
  }
  const double usual = median(std::move(characters));
  std::optional<ReadingChoice> best;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (!readings[i]) continue;
    const double value = text_yield(readings[i]->confidence, readings[i]->characters, usual);
    if (!best || value > best->text_yield) best = ReadingChoice{i, value};
  }
  return best;
}

}  // namespace ocrs
