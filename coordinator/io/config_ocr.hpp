// The keys under `ocr` and `limits`, as configurations and best.yaml both have them: what each may hold. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/core/screening_spec.hpp"
#include "coordinator/io/yaml_reader.hpp"

namespace ocrs {

/// Tesseract's codes as eng or fra+eng; nothing after an error.
[[nodiscard]] std::optional<std::string> read_languages(YamlReader& reader, const YamlNode& node,
                                                        const std::string& key);
/// A page segmentation mode that reads text.
[[nodiscard]] std::optional<std::int32_t> read_psm(YamlReader& reader, const YamlNode& node, const std::string& key);
/// oem, width_max and invert of an `ocr` map; what is absent stays.
void read_engine(YamlReader& reader, const YamlNode& node, EngineOptions& engine);
/// The `limits` map; what is absent stays.
void read_limits(YamlReader& reader, const YamlNode& node, EvaluationLimits& limits);

}  // namespace ocrs
