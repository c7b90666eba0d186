#include "worker/pipeline/stages/inpaint_lines.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction inpaint_lines_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return CanonicalParams()
                .with("h", std::max(1, values.whole("inpaint_h")))
                .with("v", std::max(1, values.whole("inpaint_v")));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return inpainted(image, line_mask(image, params.whole("h"), params.whole("v"), 1));
          }};
}

}  // namespace ocrs
