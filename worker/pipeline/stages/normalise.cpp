#include "worker/pipeline/stages/normalise.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction normalise_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return CanonicalParams().with("kernel", 2 * std::max(0, values.whole("norm_kernel")) + 1);
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return divided_by_blur(image, params.whole("kernel"));
          }};
}

}  // namespace ocrs
