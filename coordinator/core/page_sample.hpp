// Which pages stand for all of them when only some are screened (`pages_sample`). Pure; equal pages and seeds give
// equal samples on every machine.
//
// The pages are split in two again and again until there are as many strata as pages wanted: by size, then by
// brightness, then by noise, then by size again, each time at the value that leaves both parts their due share of the
// pages and of the sample (a trait in which a part's pages are all equal is passed over). From each stratum one page is
// drawn by the seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/screening.hpp"

namespace ocrs {

struct PageTraits {
  double pixels = 0;
  double brightness = 0;
  double noise = 0;
  std::string name;  // decides between equals
};

/// What is known of a screening's page.
[[nodiscard]] PageTraits traits_of(const Page& page);

/// Positions of the chosen pages, ascending: `count` of them, or all when there are no more.
[[nodiscard]] std::vector<std::size_t> stratified_sample(const std::vector<PageTraits>& pages, std::size_t count,
                                                         std::uint64_t seed);

}  // namespace ocrs
