#include "worker/pipeline/stages/lines.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction lines_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("lines");
            if (option == "off") return std::nullopt;
            if (option != "paint" && option != "inpaint") values.complain("lines", "has no option " + option);
            return CanonicalParams(option)
                .with("h", std::max(1, values.whole("line_h")))
                .with("v", std::max(1, values.whole("line_v")));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            const bool paint = params.option() == "paint";
            const cv::Mat mask = line_mask(image, params.whole("h"), params.whole("v"), paint ? 2 : 1);
            return paint ? painted_white(image, mask) : inpainted(image, mask);
          }};
}

}  // namespace ocrs
