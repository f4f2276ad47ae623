// SPDX-License-Identifier: Apache-2.0
//
// While no daemon runs: ADD fails at once and may be tried again, DEL succeeds
// and is completed later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cni/test_runtime.h"
#include "loader/pods/deferred_deletes.h"

namespace fairlead::testing {
namespace {

using ::testing::IsEmpty;

class DaemonAway : public Runtime {
 protected:
  size_t Deferred() {
    const auto files = std::filesystem::directory_iterator(DeferredDeletesDirectory(socket_));
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }
  // Answers come after what lay in the directory, so one answer is enough to wait for.
  void AwaitDaemon() { ASSERT_EQ(Call("STATUS", "").exit_code, 0); }
};

TEST_F(DaemonAway, AddCheckAndGcMayBeTriedAgainAndStatusIsNotAvailable) {
  StopDaemon();
  const json previous = {{"interfaces", {{{"name", "eth0"}, {"sandbox", "/x"}}}}};
  const json members = {{"cni.dev/valid-attachments", json::array()}};
  for (const auto& [command, code] :
       {std::pair{"ADD", 11}, {"CHECK", 11}, {"GC", 11}, {"STATUS", 50}}) {
    json all = members;
    if (std::string(command) == "CHECK") all["prevResult"] = previous;
    const Outcome refused = Call(command, "web", PathOf(netns_), all);
    EXPECT_EQ(refused.exit_code, 1) << command;
    EXPECT_EQ(refused.object().at("code"), code) << refused.text;
  }
}

TEST_F(DaemonAway, DelSucceedsAndTheNextDaemonCompletesIt) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  StopDaemon();
  for (int i = 0; i < 2; ++i) {
    const Outcome deleted = Call("DEL", "web");
    EXPECT_EQ(deleted.exit_code, 0) << deleted.text;
    EXPECT_EQ(deleted.text, "");
  }
  EXPECT_EQ(Deferred(), 1u);
  EXPECT_EQ(Devices(), 1u);
  StartDaemon();
  AwaitDaemon();
  EXPECT_EQ(Devices(), 0u);
  EXPECT_EQ(Deferred(), 0u);
  EXPECT_THAT(dataplane_.pods(), IsEmpty());
}

TEST_F(DaemonAway, DelThatIsWrittenDownAfterTheDaemonHasLookedIsCompletedLive) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  MustOk(DeferDelete(socket_, {"container-web", "eth0"}));
  AwaitDaemon();
  EXPECT_EQ(Devices(), 0u);
  EXPECT_EQ(Deferred(), 0u);
}

TEST_F(DaemonAway, AddAfterADeferredDelOfTheSameContainerIsNotUndone) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  StopDaemon();
  ASSERT_EQ(Call("DEL", "web").exit_code, 0);
  StartDaemon();
  const UniqueFd other = Must(MakeNetns());
  const Outcome added = Call("ADD", "web", PathOf(other));
  EXPECT_EQ(added.exit_code, 0) << added.text;
  AwaitDaemon();
  EXPECT_EQ(Devices(), 1u);
}

TEST_F(DaemonAway, DelThatFailsWhenItIsCompletedIsTriedAgain) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  dataplane_.fail_remove = true;
  MustOk(DeferDelete(socket_, {"container-web", "eth0"}));
  AwaitDaemon();
  EXPECT_EQ(Deferred(), 1u);
  dataplane_.fail_remove = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Deferred() != 0 && std::chrono::steady_clock::now() < deadline) {
    AwaitDaemon();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(Devices(), 0u);
}

TEST_F(DaemonAway, WhatIsWrittenDownIsForRootOnlyAndNamedByNobody) {
  StopDaemon();
  ASSERT_EQ(Call("DEL", "web").exit_code, 0);
  struct stat status{};
  ASSERT_EQ(::stat(DeferredDeletesDirectory(socket_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  for (const auto& file : std::filesystem::directory_iterator(DeferredDeletesDirectory(socket_))) {
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(file.path().string().find("web"), std::string::npos);
  }
}

TEST_F(DaemonAway, RubbishAmongTheDeferredDelsIsRemovedAndHarmsNobody) {
  ASSERT_EQ(Call("ADD", "web", PathOf(netns_)).exit_code, 0);
  StopDaemon();
  const std::string directory = DeferredDeletesDirectory(socket_);
  std::ofstream(directory + "/1.json") << "{";
  std::ofstream(directory + "/2.json") << std::string(8192, '[');
  std::filesystem::create_symlink("/etc/passwd", directory + "/3.json");
  StartDaemon();
  AwaitDaemon();
  EXPECT_EQ(Devices(), 1u);
  EXPECT_EQ(Deferred(), 0u);
}

TEST_F(DaemonAway, DelBeforeAnyDaemonSinceTheBootIsFine) {
  StopDaemon();
  std::filesystem::remove_all(directory_.path() + "/run");
  EXPECT_EQ(Call("DEL", "web").exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/run"));
}

TEST_F(DaemonAway, DelFailsWhenTooManyAreWaiting) {
  StopDaemon();
  const std::string directory = DeferredDeletesDirectory(socket_);
  std::ofstream(directory + "/0.json") << "[]";
  for (size_t i = 1; i < kMostDeferredDeletes; ++i) {
    std::filesystem::create_hard_link(directory + "/0.json",
                                      directory + "/" + std::to_string(i) + ".json");
  }
  EXPECT_EQ(Call("DEL", "web").object().at("code"), 11);
}

}  // namespace
}  // namespace fairlead::testing
