// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/problem_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/printable.h"

namespace fairlead {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ProblemLog, TakesNoTextAsItCame) {
  ProblemLog problems;
  problems.Note(std::vector<plan::PlanProblem>{
      {{kube::Kind::kService, {"shop", "web"}}, "is \"a\nb\x1b[2J" + std::string(1 << 18, 'x')}});
  problems.Note(absl::InternalError("c\nd"), "try");
  ASSERT_THAT(problems.texts(), SizeIs(2));
  EXPECT_THAT(problems.texts(), Each(Not(HasSubstr("\n"))));
  EXPECT_THAT(problems.texts(), Each(Not(HasSubstr("\x1b"))));
  for (const std::string& text : problems.texts()) EXPECT_LE(text.size(), kLongestPrintable);
}

TEST(ProblemLog, TellsALackOfRoomFromOtherFailures) {
  ProblemLog problems;
  problems.Note(absl::ResourceExhaustedError("full"), "apply");
  EXPECT_TRUE(problems.failed());
  EXPECT_FALSE(problems.broken());
  problems.Note(absl::InternalError("no"), "apply");
  EXPECT_TRUE(problems.broken());
  problems.Begin();
  EXPECT_FALSE(problems.failed() || problems.broken());
  EXPECT_THAT(problems.texts(), ElementsAre());
}

}  // namespace
}  // namespace fairlead
