// What an evaluation gives: scores or a failure, what it cost, and the reading behind the scores.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/ids.hpp"

namespace ocrs {

/// DESIGN §4. Text scores need ground truth; cnr is empty when the image has one grey level.
struct Scores {
  double confidence = 0;  // 0-100
  std::uint32_t words = 0;
  std::uint32_t characters = 0;
  double lexicon = 0;  // 0-1
  double sharpness = 0;
  double contrast = 0;
  std::optional<double> cnr;
  std::optional<double> cer;  // >= 0, uncapped
  std::optional<double> wer;
  std::optional<double> word_recall;  // 0-1
  bool operator==(const Scores&) const = default;
};

enum class FailureKind : std::uint8_t {
  components,       // more connected components than the limit: the setting's fault, final at once
  stage_error,      // a stage refused its input or threw: the setting's fault, final at once
  crashed,          // the evaluator died of a signal
  memory,           // the evaluator ran out of its memory limit
  deadline,         // a stage or recognition passed the wall-clock limit
  page_unreadable,  // the page could not be decoded: the page's fault
  engine,           // Tesseract could not be started or a model is missing: the host's fault
};
[[nodiscard]] std::string_view to_string(FailureKind kind);

/// Final at once, without a second try: the same input gives the same failure everywhere.
[[nodiscard]] constexpr bool is_deterministic(FailureKind kind) {
  return kind == FailureKind::components || kind == FailureKind::stage_error;
}

struct Failure {
  FailureKind kind = FailureKind::crashed;
  std::string node;         // the started tree node: "decode", "<stage name>(<canonical params>)", "recognise"
  std::string text;         // one sentence: limit, signal, exception text
  std::string stderr_tail;  // last lines the evaluator printed, at most 2 KiB
  bool operator==(const Failure&) const = default;
};

/// What was really run for an evaluation (shared prefixes and merged readings cost nothing here).
struct Cost {
  std::vector<std::uint32_t> stages_run;  // indices into ScreeningSpec::stages
  std::vector<double> stage_ms;           // per stages_run
  double recognise_ms = 0;                // 0 when the reading was shared
  bool recognised = false;                // this evaluation ran its own recognition
  double elapsed_ms = 0;                  // all of it, scoring included
  bool operator==(const Cost&) const = default;
};

struct EvaluationResult {
  EvaluationId id;
  Attempt attempt;
  std::optional<Failure> failure;  // set = failed, scores are then meaningless
  Scores scores;
  Cost cost;
  ContentHash reading;  // of the encoded Reading; all zero when failed
  std::string backend;  // "cpu" or the device that ran stages
  bool operator==(const EvaluationResult&) const = default;
};

/// A word box in pixels of the final image (origin top left, right and bottom exclusive).
struct ReadWord {
  std::string text;  // UTF-8 as Tesseract gave it
  double confidence = 0;
  std::int32_t left = 0, top = 0, right = 0, bottom = 0;
  bool in_lexicon = false;  // IsValidWord after trimming punctuation
  bool operator==(const ReadWord&) const = default;
};

/// One reading of one final image: enough to compute every text score again without OCR.
struct Reading {
  std::string text;  // the whole page, lines separated by newlines
  std::vector<ReadWord> words;
  bool operator==(const Reading&) const = default;
};

}  // namespace ocrs
