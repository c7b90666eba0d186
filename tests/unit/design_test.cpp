#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "coordinator/core/design.hpp"
#include "coordinator/core/owen_scrambling.hpp"
#include "coordinator/core/sobol.hpp"

namespace ocrs {
namespace {

using Row24 = std::array<std::uint32_t, 24>;

// Joe and Kuo's points as SciPy 1.10.1 gives them: scipy.stats.qmc.Sobol(24, scramble=False).random(4096) * 2^32.
constexpr std::array<Row24, 16> scipy_first_points = {{
    {{0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U,
      0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U,
      0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U, 0x00000000U}},
    {{0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U,
      0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U,
      0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U, 0x80000000U}},
    {{0xC0000000U, 0x40000000U, 0x40000000U, 0x40000000U, 0xC0000000U, 0xC0000000U, 0x40000000U, 0xC0000000U,
      0xC0000000U, 0xC0000000U, 0xC0000000U, 0xC0000000U, 0x40000000U, 0x40000000U, 0xC0000000U, 0x40000000U,
      0xC0000000U, 0x40000000U, 0xC0000000U, 0x40000000U, 0x40000000U, 0xC0000000U, 0x40000000U, 0x40000000U}},
    {{0x40000000U, 0xC0000000U, 0xC0000000U, 0xC0000000U, 0x40000000U, 0x40000000U, 0xC0000000U, 0x40000000U,
      0x40000000U, 0x40000000U, 0x40000000U, 0x40000000U, 0xC0000000U, 0xC0000000U, 0x40000000U, 0xC0000000U,
      0x40000000U, 0xC0000000U, 0x40000000U, 0xC0000000U, 0xC0000000U, 0x40000000U, 0xC0000000U, 0xC0000000U}},
    {{0x60000000U, 0x60000000U, 0xA0000000U, 0xE0000000U, 0x60000000U, 0x20000000U, 0x60000000U, 0xE0000000U,
      0xE0000000U, 0xA0000000U, 0xE0000000U, 0x60000000U, 0x60000000U, 0xA0000000U, 0x60000000U, 0xE0000000U,
      0x60000000U, 0xE0000000U, 0xE0000000U, 0x20000000U, 0x20000000U, 0x20000000U, 0x60000000U, 0xE0000000U}},
    {{0xE0000000U, 0xE0000000U, 0x20000000U, 0x60000000U, 0xE0000000U, 0xA0000000U, 0xE0000000U, 0x60000000U,
      0x60000000U, 0x20000000U, 0x60000000U, 0xE0000000U, 0xE0000000U, 0x20000000U, 0xE0000000U, 0x60000000U,
      0xE0000000U, 0x60000000U, 0x60000000U, 0xA0000000U, 0xA0000000U, 0xA0000000U, 0xE0000000U, 0x60000000U}},
    {{0xA0000000U, 0x20000000U, 0xE0000000U, 0xA0000000U, 0xA0000000U, 0xE0000000U, 0x20000000U, 0x20000000U,
      0x20000000U, 0x60000000U, 0x20000000U, 0xA0000000U, 0x20000000U, 0xE0000000U, 0xA0000000U, 0xA0000000U,
      0xA0000000U, 0xA0000000U, 0x20000000U, 0x60000000U, 0x60000000U, 0xE0000000U, 0x20000000U, 0xA0000000U}},
    {{0x20000000U, 0xA0000000U, 0x60000000U, 0x20000000U, 0x20000000U, 0x60000000U, 0xA0000000U, 0xA0000000U,
      0xA0000000U, 0xE0000000U, 0xA0000000U, 0x20000000U, 0xA0000000U, 0x60000000U, 0x20000000U, 0x20000000U,
      0x20000000U, 0x20000000U, 0xA0000000U, 0xE0000000U, 0xE0000000U, 0x60000000U, 0xA0000000U, 0x20000000U}},
    {{0x30000000U, 0x50000000U, 0xF0000000U, 0x70000000U, 0x90000000U, 0x50000000U, 0x70000000U, 0xF0000000U,
      0xF0000000U, 0x50000000U, 0xB0000000U, 0x10000000U, 0xF0000000U, 0xF0000000U, 0xD0000000U, 0xF0000000U,
      0xD0000000U, 0xD0000000U, 0xF0000000U, 0x50000000U, 0x30000000U, 0xB0000000U, 0x30000000U, 0xF0000000U}},
    {{0xB0000000U, 0xD0000000U, 0x70000000U, 0xF0000000U, 0x10000000U, 0xD0000000U, 0xF0000000U, 0x70000000U,
      0x70000000U, 0xD0000000U, 0x30000000U, 0x90000000U, 0x70000000U, 0x70000000U, 0x50000000U, 0x70000000U,
      0x50000000U, 0x50000000U, 0x70000000U, 0xD0000000U, 0xB0000000U, 0x30000000U, 0xB0000000U, 0x70000000U}},
    {{0xF0000000U, 0x10000000U, 0xB0000000U, 0x30000000U, 0x50000000U, 0x90000000U, 0x30000000U, 0x30000000U,
      0x30000000U, 0x90000000U, 0x70000000U, 0xD0000000U, 0xB0000000U, 0xB0000000U, 0x10000000U, 0xB0000000U,
      0x10000000U, 0x90000000U, 0x30000000U, 0x10000000U, 0x70000000U, 0x70000000U, 0x70000000U, 0xB0000000U}},
    {{0x70000000U, 0x90000000U, 0x30000000U, 0xB0000000U, 0xD0000000U, 0x10000000U, 0xB0000000U, 0xB0000000U,
      0xB0000000U, 0x10000000U, 0xF0000000U, 0x50000000U, 0x30000000U, 0x30000000U, 0x90000000U, 0x30000000U,
      0x90000000U, 0x10000000U, 0xB0000000U, 0x90000000U, 0xF0000000U, 0xF0000000U, 0xF0000000U, 0x30000000U}},
    {{0x50000000U, 0x30000000U, 0x50000000U, 0x90000000U, 0xF0000000U, 0x70000000U, 0x10000000U, 0x10000000U,
      0x10000000U, 0xF0000000U, 0x50000000U, 0x70000000U, 0x90000000U, 0x50000000U, 0xB0000000U, 0x10000000U,
      0xB0000000U, 0x30000000U, 0x10000000U, 0x70000000U, 0x10000000U, 0x90000000U, 0x50000000U, 0x10000000U}},
    {{0xD0000000U, 0xB0000000U, 0xD0000000U, 0x10000000U, 0x70000000U, 0xF0000000U, 0x90000000U, 0x90000000U,
      0x90000000U, 0x70000000U, 0xD0000000U, 0xF0000000U, 0x10000000U, 0xD0000000U, 0x30000000U, 0x90000000U,
      0x30000000U, 0xB0000000U, 0x90000000U, 0xF0000000U, 0x90000000U, 0x10000000U, 0xD0000000U, 0x90000000U}},
    {{0x90000000U, 0x70000000U, 0x10000000U, 0xD0000000U, 0x30000000U, 0xB0000000U, 0x50000000U, 0xD0000000U,
      0xD0000000U, 0x30000000U, 0x90000000U, 0xB0000000U, 0xD0000000U, 0x10000000U, 0x70000000U, 0x50000000U,
      0x70000000U, 0x70000000U, 0xD0000000U, 0x30000000U, 0x50000000U, 0x50000000U, 0x10000000U, 0x50000000U}},
    {{0x10000000U, 0xF0000000U, 0x90000000U, 0x50000000U, 0xB0000000U, 0x30000000U, 0xD0000000U, 0x50000000U,
      0x50000000U, 0xB0000000U, 0x10000000U, 0x30000000U, 0x50000000U, 0x90000000U, 0xF0000000U, 0xD0000000U,
      0xF0000000U, 0xF0000000U, 0x50000000U, 0xB0000000U, 0xD0000000U, 0xD0000000U, 0x90000000U, 0xD0000000U}},
}};

struct PublishedPoint {
  std::uint32_t index;
  Row24 digits;
};
constexpr PublishedPoint scipy_points[] = {
    {100, {{0x6A000000U, 0x42000000U, 0xC6000000U, 0xBA000000U, 0xE2000000U, 0xBE000000U, 0x06000000U, 0x7A000000U,
            0xA2000000U, 0xB2000000U, 0x76000000U, 0xAE000000U, 0x7A000000U, 0xDA000000U, 0x52000000U, 0x7E000000U,
            0xAE000000U, 0xBE000000U, 0xD6000000U, 0x56000000U, 0xC2000000U, 0x66000000U, 0x02000000U, 0x7E000000U}}},
    {1023, {{0x00400000U, 0xC0C00000U, 0x9CC00000U, 0x25400000U, 0x2FC00000U, 0x70400000U, 0x23C00000U, 0x9E400000U,
             0x58400000U, 0xD9C00000U, 0xADC00000U, 0x09400000U, 0x21400000U, 0xAA400000U, 0x5CC00000U, 0x76C00000U,
             0x50400000U, 0xE0400000U, 0x95C00000U, 0x51C00000U, 0xDDC00000U, 0x04C00000U, 0xCB400000U, 0x32400000U}}},
    {1024, {{0x00600000U, 0x60600000U, 0x72A00000U, 0x7CA00000U, 0x8EA00000U, 0xD8200000U, 0x3DE00000U, 0x96600000U,
             0xB2600000U, 0xABE00000U, 0xD2600000U, 0xEBE00000U, 0xB4E00000U, 0x56A00000U, 0x21E00000U, 0xDB600000U,
             0xDAE00000U, 0x32A00000U, 0x89E00000U, 0x58A00000U, 0x86600000U, 0x1F600000U, 0xD3600000U, 0x80E00000U}}},
    {2047, {{0x00200000U, 0xA0A00000U, 0xEE600000U, 0x59E00000U, 0xA1600000U, 0xA8600000U, 0x1E200000U, 0x08200000U,
             0xEA200000U, 0x72200000U, 0x7FA00000U, 0xE2A00000U, 0x95A00000U, 0xFCE00000U, 0x7D200000U, 0xADA00000U,
             0x8AA00000U, 0xD2E00000U, 0x1C200000U, 0x09600000U, 0x5BA00000U, 0x1BA00000U, 0x18200000U, 0xB2A00000U}}},
    {2048, {{0x00300000U, 0x50500000U, 0xBBF00000U, 0xBF300000U, 0x51D00000U, 0xBC500000U, 0xED300000U, 0x6C300000U,
             0xDB300000U, 0x4D300000U, 0xEE700000U, 0xB0F00000U, 0xCBD00000U, 0x79F00000U, 0xF0300000U, 0xC7100000U,
             0x85500000U, 0x49100000U, 0xCC100000U, 0x8C100000U, 0x62700000U, 0xA0D00000U, 0xB5B00000U, 0xC0B00000U}}},
    {3333, {{0xE1D00000U, 0xAFB00000U, 0x44D00000U, 0xE8100000U, 0xF8F00000U, 0xDFF00000U, 0x6D500000U, 0xC1D00000U,
             0x40D00000U, 0xAE500000U, 0x28900000U, 0x44900000U, 0xA3B00000U, 0x5DD00000U, 0xB2500000U, 0x5CF00000U,
             0x57300000U, 0x37300000U, 0x79700000U, 0x14300000U, 0xBC900000U, 0xA6300000U, 0xAA500000U, 0xCCD00000U}}},
    {4095, {{0x00100000U, 0xF0F00000U, 0x55900000U, 0xE6D00000U, 0xF0B00000U, 0x14300000U, 0xF3100000U, 0x64100000U,
             0x31100000U, 0x3F100000U, 0x91D00000U, 0x52500000U, 0x5E700000U, 0x85100000U, 0x8D100000U, 0x6AB00000U,
             0x0FF00000U, 0x9BF00000U, 0xD0300000U, 0x85700000U, 0x39D00000U, 0xBB700000U, 0xAD900000U, 0x72100000U}}},
};

/// FNV-1a, 64 bits, over the numbers' bytes, least significant first, row by row.
std::uint64_t checksum(const std::vector<std::vector<std::uint32_t>>& rows) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const auto& row : rows) {
    for (const std::uint32_t number : row) {
      for (unsigned byte = 0; byte < 4; ++byte) hash = (hash ^ ((number >> (8 * byte)) & 255U)) * 0x100000001B3ULL;
    }
  }
  return hash;
}

