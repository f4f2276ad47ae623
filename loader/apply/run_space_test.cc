// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/run_space.h"

#include <gtest/gtest.h>

namespace fairlead::apply {
namespace {

TEST(RunSpace, GivesOutStretchesThatDoNotOverlap) {
  RunSpace space(10);
  EXPECT_EQ(space.Take(4), 0U);
  EXPECT_EQ(space.Take(6), 4U);
  EXPECT_EQ(space.Take(1), std::nullopt);
}

TEST(RunSpace, FreedStretchesRestUntilSettled) {
  RunSpace space(4);
  ASSERT_EQ(space.Take(4), 0U);
  space.GiveBack(0, 4);
  EXPECT_EQ(space.Take(1), std::nullopt);
  space.Settle();
  EXPECT_EQ(space.Take(4), 0U);
}

TEST(RunSpace, NeighbouringFreeStretchesBecomeOne) {
  RunSpace space(9);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(space.Take(3).has_value());
  space.GiveBack(0, 3);
  space.GiveBack(6, 3);
  space.GiveBack(3, 3);
  space.Settle();
  EXPECT_EQ(space.Take(9), 0U);
}

TEST(RunSpace, ClaimsWhatAnEarlierRunHasTakenOnce) {
  RunSpace space(8);
  EXPECT_TRUE(space.Claim(2, 3));
  EXPECT_FALSE(space.Claim(4, 1));
  EXPECT_TRUE(space.Claim(0, 2));
  EXPECT_EQ(space.Take(3), 5U);
}

TEST(RunSpace, AnEmptyRunNeedsNoRoom) {
  RunSpace space(0);
  EXPECT_EQ(space.Take(0), 0U);
  EXPECT_TRUE(space.Claim(7, 0));
}

}  // namespace
}  // namespace fairlead::apply
