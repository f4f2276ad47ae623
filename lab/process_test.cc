// SPDX-License-Identifier: Apache-2.0
//
// Programs run by the lab end when they should and are never confused.
#include "lab/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace fairlead::lab {
namespace {

using std::chrono::seconds;

TEST(Run, CollectsOutputAndExitCode) {
  const auto finished =
      lab::Run({.argv = {"sh", "-c", "cat; echo bad >&2; exit 3"}, .input = "good"}, seconds(60));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->exit_code, 3);
  EXPECT_EQ(finished->out, "good");
  EXPECT_EQ(finished->err, "bad\n");
}

TEST(Run, TakesOutputLargerThanAPipe) {
  const auto finished = lab::Run({.argv = {"head", "-c", "3000000", "/dev/zero"}}, seconds(60));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->out.size(), 3000000u);
}

TEST(Run, DoesNotWaitForWhatTheProgramLeftInTheBackground) {
  const auto finished = lab::Run({.argv = {"sh", "-c", "sleep 600 & echo $!"}}, seconds(60));
  ASSERT_TRUE(finished.ok()) << finished.status();
  ::kill(std::stoi(finished->out), SIGKILL);
}

TEST(Run, KillsAProgramThatDoesNotEnd) {
  const auto finished = lab::Run({.argv = {"sleep", "600"}}, std::chrono::milliseconds(50));
  EXPECT_EQ(finished.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Run, SaysWhenThereIsNoSuchProgram) {
  EXPECT_EQ(lab::Run({.argv = {"no-such-program"}}, seconds(60)).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(lab::Run({.argv = {"/no/such/program"}}, seconds(60)).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(Run, GivesTheProgramItsEnvironmentAndFolder) {
  const auto finished = lab::Run({.argv = {"sh", "-c", "echo $GREETING from $PWD"},
                                  .env = {{"GREETING", "hello"}},
                                  .directory = "/"},
                                 seconds(60));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->out, "hello from /\n");
}

TEST(Spawn, LeavesAProcessThatStopEnds) {
  const auto process = Spawn({.argv = {"sleep", "600"}}, "/dev/null");
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(IsRunning(*process));
  EXPECT_TRUE(Stop(*process, SIGTERM, seconds(60)).ok());
  EXPECT_FALSE(IsRunning(*process));
  EXPECT_TRUE(Stop(*process, SIGTERM, seconds(60)).ok()) << "stopping twice is fine";
}

TEST(Stop, SparesAnotherProcessThatGotThePid) {
  const auto process = Spawn({.argv = {"sleep", "600"}}, "/dev/null");
  ASSERT_TRUE(process.ok()) << process.status();
  ProcessId earlier = *process;
  earlier.start_time -= 1;
  EXPECT_TRUE(Stop(earlier, SIGKILL, seconds(60)).ok());
  EXPECT_TRUE(IsRunning(*process));
  EXPECT_TRUE(Stop(*process, SIGKILL, seconds(60)).ok());
}

TEST(ProcessId, SurvivesBeingWrittenDown) {
  const auto self = ProcessId::Of(::getpid());
  ASSERT_TRUE(self.ok()) << self.status();
  const auto again = ProcessId::Parse(self->ToString() + "\n");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->pid, self->pid);
  EXPECT_EQ(again->start_time, self->start_time);
  EXPECT_FALSE(ProcessId::Parse("").ok());
  EXPECT_FALSE(ProcessId::Parse("1 5").ok()) << "nobody stops init";
}

}  // namespace
}  // namespace fairlead::lab
