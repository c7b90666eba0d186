#include "worker/pipeline/stages/clahe.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction clahe_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            return CanonicalParams()
                .with("clip", values.number("clahe_clip"))
                .with("tiles", std::max(1, values.whole("clahe_tile")));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return equalised(image, params.number("clip"), params.whole("tiles"));
          }};
}

}  // namespace ocrs
