// SPDX-License-Identifier: Apache-2.0
//
// Pods that go without a DEL, and pods whose node got other podCIDRs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "loader/pods/test_node.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class VanishedPod : public Node {
 protected:
  VanishedPod() : pod_(Attach("web", netns_)) {}
  void Vanish() {
    MustOk(DeleteLink(host_, pod_.ifindex));
    attacher_->NoteGone(pod_.ifindex, now_);
  }

  LocalPod pod_;
  PodAttacher::Clock::time_point now_ = PodAttacher::Clock::now();
  PodAttacher::Clock::time_point later_ = now_ + PodAttacher::kGrace;
};

TEST_F(VanishedPod, KeepsItsAddressForAWhileAndIsReleasedThen) {
  Vanish();
  EXPECT_THAT(attacher_->ReleaseVanished(later_ - std::chrono::seconds(1)), IsEmpty());
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod_));
  EXPECT_THAT(attacher_->ReleaseVanished(later_), ElementsAre(pod_));
  EXPECT_THAT(attacher_->pods(), IsEmpty());
  EXPECT_THAT(dataplane_.pods(), IsEmpty());
  EXPECT_TRUE(Detach(pod_).ok()) << "its DEL may come after all";
}

TEST_F(VanishedPod, IsFoundByLookingWhenNotesWereLost) {
  MustOk(DeleteLink(host_, pod_.ifindex));
  MustOk(attacher_->LookForGone(now_));
  EXPECT_THAT(attacher_->ReleaseVanished(later_), ElementsAre(pod_));
}

TEST_F(VanishedPod, OneThatIsThereIsNotReleasedWhateverWasNoted) {
  attacher_->NoteGone(pod_.ifindex, now_);
  attacher_->NoteGone(pod_.ifindex + 1, now_);
  EXPECT_THAT(attacher_->ReleaseVanished(later_), IsEmpty());
  EXPECT_THAT(attacher_->pods(), ElementsAre(pod_));
}

TEST_F(VanishedPod, WithADelAndAnAddInBetweenTheNewOneStays) {
  Vanish();
  ASSERT_TRUE(Detach(pod_).ok());
  const UniqueFd other = Must(MakeNetns());
  const LocalPod next = Attach("web", other);
  EXPECT_THAT(attacher_->ReleaseVanished(later_), IsEmpty());
  EXPECT_THAT(attacher_->pods(), ElementsAre(next));
}

TEST_F(VanishedPod, WhoseReleaseFailsIsTriedAgain) {
  Vanish();
  dataplane_.fail_remove = true;
  EXPECT_THAT(attacher_->ReleaseVanished(later_), IsEmpty());
  dataplane_.fail_remove = false;
  EXPECT_THAT(attacher_->ReleaseVanished(later_ + PodAttacher::kGrace), ElementsAre(pod_));
}

TEST_F(Node, PodOfAnotherPodCidrStaysAsItIsAndNewOnesAreOfTheNew) {
  const LocalPod old = Attach("old", netns_);
  EXPECT_THAT(attacher_->Strays(), IsEmpty());
  MustOk(attacher_->SetNode({Must(Cidr::Parse("10.9.0.0/24")), blocks_[1]}, 1450));
  EXPECT_THAT(attacher_->Strays(), ElementsAre(old));
  EXPECT_THAT(dataplane_.pods().at(old.slot), old);
  EXPECT_EQ(OwnRoutes(), 2u);
  const UniqueFd other = Must(MakeNetns());
  const LocalPod next = Attach("next", other);
  EXPECT_EQ(next.ip4, Must(IpAddress::Parse("10.9.0.1")));
  EXPECT_NE(next.ip6, old.ip6);
  ASSERT_TRUE(Detach(old).ok());
  EXPECT_THAT(attacher_->Strays(), IsEmpty());
  MustOk(attacher_->SetNode(blocks_, 1450));
  EXPECT_THAT(attacher_->Strays(), ElementsAre(next));
}

TEST_F(Node, ChangesSinceTheStartComeBackAfterARestart) {
  const LocalPod kept = Attach("kept", netns_);
  const UniqueFd other = Must(MakeNetns());
  for (int i = 0; i < 20; ++i) MustOk(Detach(Attach("brief", other)));
  EXPECT_THAT(Start().kept, ElementsAre(kept));
  EXPECT_EQ(Attach("next", other).slot, 21u) << "slots of before the restart are reused last";
}

}  // namespace
}  // namespace fairlead::testing
