// A screening as the coordinator understands it after reading its configuration and its pages: what is run, on what,
// and under which identity. Plain data; made by io/config and io/page_set, used by design, scheduler, journal, exports.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "common/core/screening_spec.hpp"

namespace ocrs {

enum class Scrambling { none, owen };

/// Successive halving over the pages (core/race.hpp).
struct RaceSettings {
  std::uint32_t first_pages = 4;  // on which every point is read, at least 1
  double keep = 0.5;              // share of the points that go on from one stretch of pages to the next, in (0, 1)
  bool operator==(const RaceSettings&) const = default;
};

struct DesignSettings {
  std::uint32_t points = 1024;  // a power of two, 1 to 2^20
  std::uint64_t seed = 42;
  Scrambling scrambling = Scrambling::owen;
  std::optional<RaceSettings> racing;  // decides what is run, not what a point is: no part of the identity
  bool operator==(const DesignSettings&) const = default;
};

struct ClusterSettings {
  double heartbeat_s = 5, suspect_s = 30, lease_s = 900;
  bool operator==(const ClusterSettings&) const = default;
};

/// Weighted sum of scores; "cer" and "wer" enter as 1 - min(x, 1), so that more is better for all.
struct Objective {
  std::map<std::string, double> weights;  // score name -> weight; empty = decided by the pages: cer with ground truth
                                          // on every page, else text_yield
  bool operator==(const Objective&) const = default;
};

/// A distinct page and every name under which it was found.
struct Page {
  PageSpec spec;
  std::vector<std::string> names;  // below the deepest folder common to all pages, "#n" for frames; sorted bytewise
  std::filesystem::path file;      // where its bytes are on this host
  std::filesystem::path ground_truth_file;  // empty = none
  std::string ground_truth;                 // checked text
  std::string dpi_source;                   // "config", "tag" or "estimated"
  double brightness = 0, noise = 0;         // of the whole frame, for the stratified sample
};

struct Screening {
  std::string title;
  PipelineSpec pipeline;  // with the configuration's factors in place of the defaults
  DesignSettings design;
  EngineOptions engine;
  EvaluationLimits limits;
  Folding folding;
  Objective objective;
  ClusterSettings cluster;
  std::vector<ModelRef> models;
  std::filesystem::path tessdata;          // the folder on this host that holds the models as LANG.traineddata
  std::vector<Page> pages;                 // in the order of the smallest name
  std::vector<std::string> skipped_pages;  // unreadable, with the reason, under pages_unreadable: skip
  std::string config_text;                 // the file as read, kept in the journal
};

/// What workers are sent. `run` is filled in by run_id().
[[nodiscard]] ScreeningSpec screening_spec(const Screening& screening, const ContentHash& run);

/// The text that is hashed for the run id: seed, scrambling, direction numbers, factors, pages, pipeline, engine
/// settings, limits, folding, score version; neither the number of points nor title, objective, paths or cluster.
/// One "key: value" line each, so that two runs' texts can be compared line by line to name what differs.
[[nodiscard]] std::string identity_text(const Screening& screening);

}  // namespace ocrs