TEST(Sobol, EqualsTheFirstPublishedPoints) {
  const Sobol sobol(24);
  for (std::uint32_t i = 0; i < 16; ++i) {
    const std::vector<std::uint32_t> point = sobol.point(i);
    EXPECT_TRUE(std::equal(point.begin(), point.end(), scipy_first_points[i].begin(), scipy_first_points[i].end()))
        << "point " << i;
  }
}

TEST(Sobol, EqualsPublishedPointsFurtherOn) {
  const Sobol sobol(24);
  for (const PublishedPoint& published : scipy_points) {
    const std::vector<std::uint32_t> point = sobol.point(published.index);
    EXPECT_TRUE(std::equal(point.begin(), point.end(), published.digits.begin(), published.digits.end()))
        << "point " << published.index;
  }
}

TEST(Sobol, EqualsAllOf4096PublishedPointsIn24Dimensions) {
  const Sobol sobol(24);
  std::vector<std::vector<std::uint32_t>> rows;
  for (std::uint32_t i = 0; i < 4096; ++i) rows.push_back(sobol.point(i));
  EXPECT_EQ(checksum(rows), 0xA296F92D39B55A25ULL);  // The same sum over SciPy's points.
}

TEST(Sobol, GivesTheSameNumbersInADimensionWhateverTheirCount) {
  const Sobol few(3);
  const Sobol many(60);
  for (const std::uint32_t i : {0U, 1U, 77U, 1023U, 1048575U}) {
    const auto a = few.point(i);
    const auto b = many.point(i);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin())) << "point " << i;
  }
  EXPECT_TRUE(Sobol(0).point(5).empty());
}

