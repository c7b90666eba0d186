#include "coordinator/core/page_sample.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "common/core/check.hpp"

namespace ocrs {
namespace {

constexpr std::array traits = {&PageTraits::pixels, &PageTraits::brightness, &PageTraits::noise};

/// SplitMix64: the index-th number of the seed's sequence.
std::uint64_t drawn(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

class Splitter {
 public:
  Splitter(const std::vector<PageTraits>& pages, std::uint64_t seed) : pages_(pages), seed_(seed) {}

  void split(std::vector<std::size_t> part, std::size_t wanted, std::size_t axis) {
    if (wanted == 1) {
      chosen.push_back(part[drawn(seed_, chosen.size()) % part.size()]);
      return;
    }
    for (std::size_t passed = 0; passed + 1 < traits.size() && all_equal(part, axis); ++passed) {
      axis = (axis + 1) % traits.size();
    }
    const auto trait = traits[axis];
    std::sort(part.begin(), part.end(), [&](std::size_t a, std::size_t b) {
      if (pages_[a].*trait != pages_[b].*trait) return pages_[a].*trait < pages_[b].*trait;
      return pages_[a].name < pages_[b].name;
    });
    const std::size_t low_wanted = wanted / 2;
    const std::size_t due = (part.size() * low_wanted + wanted / 2) / wanted;
    const std::size_t cut = std::clamp(due, low_wanted, part.size() - (wanted - low_wanted));
    const auto middle = part.begin() + static_cast<std::ptrdiff_t>(cut);
    const std::size_t next = (axis + 1) % traits.size();
    split({part.begin(), middle}, low_wanted, next);
    split({middle, part.end()}, wanted - low_wanted, next);
  }

  std::vector<std::size_t> chosen;

 private:
  const std::vector<PageTraits>& pages_;
  std::uint64_t seed_;

  [[nodiscard]] bool all_equal(const std::vector<std::size_t>& part, std::size_t axis) const {
    const auto trait = traits[axis];
    return std::all_of(part.begin(), part.end(),
                       [&](std::size_t i) { return pages_[i].*trait == pages_[part.front()].*trait; });
  }
};

}  // namespace

PageTraits traits_of(const Page& page) {
  return {static_cast<double>(page.spec.width) * page.spec.height, page.brightness, page.noise, page.names.front()};
}

std::vector<std::size_t> stratified_sample(const std::vector<PageTraits>& pages, std::size_t count,
                                           std::uint64_t seed) {
  OCRS_CHECK(count > 0, "a sample has pages");
  std::vector<std::size_t> all(pages.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (count >= pages.size()) return all;
  Splitter splitter(pages, seed);
  splitter.split(std::move(all), count, 0);
  std::sort(splitter.chosen.begin(), splitter.chosen.end());
  return std::move(splitter.chosen);
}

}  // namespace ocrs
