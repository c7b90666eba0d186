#include "worker/pipeline/stages/binarise.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <utility>

#include "worker/pipeline/operations.hpp"

namespace ocrs {
namespace {

/// OpenCV compares grey - mean, a whole number within ±255, with -ceil(C): only the ceiling counts, and beyond those
/// bounds nothing changes any more.
CanonicalParams adaptive_params(std::string option, StageValues& values) {
  const double c = std::clamp(std::ceil(values.number("bin_c")), -255.0, 256.0);
  return CanonicalParams(std::move(option))
      .with("block", 2 * std::max(1, values.whole("bin_block")) + 1)
      .with("c", static_cast<int>(c));
}

/// Mean images of the image last thresholded, so that points that differ in C alone share one. Images are never written
/// once they exist, and the reference kept here holds the pixels, so the same pixels are at the same address.
class MeanMemory {
 public:
  cv::Mat mean(const cv::Mat& image, int block) {
    if (image.u == nullptr) return adaptive_mean(image, block);  // pixels that belong to somebody else
    if (image.data != image_.data || image.size() != image_.size() || image.step != image_.step) {
      image_ = image;
      means_.clear();
    }
    for (const auto& [size, mean] : means_) {
      if (size == block) return mean;
    }
    if (means_.size() == means_max) means_.pop_front();
    return means_.emplace_back(block, adaptive_mean(image, block)).second;
  }

 private:
  static constexpr std::size_t means_max = 4;
  cv::Mat image_;
  std::deque<std::pair<int, cv::Mat>> means_;
};

cv::Mat adaptive(const cv::Mat& image, const CanonicalParams& params) {
  thread_local MeanMemory memory;
  return above_mean(image, memory.mean(image, params.whole("block")), params.whole("c"));
}

}  // namespace

StageFunction standard_binarise_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return adaptive_params({}, values);
          },
          adaptive};
}

StageFunction open_binarise_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("binarise");
            if (option == "off") return std::nullopt;
            if (option == "otsu") return CanonicalParams(option);
            if (option == "adaptive") return adaptive_params(option, values);
            if (option != "sauvola") values.complain("binarise", "has no option " + option);
            return CanonicalParams(option)
                .with("n", std::clamp(values.whole("sauvola_window"), 1, 1000))
                .with("k", values.number("sauvola_k"));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            if (params.option() == "otsu") return otsu_threshold(image);
            if (params.option() == "adaptive") return adaptive(image, params);
            return sauvola_threshold(image, params.whole("n"), params.number("k"));
          }};
}

}  // namespace ocrs
