#include "worker/pipeline/stages/binarise.hpp"

#include <algorithm>
#include <cmath>

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

cv::Mat adaptive(const cv::Mat& image, const CanonicalParams& params) {
  return adaptive_threshold(image, params.whole("block"), params.number("c"));
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