// The numbers below come from a program in another language that walks the tree of the specification digit by digit.
TEST(OwenScrambling, EqualsTheGoldenPoints) {
  EXPECT_EQ(owen_key(42, 0), 0x57E1FABA65107204ULL);
  EXPECT_EQ(owen_key(42, 1), 0xF4ABD143FEB24055ULL);
  EXPECT_EQ(owen_key(42, 2), 0x7C816738C12903B2ULL);
  EXPECT_EQ(owen_key(0, 0), 0xA706DD2F4D197E6FULL);
  EXPECT_EQ(owen_key(~std::uint64_t{0}, 23), 0xCC08CCF90822E9E2ULL);
  const std::uint64_t key = owen_key(42, 0);
  EXPECT_EQ(owen_scrambled(0, key), 1200871718U);
  EXPECT_EQ(owen_scrambled(1, key), 1200871719U);
  EXPECT_EQ(owen_scrambled(0xFFFFFFFFU, key), 2700290049U);
  EXPECT_EQ(owen_scrambled(0x80000000U, key), 3779050614U);

  constexpr std::uint32_t golden[8][6] = {{0x4793D926, 0xCFBC1A2B, 0x4684BEA6, 0xE5768AB3, 0xC17018BD, 0x168ECA40},
                                          {0xE13FBC76, 0x074218D7, 0xCB803134, 0x2B037758, 0x67B40DB9, 0xB1190AF6},
                                          {0x87BFCCA9, 0x8B6DA354, 0x2DF875AA, 0xBD701FC6, 0x0BA37081, 0xE34EF9AF},
                                          {0x29C3DD9E, 0x44E8D4E2, 0x98527866, 0x40C7101E, 0x9D901C13, 0x430E1033},
                                          {0x0ADC2C59, 0xA393725E, 0xEEFD59D3, 0x7551B51A, 0xA272751C, 0x2C6B06EF},
                                          {0xBADAC5C2, 0x66C88259, 0x7D0C322E, 0x9574B7EA, 0x3A39314C, 0x995487DC},
                                          {0xCED56991, 0xEA13E539, 0xBEFD9A2B, 0x0432E148, 0x4D848393, 0xD99F4492},
                                          {0x60602128, 0x3C3794F6, 0x1CE5F5DA, 0xD2A67607, 0xFD3D03C4, 0x708E7178}};
  const Sobol sobol(6);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto point = sobol.point(i);
    for (std::uint32_t d = 0; d < 6; ++d) {
      EXPECT_EQ(owen_scrambled(point[d], owen_key(42, d)), golden[i][d]) << "point " << i << " dimension " << d;
    }
  }
}

