// What the page tree remembers of the images it has made of one page: which parameters lead from which image to which,
// and facts measured on them. Images are known by content; pixels are not kept. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "worker/pipeline/image_hash.hpp"
#include "worker/pipeline/image_scores.hpp"

namespace ocrs {

/// Position in KnownImages.
using ImageId = std::size_t;

/// An image before the stage of this level; equal images of one level and resolution are one.
struct KnownImage {
  std::size_t level = 0;
  ImageHash hash;
  int width = 0, height = 0;
  double dpi = 0;
  std::unordered_map<std::string, ImageId> after;  // by text of the stage's canonical parameters
};

/// Filled in when first needed.
struct ImageFacts {
  std::optional<double> laplacian_variance;
  std::optional<ImageScores> scores;   // set together with the next two, of the image as a last stage's output
  ImageHash final_hash;                // after width_max
  std::uint32_t final_components = 0;  // after width_max
};

class KnownImages {
 public:
  ImageId add(const KnownImage& image) {
    const auto [place, added] = ids_.try_emplace({image.level, image.hash, image.dpi}, images_.size());
    if (added) images_.push_back(image);
    return place->second;
  }
  [[nodiscard]] KnownImage& at(ImageId id) { return images_.at(id); }
  [[nodiscard]] std::optional<ImageId> after(ImageId id, const std::string& params) const {
    const auto found = images_.at(id).after.find(params);
    if (found == images_.at(id).after.end()) return std::nullopt;
    return found->second;
  }
  ImageFacts& facts(ImageId id) { return facts_[images_.at(id).hash]; }
  [[nodiscard]] std::size_t size() const { return images_.size(); }
  void clear() { *this = KnownImages(); }

 private:
  std::vector<KnownImage> images_;
  std::map<std::tuple<std::size_t, ImageHash, double>, ImageId> ids_;
  std::unordered_map<ImageHash, ImageFacts> facts_;
};

}  // namespace ocrs
