#include "worker/pipeline/stages/background.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction background_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("background");
            if (option == "off") return std::nullopt;
            if (option == "divide") {
              return CanonicalParams(option).with("kernel", 2 * std::max(0, values.whole("norm_kernel")) + 1);
            }
            if (option != "flatten") values.complain("background", "has no option " + option);
            return CanonicalParams(option)
                .with("dilate", odd_upwards(values.whole("bg_dilate"), 1))
                .with("blur", odd_upwards(values.whole("bg_blur"), 1));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            if (params.option() == "divide") return divided_by_blur(image, params.whole("kernel"));
            return flattened(image, params.whole("dilate"), params.whole("blur"));
          }};
}

}  // namespace ocrs
