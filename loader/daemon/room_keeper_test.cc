// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/room_keeper.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

class ARoomThatCannotBeMade : public ::testing::Test {
 protected:
  absl::StatusOr<uint32_t> Open() {
    ++tries_;
    return answer_;
  }

  absl::StatusOr<uint32_t> answer_ = absl::ResourceExhaustedError("no memory");
  int tries_ = 0;
  RoomKeeper keeper_{[this] { return Open(); }};
  RoomKeeper::Time start_{};
};

TEST_F(ARoomThatCannotBeMade, IsAProblemUntilItCan) {
  EXPECT_EQ(keeper_.Keep(start_), 0U);
  EXPECT_NE(keeper_.problem().find("no memory"), std::string::npos) << keeper_.problem();
  answer_ = 7;
  EXPECT_EQ(keeper_.Keep(start_ + std::chrono::seconds(30)), 7U);
  EXPECT_EQ(keeper_.problem(), "");
  EXPECT_EQ(keeper_.Keep(start_ + std::chrono::seconds(31)), 7U);
}

TEST_F(ARoomThatCannotBeMade, IsNotTriedAgainForTheChangesThatTheTryMakes) {
  keeper_.Keep(start_);
  keeper_.Keep(start_ + std::chrono::seconds(1));
  EXPECT_EQ(tries_, 1);
  EXPECT_NE(keeper_.problem(), "");
}

TEST_F(ARoomThatCannotBeMade, IsNotTriedAgainWhereTheKernelHasNoSuchThing) {
  answer_ = absl::UnimplementedError("no netfilter programs");
  keeper_.Keep(start_);
  keeper_.Keep(start_ + std::chrono::hours(1));
  EXPECT_EQ(tries_, 1);
}

}  // namespace
}  // namespace fairlead
