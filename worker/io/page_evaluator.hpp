// PageEvaluator turns points on a page into results: decodes the page, walks the tree, has final images read, scores.
// Decides what is read once and shared (equal final images of the loaded page) and how each failure is named. Owns no
// socket: what it starts and finishes goes to a function. One thread; results do not depend on batch shape or order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"
#include "common/core/text_scores.hpp"
#include "common/io/memory_file.hpp"
#include "worker/io/ocr_batch.hpp"
#include "worker/pipeline/image_hash.hpp"
#include "worker/pipeline/page_tree.hpp"

namespace ocrs {

class PageEvaluator {
 public:
  /// Takes Started and Evaluated reports at once; what it throws ends evaluate() and passes through.
  using Reporter = std::function<void(EvaluatorReport)>;

  PageEvaluator(ScreeningSpec screening, OcrEngineFactory engines, Reporter report);
  ~PageEvaluator();

  /// Forgets the loaded page and everything read of it.
  void unload() { page_.reset(); }
  /// In place of the former page. Decodes nothing yet. The Error: no such page in the screening.
  [[nodiscard]] Result<void> load(PageIndex page, MemoryView file, std::string ground_truth);

  /// Reports every evaluation of the command, failed ones too, each exactly once. The Error means that the command
  /// itself makes no sense (another page, points and attempts of different number) and that nothing was reported.
  [[nodiscard]] Result<void> evaluate(const Evaluate& command);

  /// The final image of one point as a small picture; nothing is recognised.
  [[nodiscard]] Previewed preview(const Preview& command);
  /// One point and a document of its final image. With result.failure there are no bytes. The Error as for evaluate().
  struct Rendering {
    EvaluationResult result;
    std::string bytes;
  };
  [[nodiscard]] Result<Rendering> render(const Render& command);

 private:
  /// What one final image gave. With a failure the rest is empty.
  struct ImageReading {
    std::optional<Failure> failure;
    std::string encoded;
    ContentHash hash;
    Scores text;  // its text and word scores; those of images stay 0
  };
  struct LoadedPage {
    PageIndex index;
    MemoryView file;  // until decoded
    std::string ground_truth;
    bool decoded = false;
    std::optional<std::string> unreadable;  // why
    std::optional<Reference> reference;     // when the page's spec has ground truth
    std::unordered_map<ImageHash, ImageReading> readings;
    std::size_t reading_bytes = 0;
  };
  class BatchObserver;
  class RenderObserver;

  [[nodiscard]] const PageSpec& spec_of(PageIndex page) const { return screening_.pages[page.value]; }
  [[nodiscard]] std::optional<Failure> decode(const EvaluationId& first);
  void report_started(const EvaluationId& id, const std::string& node);
  [[nodiscard]] ImageReading read(const cv::Mat& image, const EvaluationId& id, Cost& cost);
  void make_document(const Render& command, const cv::Mat& image, Rendering& rendering);

  ScreeningSpec screening_;
  OcrBatch ocr_;
  Reporter report_;
  PageTree tree_;
  std::optional<LoadedPage> page_;
};

}  // namespace ocrs
