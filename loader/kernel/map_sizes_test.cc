// SPDX-License-Identifier: Apache-2.0
//
// Promise: the tables suit the node's memory, and are as big as somebody asked.
#include "loader/kernel/map_sizes.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

constexpr uint64_t kGib = 1ULL << 30;

TEST(SizesFor, GrowWithTheMemoryWithinBounds) {
  const MapSizes small = SizesFor({}, kGib);
  EXPECT_EQ(small.flows, 65536u);
  EXPECT_EQ(small.services, 16384u);
  EXPECT_EQ(small.backends, 65536u);
  const MapSizes usual = SizesFor({}, 5 * kGib);
  EXPECT_EQ(usual.flows, 262144u);
  EXPECT_EQ(usual.services, 65536u);
  EXPECT_EQ(usual.backends, 131072u);
  const MapSizes big = SizesFor({}, 1024 * kGib);
  EXPECT_EQ(big.flows, 262144u);
  EXPECT_EQ(big.services, 131072u);
  EXPECT_EQ(big.backends, 262144u);
  EXPECT_EQ(SizesFor({}, 0), SizesFor({}, kGib / 4)) << "unknown memory";
}

TEST(SizesFor, FollowWhatIsAskedFor) {
  const MapSizes sizes = SizesFor({.flows = 1000, .services = 50'000, .backends = 500'000}, kGib);
  EXPECT_EQ(sizes.flows, 1000u);
  EXPECT_EQ(sizes.services, 50'000u);
  EXPECT_EQ(sizes.backends, 500'000u);
  EXPECT_GE(sizes.runs, 2 * sizes.backends) << "two sets of each backend";
}

TEST(SizesFor, KnowThisMachine) { EXPECT_GT(MemoryOfThisNode(), kGib / 4); }

}  // namespace
}  // namespace fairlead
