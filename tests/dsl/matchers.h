// SPDX-License-Identifier: Apache-2.0
//
// One matcher per outcome of a hop. A failure explains itself field by field.
//
// A packet that is sent on is expected as a router forwards it: one hop less,
// and into a pod with the MACs of its link. Tests state every other change.
#ifndef FAIRLEAD_TESTS_DSL_MATCHERS_H_
#define FAIRLEAD_TESTS_DSL_MATCHERS_H_

#include <gmock/gmock.h>

#include "tests/dsl/node.h"

namespace fairlead::testing {

::testing::Matcher<const Hop&> Delivers(const Packet& packet, const Pod& pod);
::testing::Matcher<const Hop&> SendsToPeer(const Packet& packet);
// By the tunnel device; the frame is as the other end takes it.
::testing::Matcher<const Hop&> SendsByTunnel(const Packet& packet);
// to_overlay: what our own stack sends goes on into the tunnel. It has lost its hop already.
::testing::Matcher<const Hop&> EntersTunnel(const Packet& packet);
::testing::Matcher<const Hop&> SendsToWorld(const Packet& packet);
// from_wire: back out of the uplink, addressed to the router, which is the next hop for all.
::testing::Matcher<const Hop&> SendsBack(const Packet& packet, uint32_t reason);
// from_wire: to from_network, as it came.
::testing::Matcher<const Hop&> LeavesToTc(const Packet& packet);
// To the host's stack, as a part of a flow: nothing but the packet's translation changes.
::testing::Matcher<const Hop&> PassesToStack(const Packet& packet);
// to_pod: goes on into the pod.
::testing::Matcher<const Hop&> LetsIn(const Packet& packet);
// to_network: an answer of the host's own process, as its client knows it.
::testing::Matcher<const Hop&> LeavesTranslated(const Packet& packet);
// Not fairlead's business: unchanged.
::testing::Matcher<const Hop&> LeavesAlone(const Packet& packet);
::testing::Matcher<const Hop&> Drops(uint32_t reason);
// Into the reassembly room, as it came.
::testing::Matcher<const Hop&> EntersTheRoom(const Packet& packet);
// Out of the room, to be received again by the pod's device or by the uplink; with
// the hop that the room has taken.
::testing::Matcher<const Hop&> ComesBackFrom(const Pod& pod, const Packet& packet);
::testing::Matcher<const Hop&> ComesBackFromTheNetwork(const Packet& packet);
// Sends `packet` back to the pod that asked, and counts `reason`.
::testing::Matcher<const Hop&> Answers(const Packet& packet, const Pod& pod,
                                       uint32_t reason = VERDICT_ANSWERED);

// The same out of the uplink, to whoever sent what the wire brought.
::testing::Matcher<const Hop&> AnswersOnTheWire(const Packet& packet, uint32_t reason);

// Both directions are one flow object: packets that arrive as `request` and
// answers to what left as `forwarded`.
::testing::Matcher<const Node&> Remembers(const Packet& request, const Packet& forwarded);
// The same as a half-open flow, and not as an object.
::testing::Matcher<const Node&> RemembersHalfOpen(const Packet& request, const Packet& forwarded);
::testing::Matcher<const Node&> HasNoDrops();

std::ostream& operator<<(std::ostream& os, const Node& node);

// For INSTANTIATE_TEST_SUITE_P.
std::string FamilyOfTest(const ::testing::TestParamInfo<Family>& info);

}  // namespace fairlead::testing

#define FAIRLEAD_BOTH_FAMILIES(suite)                                          \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      BothFamilies, suite,                                                     \
      ::testing::Values(::fairlead::Family::kIpv4, ::fairlead::Family::kIpv6), \
      ::fairlead::testing::FamilyOfTest)

#endif  // FAIRLEAD_TESTS_DSL_MATCHERS_H_
