// SPDX-License-Identifier: Apache-2.0
#include "loader/api/timer_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <vector>

namespace fairlead::api {
namespace {

using std::chrono::milliseconds;

class Alarms : public ::testing::Test {
 protected:
  void Turn() {
    pollfd ready{clock_->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&ready, 1, 60'000), 1);
    clock_->ReadReady();
  }
  std::unique_ptr<Alarm> Set(milliseconds delay, const std::string& name) {
    return clock_->After(delay, [this, name] { rung_.push_back(name); });
  }

  std::unique_ptr<TimerClock> clock_ = *TimerClock::Create();
  std::vector<std::string> rung_;
};

TEST_F(Alarms, RingInTheOrderOfTheirTimesAndOnce) {
  const auto later = Set(milliseconds(20), "later");
  const auto second = Set(milliseconds(0), "first");
  const auto first = Set(milliseconds(0), "second");
  while (rung_.size() < 3) Turn();
  EXPECT_THAT(rung_, ::testing::ElementsAre("first", "second", "later"));
  clock_->ReadReady();
  EXPECT_EQ(rung_.size(), 3U);
}

TEST_F(Alarms, RingNotBeforeTheirTime) {
  const auto before = clock_->Now();
  const auto alarm = Set(milliseconds(30), "a");
  while (rung_.empty()) Turn();
  EXPECT_GE(clock_->Now() - before, milliseconds(30));
}

TEST_F(Alarms, AreNotHeardOnceTheyAreGone) {
  auto gone = Set(milliseconds(0), "gone");
  const auto stays = Set(milliseconds(10), "stays");
  gone.reset();
  while (rung_.empty()) Turn();
  EXPECT_THAT(rung_, ::testing::ElementsAre("stays"));
}

TEST_F(Alarms, MayDestroyThemselvesAndOthersAndSetNewOnesWhileTheyRing) {
  std::unique_ptr<Alarm> self, other, next;
  self = clock_->After(milliseconds(0), [&] {
    rung_.push_back("self");
    self.reset();
    other.reset();
    next = Set(milliseconds(0), "next");
  });
  other = Set(milliseconds(0), "other");
  Turn();
  EXPECT_THAT(rung_, ::testing::ElementsAre("self"));
  Turn();
  EXPECT_THAT(rung_, ::testing::ElementsAre("self", "next"));
}

TEST_F(Alarms, ThatSetThemselvesAgainLeaveOthersTheirTurn) {
  std::unique_ptr<Alarm> restless;
  std::function<void()> again = [&] {
    rung_.push_back("restless");
    restless = clock_->After(milliseconds(0), again);
  };
  restless = clock_->After(milliseconds(0), again);
  Turn();
  EXPECT_EQ(rung_.size(), 1U) << "ReadReady() has returned";
}

TEST_F(Alarms, OfAThousandYearsNeverRing) {
  const auto never =
      clock_->After(std::chrono::nanoseconds::max(), [this] { rung_.push_back(""); });
  const auto soon = Set(milliseconds(1), "soon");
  while (rung_.empty()) Turn();
  EXPECT_THAT(rung_, ::testing::ElementsAre("soon"));
}

}  // namespace
}  // namespace fairlead::api