std::vector<std::vector<std::uint32_t>> scrambled(std::uint32_t points, std::uint32_t dimensions, std::uint64_t seed) {
  const Sobol sobol(dimensions);
  std::vector<std::vector<std::uint32_t>> rows;
  for (std::uint32_t i = 0; i < points; ++i) {
    rows.push_back(sobol.point(i));
    for (std::uint32_t d = 0; d < dimensions; ++d) rows.back()[d] = owen_scrambled(rows.back()[d], owen_key(seed, d));
  }
  return rows;
}

TEST(OwenScrambling, EqualsTheGoldenChecksumsOfWholeDesigns) {
  EXPECT_EQ(checksum(scrambled(1024, 24, 42)), 0xC6B8F4BE15DE38F3ULL);
  EXPECT_EQ(checksum(scrambled(64, 24, ~std::uint64_t{0})), 0x2A2FFDA9C5FEE414ULL);
}

TEST(OwenScrambling, KeepsOnePointInEveryIntervalOfEachDimension) {
  for (const std::uint64_t seed : {0ULL, 1ULL, 42ULL, 123456789ULL}) {
    const auto rows = scrambled(1024, 24, seed);
    for (unsigned m = 0; m <= 10; ++m) {
      for (std::uint32_t d = 0; d < 24; ++d) {
        std::set<std::uint64_t> intervals;
        for (std::uint32_t i = 0; i < (1U << m); ++i) intervals.insert(std::uint64_t{rows[i][d]} >> (32 - m));
        ASSERT_EQ(intervals.size(), 1U << m) << "seed " << seed << " 2^" << m << " points, dimension " << d;
      }
    }
  }
}

