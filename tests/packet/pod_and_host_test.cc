// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ [from_pod] ──▶ host's stack      pod ◀── [to_pod] ◀── host's stack
//
// Promise: pods and the node's own processes talk both ways, each under its own
// address; the flow is remembered whoever spoke first.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class PodAndHost : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(PodAndHost, ThePodSpeaksFirst) {
  const Packet request = Tcp(pod_.On(40000), node_.On(9100)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, request), PassesToStack(request));
  EXPECT_THAT(node_, RemembersHalfOpen(request, request));
  EXPECT_THAT(node_.ToPod(pod_, request.Reply().SynAck()), LetsIn(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), PassesToStack(request.Ack()));
  EXPECT_THAT(node_, Remembers(request, request));
}

TEST_P(PodAndHost, TheHostSpeaksFirst) {
  const Packet probe = Tcp(node_.On(50000), pod_.On(8080)).Syn();
  EXPECT_THAT(node_.ToPod(pod_, probe), LetsIn(probe));
  EXPECT_THAT(node_, RemembersHalfOpen(probe, probe));
  EXPECT_THAT(node_.FromPod(pod_, probe.Reply().SynAck()), PassesToStack(probe.Reply().SynAck()));
  EXPECT_THAT(node_.ToPod(pod_, probe.Ack()), LetsIn(probe.Ack()));
  EXPECT_THAT(node_, Remembers(probe, probe));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(PodAndHost, AnEchoFromTheHostIsAnswered) {
  const Packet ping = Ping(node_.On(7), pod_.address);
  EXPECT_THAT(node_.ToPod(pod_, ping), LetsIn(ping));
  EXPECT_THAT(node_.FromPod(pod_, ping.Reply()), PassesToStack(ping.Reply()));
}

TEST_P(PodAndHost, TheLastHopOfTheHostsPacketIsNotTaken) {
  const Packet probe = Tcp(node_.On(50000), pod_.On(8080)).Syn().HopLimit(1);
  EXPECT_THAT(node_.ToPod(pod_, probe), LetsIn(probe));
}

FAIRLEAD_BOTH_FAMILIES(PodAndHost);

}  // namespace
}  // namespace fairlead::testing
