// SPDX-License-Identifier: Apache-2.0
//
// Promise: a good device is never found guilty, whatever its peers do; one that
// gets every checksum wrong is.
#include "loader/daemon/offload_judge.h"

#include <gtest/gtest.h>

namespace fairlead::testing {
namespace {

using Verdict = OffloadJudge::Verdict;

TEST(Offload, IsRightWithTheFirstAnswer) {
  OffloadJudge judge;
  EXPECT_EQ(judge.verdict(), Verdict::kOpen);
  judge.Round(true, true, false);
  EXPECT_EQ(judge.verdict(), Verdict::kRight);
}

TEST(Offload, IsWrongWhenOnlyCompleteOnesAreAnsweredInEitherOrder) {
  OffloadJudge judge;
  for (int round = 0; round < 2 * OffloadJudge::kLostRounds; ++round) {
    EXPECT_EQ(judge.verdict(), Verdict::kOpen) << round;
    judge.Round(round % 2 == 0, false, true);
  }
  EXPECT_EQ(judge.verdict(), Verdict::kWrong);
}

TEST(Offload, StaysOpenWhileThePeerIsAway) {
  OffloadJudge judge;
  for (int round = 0; round < 1000; ++round) judge.Round(round % 2 == 0, false, false);
  EXPECT_EQ(judge.verdict(), Verdict::kOpen);
}

// ICMP errors are rate limited: the second of two may never be answered.
TEST(Offload, IsNotBlamedByAPeerThatAnswersTheFirstOnly) {
  OffloadJudge judge;
  judge.Round(false, false, true);
  judge.Round(true, true, false);
  EXPECT_EQ(judge.verdict(), Verdict::kRight);
  OffloadJudge one_order;
  for (int round = 0; round < 1000; ++round) one_order.Round(false, false, true);
  EXPECT_EQ(one_order.verdict(), Verdict::kOpen);
}

TEST(Offload, LateAnswerAcquits) {
  OffloadJudge judge;
  for (int round = 0; round < 2 * OffloadJudge::kLostRounds - 1; ++round) {
    judge.Round(round % 2 == 0, false, true);
  }
  judge.Round(false, true, true);
  judge.Round(true, false, true);
  EXPECT_EQ(judge.verdict(), Verdict::kRight);
}

}  // namespace
}  // namespace fairlead::testing
