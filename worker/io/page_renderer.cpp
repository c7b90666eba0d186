// PageEvaluator::render: one point, its final image, and the document of it that was asked for.
#include <chrono>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <utility>
#include <vector>

#include "common/core/codec.hpp"
#include "common/io/hash.hpp"
#include "worker/io/page_evaluator.hpp"

namespace ocrs {
namespace {

Failure failure_of(FailureKind kind, std::string node, std::string text) {
  return {kind, std::move(node), std::move(text), {}};
}

}  // namespace

class PageEvaluator::RenderObserver final : public TreeObserver {
 public:
  RenderObserver(PageEvaluator& evaluator, EvaluationId id) : evaluator_(evaluator), id_(id) {}

  void started(std::size_t, const std::string& node) override { evaluator_.report_started(id_, node); }
  void leaf(const TreeLeaf& leaf) override {
    failure = leaf.failure;
    image = leaf.image;
    scores = leaf.scores;
    for (const StageRun& run : leaf.runs) {
      cost.stages_run.push_back(run.stage);
      cost.stage_ms.push_back(run.elapsed_ms);
    }
  }

  std::optional<Failure> failure;
  cv::Mat image;
  ImageScores scores;
  Cost cost;

 private:
  PageEvaluator& evaluator_;
  EvaluationId id_;
};

/// Fills the rendering's bytes, and for a format that is read its text scores; or its failure.
void PageEvaluator::make_document(const Render& command, const cv::Mat& image, Rendering& rendering) {
  EvaluationResult& result = rendering.result;
  const PageSpec& spec = spec_of(page_->index);
  if (command.format == DocumentFormat::png) {
    report_started(result.id, "png");
    std::vector<std::uint8_t> bytes;
    if (!cv::imencode(".png", image, bytes)) {
      result.failure = failure_of(FailureKind::stage_error, "png", "the image could not be written as PNG");
      return;
    }
    rendering.bytes.assign(bytes.begin(), bytes.end());
    return;
  }
  report_started(result.id, "recognise");
  const EngineKey key{spec.languages, spec.psm};
  if (Result<void> ready = ocr_.prepare(key); !ready) {
    result.failure = failure_of(FailureKind::engine, "recognise", ready.error().text);
    return;
  }
  // The image may be smaller or larger than the page, on the same sheet of paper.
  const double dpi = spec.width > 0 ? spec.dpi * image.cols / spec.width : spec.dpi;
  Result<Document> document = ocr_.document(image, key, {command.format, command.title, dpi});
  if (!document.ok()) {
    result.failure = failure_of(FailureKind::stage_error, "recognise", document.error().text);
    return;
  }
  report_started(result.id, "score");
  score_reading(document->reading, page_->reference ? &*page_->reference : nullptr, result.scores);
  result.reading = hash_bytes(encode(document->reading));
  rendering.bytes = std::move(document->bytes);
}

Result<PageEvaluator::Rendering> PageEvaluator::render(const Render& command) {
  if (!page_ || page_->index != command.page) {
    return Error{"a document of page " + std::to_string(command.page.value) + ", which is not loaded"};
  }
  const auto begin = std::chrono::steady_clock::now();
  Rendering rendering;
  EvaluationResult& result = rendering.result;
  result.id = {command.page, command.point.index};
  result.attempt = Attempt{1};
  result.backend = "cpu";
  result.failure = decode(result.id);
  if (result.failure) return rendering;
  RenderObserver observer(*this, result.id);
  try {
    tree_.evaluate({command.point}, observer);
    result.failure = observer.failure;
    result.cost = observer.cost;
    result.scores.sharpness = observer.scores.sharpness;
    result.scores.contrast = observer.scores.contrast;
    result.scores.cnr = observer.scores.cnr;
    if (!result.failure) make_document(command, observer.image, rendering);
  } catch (const std::bad_alloc&) {
    result.failure = failure_of(FailureKind::memory, "document", "not enough memory to make the document");
  } catch (const cv::Exception& error) {
    result.failure = failure_of(FailureKind::crashed, "document", std::string("OpenCV: ") + error.what());
  }
  if (result.failure) rendering.bytes.clear();
  result.cost.recognised = !result.failure && command.format != DocumentFormat::png;
  result.cost.elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return rendering;
}

}  // namespace ocrs
