// Reads screening.yaml. Decides what each key may hold and what is meant where it is absent; finds no pages and no
// models (page_set, models do). Everything that is wrong is told in one StartupError, a line for each:
// "FILE:LINE: key 'design.points': is '1000', expected …". One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/screening.hpp"

namespace ocrs {

/// An entry of `pages`; what is absent is taken from `ocr`, or from the page itself for dpi.
struct PageEntry {
  std::string glob;
  int line = 0;
  std::optional<std::string> languages;
  std::optional<std::int32_t> psm;
  std::optional<double> dpi;
};

struct PagesSample {
  std::uint32_t count = 0;
  std::uint64_t seed = 1;
};

enum class UnreadablePages { stop, skip };

struct ConfigFile {
  std::filesystem::path path;  // as given
  std::string text;            // as read
  std::string title;
  std::vector<PageEntry> pages;
  std::optional<PagesSample> pages_sample;
  UnreadablePages pages_unreadable = UnreadablePages::stop;
  Folding folding;
  PipelineSpec pipeline;  // with the configuration's factors
  DesignSettings design;
  std::string languages = "eng";
  int languages_line = 0;  // 0 = the key is absent
  std::int32_t psm = 6;
  int psm_line = 0;
  EngineOptions engine;
  Objective objective;
  int objective_line = 0;  // 0 = the key is absent
  EvaluationLimits limits;
  ClusterSettings cluster;
};

[[nodiscard]] ConfigFile read_config(const std::filesystem::path& path);
/// The same from text; `path` is only for error texts and relative globs.
[[nodiscard]] ConfigFile parse_config(std::string text, const std::filesystem::path& path);

}  // namespace ocrs
