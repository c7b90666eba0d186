#include "worker/pipeline/stages/smooth.hpp"

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction smooth_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("smooth");
            if (option == "off") return std::nullopt;
            if (option != "gaussian" && option != "median") values.complain("smooth", "has no option " + option);
            const int size = odd_upwards(values.whole("smooth_size"), 1);
            if (size == 1) return std::nullopt;
            return CanonicalParams(option).with("size", size);
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            const int size = params.whole("size");
            return params.option() == "median" ? median_blur(image, size) : gaussian_blur(image, size);
          }};
}

}  // namespace ocrs
