// PageEvaluator::preview: one point's final image, made small enough for a report.
#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "worker/io/page_evaluator.hpp"

namespace ocrs {
namespace {

constexpr int webp_quality = 60;
/// Of a strip as long as a receipt: more is cut off at the end.
constexpr int height_max_per_width = 4;

/// Keeps the one leaf of a walk with one point.
class OneLeaf final : public TreeObserver {
 public:
  explicit OneLeaf(std::function<void(const std::string&)> started) : started_(std::move(started)) {}
  void started(std::size_t, const std::string& node) override { started_(node); }
  void leaf(const TreeLeaf& leaf) override {
    failure = leaf.failure;
    image = leaf.image;
  }
  std::optional<Failure> failure;
  cv::Mat image;

 private:
  std::function<void(const std::string&)> started_;
};

std::string small_picture(const cv::Mat& image, int width_max) {
  cv::Mat part = image.rowRange(0, std::min(image.rows, height_max_per_width * image.cols));
  if (part.cols > width_max) {
    const int height = std::max(1, static_cast<int>(std::lround(double(part.rows) * width_max / part.cols)));
    cv::Mat smaller;
    cv::resize(part, smaller, {width_max, height}, 0, 0, cv::INTER_AREA);
    part = smaller;
  }
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".webp", part, bytes, {cv::IMWRITE_WEBP_QUALITY, webp_quality})) return {};
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Previewed PageEvaluator::preview(const Preview& command) {
  constexpr std::uint32_t width_limit = 16'000;  // of the format
  if (!page_ || page_->index != command.page) {
    return {"a preview of page " + std::to_string(command.page.value) + ", which is not loaded", {}};
  }
  if (command.width_max == 0) return {"a preview without a width", {}};
  const EvaluationId id{command.page, command.point.index};
  try {
    if (const std::optional<Failure> failure = decode(id)) return {failure->text, {}};
    OneLeaf observer([&](const std::string& node) { report_started(id, node); });
    tree_.evaluate({command.point}, observer);
    if (observer.failure) return {observer.failure->node + ": " + observer.failure->text, {}};
    std::string picture = small_picture(observer.image, static_cast<int>(std::min(command.width_max, width_limit)));
    if (picture.empty()) return {"the picture could not be encoded", {}};
    return {{}, std::move(picture)};
  } catch (const std::bad_alloc&) {
    return {"not enough memory for a preview", {}};
  } catch (const cv::Exception& error) {
    return {"OpenCV: " + error.err, {}};
  }
}

}  // namespace ocrs
