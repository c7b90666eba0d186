// Evaluates the stages of many points on one page so that what points share is computed once (DESIGN §3 "Evaluating a
// batch"). Decides which stage runs on which image; hands each final image to an observer and keeps no reading, knows
// no OCR, file or clock (elapsed time comes from the function it is given). One thread; results are the same whatever
// points come together, in whatever order. PIPELINE.md describes the walk.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/ids.hpp"
#include "common/core/screening_spec.hpp"
#include "worker/pipeline/image_hash.hpp"
#include "worker/pipeline/image_scores.hpp"

namespace ocrs {

class StageRegistry;

/// Monotonic time from any origin; only differences are used.
using StageClock = std::function<std::chrono::nanoseconds()>;

/// A stage that was really run.
struct StageRun {
  std::uint32_t stage = 0;  // index into ScreeningSpec::stages
  double elapsed_ms = 0;
  bool operator==(const StageRun&) const = default;
};

/// One final image, or one failure, and the points it is for. Every position passed to evaluate() comes in exactly one
/// leaf of that call.
///
/// Points whose stage output is equal come in one leaf. Two leaves of a call may still have the same image_hash (when
/// equal images were reached by different ways at different times, or width_max made them equal): all but the first
/// have `repeated` set and then an empty image. So whoever observes keeps what it read per image_hash, at least until
/// evaluate() returns; keeping it for the page also spares recognitions between calls.
struct TreeLeaf {
  std::vector<std::size_t> points;  // positions in the list passed to evaluate(), ascending; the first is the owner
  cv::Mat image;               // 8-bit, 1 channel, after width_max; empty when failed or repeated. Read only: it may
                               // be the page itself or an image that later leaves start from
  ImageHash image_hash;        // of the final image; meaningless when failed
  bool repeated = false;       // a leaf of this call with this image_hash came before
  ImageScores scores;          // of the last stage's output before width_max
  std::vector<StageRun> runs;  // stages run since the previous leaf for this one's sake, failed one included
  std::optional<Failure> failure;  // stage_error, components or memory, with the node; stderr_tail left empty
};

class TreeObserver {
 public:
  virtual ~TreeObserver() = default;
  /// A stage is about to run; `first_point` is the smallest position among the points it is for.
  virtual void started(std::size_t first_point, const std::string& node) = 0;
  /// May take as long as it likes (recognition belongs here) and may throw: evaluate() then ends at once and the tree
  /// stays usable.
  virtual void leaf(const TreeLeaf& leaf) = 0;
};

/// The path from the page to the image last worked on stays alive (one image per stage) until another page is loaded,
/// so that batches that share a prefix do not compute it again.
class PageTree {
 public:
  /// An id in spec.stages that the registry does not have fails every point but the baseline.
  PageTree(const ScreeningSpec& spec, StageClock clock);
  PageTree(const ScreeningSpec& spec, StageClock clock, const StageRegistry& registry);
  ~PageTree();
  PageTree(PageTree&&) noexcept;
  PageTree& operator=(PageTree&&) noexcept;

  /// Drops the former page with its path. `grey`: 8-bit, 1 channel, not empty; kept by reference, never written.
  void load_page(PageIndex page, cv::Mat grey);

  /// Walks all points; a point without values and index -1 is the baseline: the untouched page through width_max only.
  /// Needs a loaded page. Failures of single points are leaves, never exceptions.
  void evaluate(const std::vector<Point>& points, TreeObserver& observer);

 private:
  class Walk;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ocrs
