// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/retry_delay.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(RetryDelay, DoublesUpToAboutAMinute) {
  RetryDelay::Time now(std::chrono::hours(1));
  RetryDelay delay;
  EXPECT_TRUE(delay.IsDue(now));
  for (const int seconds : {1, 2, 4, 8, 16, 32, 64, 64}) {
    delay.NoteFailure(now);
    EXPECT_FALSE(delay.IsDue(now + std::chrono::seconds(seconds - 1)));
    now += std::chrono::seconds(seconds);
    EXPECT_TRUE(delay.IsDue(now));
  }
}

}  // namespace
}  // namespace fairlead
