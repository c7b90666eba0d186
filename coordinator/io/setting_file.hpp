// Reads best.yaml and portfolio.yaml: the settings that `ocrscreen apply` puts to use. Decides what each key may hold;
// whatever is wrong is told in one StartupError, a line for each: "FILE:LINE: key 'factors.bin_c': …". Knows no pages.
// One thread.
//
// A portfolio has a list `settings` of what a best.yaml holds at the top; pipeline, ocr, limits and units may stand
// above it for all of them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/messages.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/reading_choice.hpp"

namespace ocrs {

struct Setting {
  Point point;  // one value per factor, none for the untouched page (index -1)
  std::vector<std::string> stages;
  std::vector<FactorRef> factors;
  std::string languages = "eng";
  std::int32_t psm = 6;
  EngineOptions engine;
  EvaluationLimits limits;
  bool operator==(const Setting&) const = default;
};

inline constexpr std::size_t settings_max = 64;

struct SettingFile {
  std::filesystem::path path;
  std::vector<Setting> settings;              // at least one; a portfolio's in its order
  KeepRule keep = KeepRule::text_yield;       // of a portfolio; a file without the key is an older one
  std::optional<EngineVersions> engine;       // with which the screening was made
  std::map<std::string, std::string> models;  // language -> hash of its file, hexadecimal
};

[[nodiscard]] SettingFile read_setting_file(const std::filesystem::path& path);
/// The same from text; `path` is only for error texts.
[[nodiscard]] SettingFile parse_setting_file(const std::string& text, const std::filesystem::path& path);

}  // namespace ocrs
