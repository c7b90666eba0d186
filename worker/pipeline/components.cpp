#include "worker/pipeline/components.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

/// Dark pixels [begin, end) of one row.
struct PixelRun {
  int begin = 0, end = 0;
  std::uint32_t label = 0;
};

class Labels {
 public:
  std::uint32_t fresh() {
    parents_.push_back(static_cast<std::uint32_t>(parents_.size()));
    ++components_;
    return parents_.back();
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = root(a);
    b = root(b);
    if (a == b) return;
    parents_[std::max(a, b)] = std::min(a, b);
    --components_;
  }
  [[nodiscard]] std::uint32_t components() const { return components_; }

 private:
  std::uint32_t root(std::uint32_t label) {
    while (parents_[label] != label) label = parents_[label] = parents_[parents_[label]];
    return label;
  }
  std::vector<std::uint32_t> parents_;
  std::uint32_t components_ = 0;
};

void find_runs(const std::uint8_t* row, int width, double threshold, std::vector<PixelRun>& runs) {
  runs.clear();
  for (int x = 0; x < width;) {
    while (x < width && row[x] > threshold) ++x;
    if (x == width) return;
    const int begin = x;
    while (x < width && row[x] <= threshold) ++x;
    runs.push_back({begin, x});
  }
}

}  // namespace

std::uint32_t dark_components(const cv::Mat& grey) {
  OCRS_CHECK(grey.empty() || grey.type() == CV_8UC1, "components are counted in an 8-bit grey image");
  if (grey.empty()) return 0;
  cv::Mat ignored;
  const double threshold = cv::threshold(grey, ignored, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  Labels labels;
  std::vector<PixelRun> above, runs;
  for (int y = 0; y < grey.rows; ++y) {
    find_runs(grey.ptr<std::uint8_t>(y), grey.cols, threshold, runs);
    std::size_t first = 0;
    for (PixelRun& run : runs) {
      // 8-connected: runs touch when they overlap after growing one of them by a pixel on either side.
      while (first < above.size() && above[first].end < run.begin) ++first;
      bool labelled = false;
      for (std::size_t i = first; i < above.size() && above[i].begin <= run.end; ++i) {
        if (!labelled)
          run.label = above[i].label;
        else
          labels.join(run.label, above[i].label);
        labelled = true;
      }
      if (!labelled) run.label = labels.fresh();
    }
    std::swap(above, runs);
  }
  return labels.components();
}

}  // namespace ocrs
