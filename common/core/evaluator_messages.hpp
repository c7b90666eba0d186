// Messages between an agent (or the coordinator) and an evaluator child, over frames on a socketpair.
// A command that names a page's bytes carries them beside it as a read-only memory file descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/ids.hpp"
#include "common/core/messages.hpp"
#include "common/core/screening_spec.hpp"

namespace ocrs {

// ---- commands ----

/// First command for evaluating: the screening, and the folder that holds its models as LANG.traineddata.
struct Prepare {
  ScreeningSpec screening;
  std::string tessdata;
  bool operator==(const Prepare&) const = default;
};

/// The page to work on from now on; its file's bytes come as the frame's descriptor. Drops the former page's path.
struct LoadPage {
  PageIndex page;
  std::string ground_truth;  // UTF-8 text, used when the page's spec names a ground truth
  bool operator==(const LoadPage&) const = default;
};

/// Evaluate these points on the loaded page; results stream back, then EvaluateDone.
struct Evaluate {
  BatchId batch;
  PageIndex page;
  std::vector<Point> points;
  std::vector<Attempt> attempts;
  bool operator==(const Evaluate&) const = default;
};

/// What `ocrscreen apply` makes of a page.
enum class DocumentFormat : std::uint8_t { png, txt, hocr, alto, pdf };

/// Evaluate one point on the loaded page and make a document of it. Answered by Rendered.
struct Render {
  PageIndex page;
  Point point;
  DocumentFormat format = DocumentFormat::png;  // png: the final image; nothing is recognised
  std::string title;                            // the page's name, as the document shows it
  bool operator==(const Render&) const = default;
};

/// Decode the image that comes as the frame's descriptor and say what it is; needs no Prepare.
struct DescribePage {
  std::string name;  // for error texts
  std::uint64_t max_pixels = 0;
  bool operator==(const DescribePage&) const = default;
};

/// Load these languages from a tessdata folder for an engine mode and say which came; needs no Prepare.
struct CheckModels {
  std::string tessdata;
  std::vector<std::string> languages;  // "fra+eng" forms
  std::int32_t oem = 1;
  bool operator==(const CheckModels&) const = default;
};

/// Show the loaded page through a point's stages as a small picture; nothing is recognised. Answered by Previewed.
struct Preview {
  PageIndex page;
  Point point;
  std::uint32_t width_max = 0;  // px, > 0
  bool operator==(const Preview&) const = default;
};

struct Quit {
  bool operator==(const Quit&) const = default;
};

using EvaluatorCommand = std::variant<Prepare, LoadPage, Evaluate, DescribePage, CheckModels, Quit, Preview, Render>;

// ---- reports ----

/// The evaluator is up (first report).
struct Ready {
  EngineVersions engine;
  bool operator==(const Ready&) const = default;
};

/// About to run a tree node for this evaluation (the first of those that share it). What dies now dies of this.
struct Started {
  EvaluationId evaluation;
  std::string node;  // "decode", "<stage>(<canonical params>)", "recognise", "score"
  bool operator==(const Started&) const = default;
};

struct Evaluated {
  BatchId batch;
  EvaluationResult result;
  std::string reading;  // encoded Reading; empty when failed
  bool operator==(const Evaluated&) const = default;
};

struct EvaluateDone {
  BatchId batch;
  std::uint64_t resident_bytes = 0;  // of the evaluator now
  std::uint64_t peak_bytes = 0;
  bool operator==(const EvaluateDone&) const = default;
};

/// The answer to Render; the document's bytes come as the frame's descriptor unless it failed.
struct Rendered {
  EvaluationResult result;  // of the attempt 1; for png without text and word scores
  bool operator==(const Rendered&) const = default;
};

struct PageFrame {
  std::uint32_t width = 0, height = 0;  // px after orientation
  double dpi = 0;
  std::string dpi_source;  // "tag" or "estimated"
  double brightness = 0;   // mean grey level 0-255
  double noise = 0;        // estimated standard deviation of noise, grey levels
  bool operator==(const PageFrame&) const = default;
};

struct PageDescription {
  std::string error;              // one sentence; empty = readable
  std::vector<PageFrame> frames;  // one, or one per page of a multi-page TIFF
  bool operator==(const PageDescription&) const = default;
};

struct ModelsChecked {
  std::string error;  // one sentence; empty = all load
  bool operator==(const ModelsChecked&) const = default;
};

struct Previewed {
  std::string error;  // one sentence; empty = there is a picture
  std::string image;  // WebP
  bool operator==(const Previewed&) const = default;
};

/// A command could not be carried out for a reason that is not a single evaluation's.
struct Problem {
  std::string text;
  bool fatal = false;  // the evaluator ends after this
  bool operator==(const Problem&) const = default;
};

using EvaluatorReport =
    std::variant<Ready, Started, Evaluated, EvaluateDone, PageDescription, ModelsChecked, Problem, Previewed, Rendered>;

}  // namespace ocrs
