// The `pipeline` and `factors` keys of a configuration: which stages run, and what replaces the pipeline's defaults.
// A factor keeps what its entry does not mention: its kind when only a range is given, its range when only a kind, step
// or unit is, its unit always unless given. One thread.
#pragma once

#include <optional>

#include "common/core/pipeline_spec.hpp"
#include "coordinator/io/yaml_reader.hpp"

namespace ocrs {

/// A known pipeline by name, or one of one's own ("custom") from a list of stages; nothing after an error.
[[nodiscard]] std::optional<PipelineSpec> read_pipeline(YamlReader& reader, const YamlNode& node);

/// Puts the entries of the `factors` map in place of the pipeline's defaults.
void read_factors(YamlReader& reader, const YamlNode& node, PipelineSpec& pipeline);

}  // namespace ocrs