TEST(OwenScrambling, KeepsTheNetOfTheFirstTwoDimensions) {
  // The first two Sobol dimensions are a (0, m, 2)-net: every box of 2^-a by 2^-(m-a) holds exactly one of 2^m points.
  constexpr unsigned m = 10;
  for (const std::uint64_t seed : {7ULL, 42ULL}) {
    const auto rows = scrambled(1U << m, 2, seed);
    for (unsigned a = 0; a <= m; ++a) {
      std::set<std::pair<std::uint64_t, std::uint64_t>> boxes;
      for (const auto& row : rows) {
        boxes.insert({std::uint64_t{row[0]} >> (32 - a), std::uint64_t{row[1]} >> (32 - (m - a))});
      }
      ASSERT_EQ(boxes.size(), 1U << m) << "boxes of 2^-" << a;
    }
  }
}

TEST(OwenScrambling, KeepsTheCountsInEveryBoxOfUnscrambledNets) {
  // Scrambling permutes the boxes of each size: how many points the boxes hold, sorted, stays the same in any
  // dimensions.
  constexpr std::uint32_t count = 256;
  const Sobol sobol(6);
  const auto rows = scrambled(count, 6, 99);
  const auto occupancy = [](const std::vector<std::vector<std::uint32_t>>& points, unsigned digits) {
    std::map<std::vector<std::uint32_t>, int> boxes;
    for (auto row : points) {
      for (std::uint32_t& number : row) number >>= 32 - digits;
      ++boxes[row];
    }
    std::vector<int> counts;
    for (const auto& [box, held] : boxes) counts.push_back(held);
    std::sort(counts.begin(), counts.end());
    return counts;
  };
  std::vector<std::vector<std::uint32_t>> plain;
  for (std::uint32_t i = 0; i < count; ++i) plain.push_back(sobol.point(i));
  for (unsigned digits = 1; digits <= 4; ++digits) EXPECT_EQ(occupancy(rows, digits), occupancy(plain, digits));
}

