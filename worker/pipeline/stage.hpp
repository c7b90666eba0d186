// What a stage of a pipeline is to the page tree: a pure function of an image and canonical parameters, and the rule
// that turns a point's factor values into those. StageRegistry finds it by StageSpec::id. Which factors a stage has,
// and their ranges, is data in common/core/pipeline_spec. All functions here are pure; any thread.
#pragma once

#include <functional>
#include <map>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/screening_spec.hpp"

namespace ocrs {

/// All that the result of a stage depends on besides the image. Two points with equal parameters on equal images get
/// the same output; where the output cannot differ, the parameters must not either.
class CanonicalParams {
 public:
  explicit CanonicalParams(std::string option = {}) : option_(std::move(option)) {}
  CanonicalParams& with(std::string_view name, int value);
  CanonicalParams& with(std::string_view name, double value);
  CanonicalParams& with(std::string_view name, float value);  // for what OpenCV takes as float: shorter text

  [[nodiscard]] const std::string& option() const { return option_; }
  [[nodiscard]] double number(std::string_view name) const;  // a missing name is a bug
  [[nodiscard]] int whole(std::string_view name) const;
  /// "(h=5.2,window=15)", "(gaussian,size=3)", "()"; different parameters give different texts.
  [[nodiscard]] std::string text() const;
  bool operator==(const CanonicalParams&) const = default;

 private:
  std::string option_;
  struct Value {
    std::string name;
    double number = 0;
    std::string text;
    bool operator==(const Value&) const = default;
  };
  std::vector<Value> values_;
};

/// What canonical parameters may depend on besides factor values.
struct StageInput {
  int width = 0, height = 0;
  double dpi = 300;                            // the page's own as it was scanned, whatever stages have scaled before
  std::function<double()> laplacian_variance;  // of this image, computed when first asked for
};

/// A point's factor values by name. Something missing or of the wrong kind is remembered and reads as 0 or "".
class StageValues {
 public:
  StageValues(const std::vector<FactorRef>& factors, const Point& point, double dpi)
      : factors_(factors), point_(point), dpi_(dpi) {}

  /// As it is; px300 only if the factor says so: times dpi / 300.
  double number(std::string_view factor);
  /// A count or a length in pixels: `number` rounded to the nearest whole number, halves away from 0.
  int whole(std::string_view factor);
  std::string choice(std::string_view factor);
  /// Records that a value cannot be used; the first complaint stands and fails the points that have it.
  void complain(std::string_view factor, std::string_view what);
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

 private:
  const FactorValue* find(std::string_view factor, FactorUnit* unit);

  const std::vector<FactorRef>& factors_;
  const Point& point_;
  double dpi_;
  std::optional<std::string> problem_;
};

struct StageFunction {
  /// nullopt = this stage does nothing here. Must not depend on anything but its arguments.
  std::function<std::optional<CanonicalParams>(StageValues& values, const StageInput& input)> canonical;
  /// `image`: 8-bit, 1 channel, not empty, never written. Returns a new 8-bit 1-channel image. May throw what OpenCV
  /// and the allocator throw.
  std::function<cv::Mat(const cv::Mat& image, const CanonicalParams& params)> run;
};

class StageRegistry {
 public:
  /// Every stage of DESIGN §3.
  static const StageRegistry& built_in();

  void add(std::string id, StageFunction function);  // an id twice is a bug
  [[nodiscard]] const StageFunction* find(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> ids() const;

 private:
  std::map<std::string, StageFunction, std::less<>> stages_;
};

}  // namespace ocrs
