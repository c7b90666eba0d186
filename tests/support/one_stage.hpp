// Runs one built-in stage with factor values by name, as the page tree would.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "worker/pipeline/image_scores.hpp"
#include "worker/pipeline/stage.hpp"

namespace ocrs {

using NamedValues = std::map<std::string, FactorValue>;

class OneStage {
 public:
  /// `lengths`: the unit that takes the place of px300.
  explicit OneStage(const std::string& id, FactorUnit lengths = FactorUnit::px300)
      : function_(StageRegistry::built_in().find(id)) {
    const StageSpec* spec = find_stage(id);
    if (spec == nullptr || function_ == nullptr) throw std::invalid_argument(id);
    if (spec->choice) factors_.push_back({spec->choice->name, spec->choice->unit});
    for (const StageFactor& owned : spec->factors) {
      factors_.push_back({owned.factor.name, owned.factor.unit == FactorUnit::px300 ? lengths : owned.factor.unit});
    }
  }

  std::optional<CanonicalParams> params(const NamedValues& values, const cv::Mat& image, double dpi = 300) {
    Point point;
    for (const FactorRef& factor : factors_) {
      const auto found = values.find(factor.name);
      point.values.push_back(found == values.end() ? FactorValue() : found->second);
    }
    StageValues read(factors_, point, dpi);
    auto canonical =
        function_->canonical(read, {image.cols, image.rows, dpi, [&] { return laplacian_variance(image); }});
    problem = read.problem();
    return canonical;
  }

  /// The image itself when the stage does nothing.
  cv::Mat run(const NamedValues& values, const cv::Mat& image, double dpi = 300) {
    const auto canonical = params(values, image, dpi);
    return canonical ? function_->run(image, *canonical) : image;
  }

  std::optional<std::string> problem;

 private:
  const StageFunction* function_;
  std::vector<FactorRef> factors_;
};

}  // namespace ocrs
