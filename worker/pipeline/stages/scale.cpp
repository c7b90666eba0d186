#include "worker/pipeline/stages/scale.hpp"

#include <algorithm>
#include <cmath>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction scale_stage() {
  return {[](StageValues& values, const StageInput& input) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("resize");
            if (option == "off") return std::nullopt;
            if (option != "on") values.complain("resize", "has no option " + option);
            constexpr double width_max = 4000;
            const double scale = std::min(values.number("scale"), width_max / input.width);
            if (!(scale > 0)) values.complain("scale", "must be above 0");
            const auto side = [scale](int pixels) {
              return std::max(1, static_cast<int>(std::lround(pixels * scale)));
            };
            if (side(input.width) == input.width && side(input.height) == input.height) return std::nullopt;
            return CanonicalParams().with("width", side(input.width)).with("height", side(input.height));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            return resized(image, params.whole("width"), params.whole("height"));
          }};
}

}  // namespace ocrs
