// The stages that exist and their factors, as data: names, kinds, default ranges, units, and which choice switches
// what. Owns no image code: the functions behind the stages live in worker/pipeline, found by StageSpec::id.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/factor.hpp"

namespace ocrs {

/// A factor of a stage and the options of the stage's choice under which it counts; empty = whenever the stage runs.
struct StageFactor {
  Factor factor;
  std::vector<std::string> when;
  bool operator==(const StageFactor&) const = default;
};

struct StageSpec {
  std::string id;                // key of the registry, unique over all pipelines: "standard.denoise", "open.denoise"
  std::string name;              // as shown and as written in a config's stage list: "denoise"
  std::optional<Factor> choice;  // kind choice, option "off" = the stage does nothing
  std::vector<StageFactor> factors;  // in table order
  bool operator==(const StageSpec&) const = default;
};

struct PipelineSpec {
  std::string name;  // "open", "standard", "high_fidelity", or "custom" for a config's own list
  std::vector<StageSpec> stages;
  int default_width_max = 0;  // px; 0 = off
  bool operator==(const PipelineSpec&) const = default;
};

/// The pipelines of DESIGN §3: "standard", "high_fidelity", "open".
[[nodiscard]] const std::vector<PipelineSpec>& known_pipelines();
/// nullptr when there is none of that name.
[[nodiscard]] const PipelineSpec* find_pipeline(std::string_view name);
/// A stage by id ("standard.denoise"), or by bare name: open's first, then standard's, then high_fidelity's.
[[nodiscard]] const StageSpec* find_stage(std::string_view id_or_name);

/// Every factor of a pipeline in the order of the point's values, of the CSV and of the Sobol dimensions:
/// all choices first in stage order, then the other factors in table order (fixed ones included in place).
struct FactorSlot {
  std::size_t stage = 0;                           // index into PipelineSpec::stages
  const Factor* factor = nullptr;                  // into the spec that was passed; valid while it lives
  const std::vector<std::string>* when = nullptr;  // nullptr for the choice itself
};
[[nodiscard]] std::vector<FactorSlot> factor_slots(const PipelineSpec& pipeline);

/// The values the stages can work with, whatever a configuration asks for: closed, before any scaling by resolution.
struct FactorDomain {
  double low = 0, high = 0;
  bool whole = false;  // only whole numbers
};
/// Of a factor that is no choice, by its name.
[[nodiscard]] FactorDomain factor_domain(std::string_view factor_name);

}  // namespace ocrs