TEST(OwenScrambling, InvertsTheSameTreeNodeAlikeAndNodesIndependently) {
  const std::uint64_t key = owen_key(5, 0);
  // Nested: numbers with equal leading digits keep equal leading digits.
  EXPECT_EQ(owen_scrambled(0xABCD1234U, key) >> 16, owen_scrambled(0xABCDFFFFU, key) >> 16);
  EXPECT_NE(owen_scrambled(0xABCD0000U, key) >> 15, owen_scrambled(0xABCD8000U, key) >> 15);
  // Each digit of a point is inverted under about half of the seeds: 4096 fair coins stay within 5 sigma = 160.
  std::array<int, 32> inverted{};
  constexpr int seeds = 4096;
  for (int seed = 0; seed < seeds; ++seed) {
    const std::uint32_t flips =
        owen_scrambled(0x5A5A5A5AU, owen_key(static_cast<std::uint64_t>(seed), 3)) ^ 0x5A5A5A5AU;
    for (unsigned bit = 0; bit < 32; ++bit) inverted[bit] += static_cast<int>((flips >> bit) & 1U);
  }
  for (const int count : inverted) EXPECT_NEAR(count, seeds / 2, 160);
}

// ---- designs ----

DesignSettings settings_of(Scrambling scrambling, std::uint64_t seed = 42) {
  DesignSettings settings;
  settings.scrambling = scrambling;
  settings.seed = seed;
  return settings;
}

TEST(Design, GivesFreeFactorsTheSobolDimensionsInTableOrderAndFixedOnesNone) {
  const PipelineSpec& standard = *find_pipeline("standard");
  EXPECT_EQ(design_dimensions(standard), 7U);
  const auto points = design_points(standard, settings_of(Scrambling::none), 0, 8);
  ASSERT_EQ(points.size(), 8U);
  // Point 0 is the origin: every factor at its low end.
  EXPECT_EQ(points[0].values, (std::vector<FactorValue>{std::int64_t{30}, std::int64_t{40}, std::int64_t{2},
                                                        std::int64_t{40}, 2.0, 20.0, std::int64_t{30}, 10.0}));
  // Point 2 is (.75 .25 .25 .25 .75 .75 .25): 30+[.75·41] 40+[.25·81] 40+[.25·61] 2+.25·18 20+.75·480 30+[.75·71]
  // 10+.25·15.
  EXPECT_EQ(points[2].index, PointIndex{2});
  EXPECT_EQ(points[2].values, (std::vector<FactorValue>{std::int64_t{60}, std::int64_t{60}, std::int64_t{2},
                                                        std::int64_t{55}, 6.5, 380.0, std::int64_t{83}, 13.75}));
}

TEST(Design, LeavesFactorsOfAStageThatIsOffEmpty) {
  const PipelineSpec& open = *find_pipeline("open");
  const auto slots = factor_slots(open);
  EXPECT_EQ(design_dimensions(open), slots.size());
  const auto points = design_points(open, settings_of(Scrambling::owen), 0, 512);
  std::map<std::string, std::set<std::string>> options_seen;
  for (const Point& point : points) {
    std::map<std::string, FactorValue> values;
    for (std::size_t i = 0; i < slots.size(); ++i) values[slots[i].factor->name] = point.values[i];
    const auto is = [&](const char* name, const char* option) {
      return values[name] == FactorValue{std::string(option)};
    };
    const auto active = [&](const char* name) { return values[name] != FactorValue{}; };
    EXPECT_EQ(active("scale"), is("resize", "on"));
    EXPECT_EQ(active("smooth_size"), !is("smooth", "off"));
    EXPECT_EQ(active("line_h"), !is("lines", "off"));
    EXPECT_EQ(active("norm_kernel"), is("background", "divide"));
    EXPECT_EQ(active("bg_dilate"), is("background", "flatten"));
    EXPECT_EQ(active("denoise_h"), is("denoise", "nlm"));
    EXPECT_EQ(active("clahe_clip"), is("contrast", "clahe"));
    EXPECT_EQ(active("bin_block"), is("binarise", "adaptive"));
    EXPECT_EQ(active("sauvola_k"), is("binarise", "sauvola"));
    for (const char* choice : {"resize", "background", "binarise"})
      options_seen[choice].insert(to_text(values[choice]));
  }
  EXPECT_EQ(options_seen["binarise"], (std::set<std::string>{"off", "otsu", "adaptive", "sauvola"}));
  EXPECT_EQ(options_seen["background"].size(), 3U);
}

