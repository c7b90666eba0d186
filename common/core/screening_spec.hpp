// What an evaluator must know to evaluate any point of a screening on any of its pages, and nothing else: no file
// names, no design, no network. Sent whole to every worker; equal specs give equal scores on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/factor.hpp"
#include "common/core/ids.hpp"

namespace ocrs {

/// Changes whenever a score's definition or its computation changes; part of the run id and the manifest.
inline constexpr std::uint32_t score_version = 1;

/// Which differences between reading and ground truth are ignored; applies to both sides.
struct Folding {
  bool letter_case = false;
  bool quotes = false;
  bool dashes = false;
  bool operator==(const Folding&) const = default;
};

/// One distinct page: where its bytes are found (by hash) and how it is read.
struct PageSpec {
  ContentHash file;               // of the whole image file
  std::uint32_t frame = 0;        // 0-based frame of a multi-page TIFF
  std::string languages = "eng";  // as Tesseract's -l: "fra+eng"
  std::int32_t psm = 6;
  double dpi = 300;                         // resolution for px300 factors only; > 0
  std::uint32_t width = 0;                  // px after orientation
  std::uint32_t height = 0;                 // px after orientation
  std::optional<ContentHash> ground_truth;  // of the gt.txt bytes
  bool operator==(const PageSpec&) const = default;
};

struct FactorRef {
  std::string name;
  FactorUnit unit = FactorUnit::none;
  bool operator==(const FactorRef&) const = default;
};

/// A traineddata file.
struct ModelRef {
  std::string language;
  ContentHash hash;
  std::uint64_t bytes = 0;
  bool operator==(const ModelRef&) const = default;
};

struct EngineOptions {
  std::int32_t oem = 1;
  std::int32_t width_max = 0;  // px, 0 = off
  bool invert = true;
  bool operator==(const EngineOptions&) const = default;
};

struct EvaluationLimits {
  std::uint64_t max_pixels = 200'000'000;  // a page above this is refused from its header
  std::uint32_t components = 200'000;      // connected components of a final image; above = failure of the setting
  std::uint32_t deadline_s = 600;          // wall clock of one stage or recognition before its evaluator is ended
  bool operator==(const EvaluationLimits&) const = default;
};

struct ScreeningSpec {
  ContentHash run;                  // the run id
  std::vector<std::string> stages;  // StageSpec ids in order
  std::vector<FactorRef> factors;   // order of every point's values
  EngineOptions engine;
  EvaluationLimits limits;
  Folding folding;
  std::uint32_t scores = score_version;
  std::vector<ModelRef> models;
  std::vector<PageSpec> pages;  // PageIndex is the position here
  bool operator==(const ScreeningSpec&) const = default;
};

/// One point as it travels: its Sobol index and one value per ScreeningSpec::factors (empty for the baseline).
struct Point {
  PointIndex index;
  std::vector<FactorValue> values;
  bool operator==(const Point&) const = default;
};

}  // namespace ocrs
