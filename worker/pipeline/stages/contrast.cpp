#include "worker/pipeline/stages/contrast.hpp"

#include <algorithm>

#include "worker/pipeline/operations.hpp"

namespace ocrs {

StageFunction contrast_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("contrast");
            if (option == "off") return std::nullopt;
            if (option == "stretch") return CanonicalParams(option);
            if (option != "clahe") values.complain("contrast", "has no option " + option);
            return CanonicalParams(option)
                .with("clip", values.number("clahe_clip"))
                .with("tiles", std::max(1, values.whole("clahe_tile")));
          },
          [](const cv::Mat& image, const CanonicalParams& params) {
            if (params.option() == "stretch") return stretched(image);
            return equalised(image, params.number("clip"), params.whole("tiles"));
          }};
}

}  // namespace ocrs
