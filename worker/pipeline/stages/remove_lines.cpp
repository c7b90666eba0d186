#include "worker/pipeline/stages/remove_lines.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction remove_lines_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return CanonicalParams()
                .with("h", std::max(1, values.whole("line_h")))
                .with("v", std::max(1, values.whole("line_v")))
                .with("dilate", std::max(0, values.whole("dilate_iter")));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return painted_white(image, line_mask(image, params.whole("h"), params.whole("v"), params.whole("dilate")));
          }};
}

}  // namespace ocrs
