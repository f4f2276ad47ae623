// SPDX-License-Identifier: Apache-2.0
//
// What a restarted daemon finds: its pods, what was cut short, what was lost
// while it was away, and what it does not know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/durable_file.h"
#include "loader/pods/test_node.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(Node, FreedSlotAndAddressAreReusedLastEvenAfterARestart) {
  const LocalPod first = Attach("a", netns_);
  ASSERT_TRUE(Detach(first).ok());
  Start();
  const LocalPod second = Attach("b", netns_);
  EXPECT_NE(second.slot, first.slot);
  EXPECT_NE(second.ip4, first.ip4);
  EXPECT_NE(second.ip6, first.ip6);
}

TEST_F(Node, RestartKeepsPodsAndTheirAddresses) {
  const LocalPod pod = Attach("web", netns_);
  const RestoreReport report = Start();
  EXPECT_THAT(report.kept, ElementsAre(pod));
  EXPECT_THAT(report.released, IsEmpty());
  const UniqueFd other = Must(MakeNetns());
  EXPECT_NE(Attach("other", other).ip4, pod.ip4);
  EXPECT_TRUE(Detach(pod).ok());
}

TEST_F(Node, RestartReleasesPodsWhoseDeviceIsGone) {
  const LocalPod pod = Attach("web", netns_);
  MustOk(DeleteLink(host_, pod.ifindex));
  const RestoreReport report = Start();
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_THAT(report.released, ElementsAre(pod));
  EXPECT_TRUE(attacher_->Add(Named("web"), netns_.get()).ok());
}

TEST_F(Node, RestartRemovesWhatAKilledAddHasLeftHalfDone) {
  const LocalPod pod = Attach("web", netns_);
  MustOk(SetLinkAlias(host_, pod.ifindex, ""));  // as if killed before the last step
  const RestoreReport report = Start();
  EXPECT_THAT(report.released, ElementsAre(pod));
  EXPECT_THAT(PodDevices(), IsEmpty());
}

TEST_F(Node, LostStateFileCostsNoPodItsDeviceAndNoAddressIsGivenOutTwice) {
  const LocalPod pod = Attach("web", netns_);
  ASSERT_EQ(::unlink((directory_.path() + "/pods.json").c_str()), 0);
  const RestoreReport report = Start();
  EXPECT_THAT(report.unknown_devices, ElementsAre(pod.host_device));
  const UniqueFd other = Must(MakeNetns());
  const LocalPod next = Attach("other", other);
  EXPECT_NE(next.slot, pod.slot);
  EXPECT_NE(next.ip4, pod.ip4);
  EXPECT_NE(next.ip6, pod.ip6);
}

TEST_F(Node, DamagedStateFileStopsTheDaemon) {
  MustOk(WriteFileDurably(directory_.path() + "/pods.json", "{"));
  EXPECT_TRUE(absl::IsDataLoss(PodAttacher::Create(directory_.path(), dataplane_).status()));
}

TEST_F(Node, ADiskThatCannotBeWrittenToCostsAddsAlone) {
  const LocalPod pod = Attach("web", netns_);
  const std::string in_the_way = directory_.path() + "/pods.json.new";
  ASSERT_EQ(::mkdir(in_the_way.c_str(), 0700), 0);
  const RestoreReport report = Start();
  EXPECT_THAT(report.kept, ElementsAre(pod));
  EXPECT_FALSE(attacher_->KeepSaved().ok());
  const UniqueFd other = Must(MakeNetns());
  EXPECT_FALSE(attacher_->Add(Named("other"), other.get()).ok());
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod));
  ASSERT_EQ(::rmdir(in_the_way.c_str()), 0);
  MustOk(attacher_->KeepSaved());
  Attach("other", other);
  EXPECT_THAT(Start().kept, ::testing::SizeIs(2));
}

TEST_F(Node, NothingIsSavedOfNoPods) {
  EXPECT_NE(::access((directory_.path() + "/pods.json").c_str(), F_OK), 0);
}

TEST_F(Node, CleanupRemovesPodsAndUnknownDevices) {
  Attach("web", netns_);
  ASSERT_EQ(::unlink((directory_.path() + "/pods.json").c_str()), 0);
  Start();
  const UniqueFd other = Must(MakeNetns());
  Attach("other", other);
  EXPECT_TRUE(attacher_->RemoveAll().ok());
  EXPECT_THAT(PodDevices(), IsEmpty());
  EXPECT_THAT(attacher_->pods(), IsEmpty());
}

}  // namespace
}  // namespace fairlead::testing