TEST(Design, DrawsChoicesByTheirShares) {
  const auto points = design_points(*find_pipeline("open"), settings_of(Scrambling::owen), 0, 1024);
  const auto resized = std::count_if(points.begin(), points.end(),
                                     [](const Point& p) { return p.values[0] == FactorValue{std::string("on")}; });
  const auto denoised = std::count_if(points.begin(), points.end(),
                                      [](const Point& p) { return p.values[4] == FactorValue{std::string("nlm")}; });
  EXPECT_EQ(resized, 512);          // A net has exactly half of its points above 1/2,
  EXPECT_NEAR(denoised, 614.4, 1);  // and .6 of them to within one interval.
}

TEST(Design, HasTheSameFirstPointsAtEverySize) {
  const PipelineSpec& open = *find_pipeline("open");
  for (const Scrambling scrambling : {Scrambling::none, Scrambling::owen}) {
    const auto large = design_points(open, settings_of(scrambling), 0, 2048);
    const auto small = design_points(open, settings_of(scrambling), 0, 1024);
    EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
    const auto added = design_points(open, settings_of(scrambling), 1024, 1024);
    EXPECT_TRUE(std::equal(added.begin(), added.end(), large.begin() + 1024));
  }
}

TEST(Design, TellsTheCoordinatesBehindTheValues) {
  const PipelineSpec& standard = *find_pipeline("standard");
  const auto plain = design_coordinates(standard, settings_of(Scrambling::none), 2, 1);
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_EQ(plain[0], (std::vector<double>{0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25}));
  const auto owen = design_coordinates(standard, settings_of(Scrambling::owen), 0, 1);
  EXPECT_EQ(owen[0][0], 0x4793D926 / 4294967296.0);
  EXPECT_NE(owen, design_coordinates(standard, settings_of(Scrambling::owen, 43), 0, 1));
}

TEST(Design, KeepsAChoiceThatIsFixedOffAndTheDimensionsOfItsFactors) {
  PipelineSpec pipeline = *find_pipeline("open");
  Factor& resize = *pipeline.stages[0].choice;
  resize.kind = FactorKind::fixed;
  resize.fixed = std::string("off");
  EXPECT_EQ(design_dimensions(pipeline), factor_slots(pipeline).size() - 1);
  for (const Point& point : design_points(pipeline, settings_of(Scrambling::owen), 0, 16)) {
    EXPECT_EQ(point.values[0], FactorValue{std::string("off")});
    EXPECT_EQ(point.values[7], FactorValue{}) << "scale counts for nothing";
  }
}

TEST(Design, SchedulesPointsThatShareTheirFirstStagesTogether) {
  const PipelineSpec& open = *find_pipeline("open");
  const auto slots = factor_slots(open);
  const auto points = design_points(open, settings_of(Scrambling::owen), 0, 256);
  const auto order = schedule_order(open, points);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i) << "not a permutation";

  // Every distinct prefix of stages is one run of neighbours: it never comes back once left.
  for (std::size_t depth = 0; depth < open.stages.size(); ++depth) {
    const auto prefix = [&](const Point& point) {
      std::vector<FactorValue> values;
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].stage <= depth) values.push_back(point.values[i]);
      }
      return values;
    };
    std::set<std::vector<FactorValue>> left;
    std::vector<FactorValue> current;
    for (const std::size_t i : order) {
      const auto here = prefix(points[i]);
      if (here == current) continue;
      EXPECT_TRUE(left.insert(here).second) << "a prefix of " << depth + 1 << " stages comes back";
      current = here;
    }
  }
}

TEST(Design, SchedulesEqualPointsByIndex) {
  const PipelineSpec& standard = *find_pipeline("standard");
  auto points = design_points(standard, settings_of(Scrambling::owen), 0, 2);
  points[1].values = points[0].values;
  std::swap(points[0], points[1]);
  EXPECT_EQ(schedule_order(standard, points), (std::vector<std::size_t>{1, 0}));
}

}  // namespace
}  // namespace ocrs
