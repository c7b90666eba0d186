// What a journal knows of its screening beside the results: enough for every file and verb to be answered from the
// journal alone, without configuration and pages. Its JSON form is the journal's, not an interface for others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/messages.hpp"
#include "common/core/result.hpp"
#include "coordinator/core/screening.hpp"

namespace ocrs {

struct ScreeningRecord {
  ContentHash run;              // hash of identity
  std::string identity;         // identity_text(screening)
  Screening screening;          // design.points = how many the journal is to fill
  EngineVersions engine;        // of the evaluators that read the pages; empty = not known yet
  std::string program;          // version of the program that made the journal
  std::int64_t created_ms = 0;  // wall clock, ms since 1970
};

/// The record of a screening that starts now, with this program.
[[nodiscard]] ScreeningRecord new_record(Screening screening, EngineVersions engine, std::int64_t created_ms);

/// One sentence per difference between two identity texts ("differs: factor.bin_c: float 10..25 here, float 10..20 in
/// DIR"), pages in words; empty when they are equal. `folder` names DIR.
[[nodiscard]] std::vector<std::string> identity_differences(std::string_view here, std::string_view there,
                                                            const std::string& folder);

/// Everything of a screening but its pages and its config text.
[[nodiscard]] std::string settings_to_json(const Screening& screening);
[[nodiscard]] Result<Screening> settings_from_json(std::string_view json);

[[nodiscard]] std::string engine_to_json(const EngineVersions& engine);
[[nodiscard]] Result<EngineVersions> engine_from_json(std::string_view json);

}  // namespace ocrs
