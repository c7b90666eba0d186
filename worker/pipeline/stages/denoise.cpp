#include "worker/pipeline/stages/denoise.hpp"

#include "worker/pipeline/operations.hpp"

namespace ocrs {
namespace {

constexpr int window_wide = 21;
constexpr int window_narrow = 15;

/// OpenCV takes h as float: what is the same float is the same stage.
CanonicalParams denoise_params(float h, int window) { return CanonicalParams().with("h", h).with("window", window); }

std::optional<CanonicalParams> by_noise(StageValues& values, const StageInput& input) {
  const auto h = static_cast<float>(values.number("denoise_h"));
  const double threshold = values.number("noise_threshold");
  if (!(h > 0)) return std::nullopt;
  return denoise_params(h, input.laplacian_variance() < threshold ? window_narrow : window_wide);
}

cv::Mat denoised(const cv::Mat& image, const CanonicalParams& params) {
  return non_local_means(image, static_cast<float>(params.number("h")), params.whole("window"));
}

}  // namespace

StageFunction standard_denoise_stage() { return {by_noise, denoised}; }

StageFunction high_fidelity_denoise_stage() {
  return {[](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
            const auto h = static_cast<float>(values.number("denoise_h"));
            if (!(h > 0)) return std::nullopt;
            return denoise_params(h, window_wide);
          },
          denoised};
}

StageFunction open_denoise_stage() {
  return {[](StageValues& values, const StageInput& input) -> std::optional<CanonicalParams> {
            const std::string option = values.choice("denoise");
            if (option == "off") return std::nullopt;
            if (option != "nlm") values.complain("denoise", "has no option " + option);
            return by_noise(values, input);
          },
          denoised};
}

}  // namespace ocrs
