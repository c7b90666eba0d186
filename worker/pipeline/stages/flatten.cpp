#include "worker/pipeline/stages/flatten.hpp"

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction flatten_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return CanonicalParams()
                .with("dilate", odd_upwards(values.whole("bg_dilate"), 1))
                .with("blur", odd_upwards(values.whole("bg_blur"), 1));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return flattened(image, params.whole("dilate"), params.whole("blur"));
          }};
}

}  // namespace ocrs
