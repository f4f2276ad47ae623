// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/reach_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

// Peers: "near" on our subnets, "far" elsewhere, and two of one family each.
NodePlan Cluster(Family first = Family::kIpv4) {
  NodePlan nodes;
  nodes.own =
      OwnNode{.name = "own",
              .pod_cidrs = {},
              .addresses = {.ip4 = Ip("192.0.2.1"), .ip6 = Ip("2001:db8::1"), .first = first},
              .zone = ""};
  const auto add = [&](const char* name, const char* ip4, const char* ip6) {
    PeerNode peer{.name = name,
                  .pod_cidrs = {*Cidr::Parse("10.244.2.0/24"), *Cidr::Parse("fd00:2::/64")},
                  .ip4 = {},
                  .ip6 = {}};
    if (ip4 != nullptr) peer.ip4 = Ip(ip4);
    if (ip6 != nullptr) peer.ip6 = Ip(ip6);
    nodes.peers.push_back(peer);
  };
  add("near", "192.0.2.2", "2001:db8::2");
  add("far", "198.51.100.3", "2001:db8:1::3");
  add("four", "192.0.2.4", nullptr);
  add("six", nullptr, "2001:db8::6");
  return nodes;
}

uint32_t LinkTo(const IpAddress& address) {
  return Cidr::Parse("192.0.2.0/24")->Contains(address) ||
                 Cidr::Parse("2001:db8::/64")->Contains(address)
             ? 7
             : 0;
}

// "near 2 natively", "far 2 by 198.51.100.3": the peer, its blocks, its way.
std::vector<std::string> Ways(const RoutingOptions& options, NodePlan nodes = Cluster()) {
  PlanReach(options, LinkTo, nodes);
  std::vector<std::string> ways;
  for (const PeerNode& peer : nodes.peers) {
    ways.push_back(fmt::format("{} {} {}", peer.name, peer.pod_cidrs.size(),
                               peer.tunnel ? "by " + peer.tunnel->ToString() : "natively"));
  }
  return ways;
}

TEST(NativeRouting, TakesABlockOnlyIfTheNodeHasAnAddressOfItsFamily) {
  EXPECT_THAT(Ways({}), ElementsAre("near 2 natively", "far 2 natively", "four 1 natively",
                                    "six 1 natively"));
  NodePlan nodes = Cluster();
  PlanReach({}, LinkTo, nodes);
  ASSERT_EQ(nodes.problems.size(), 2U);
  EXPECT_EQ(nodes.problems[0].reason,
            "pod address block fd00:2::/64 is out of reach: the node has no IPv6 InternalIP");
  EXPECT_EQ(nodes.problems[0].object.ToString(), "Node four");
}

TEST(Vxlan, ReachesEveryPeerOverTheFamilyThatTheOwnNodeNamesFirst) {
  EXPECT_THAT(Ways({.routing = Routing::kVxlan}),
              ElementsAre("near 2 by 192.0.2.2", "far 2 by 198.51.100.3", "four 2 by 192.0.2.4",
                          "six 2 by 2001:db8::6"));
  EXPECT_THAT(Ways({.routing = Routing::kVxlan}, Cluster(Family::kIpv6)),
              ElementsAre("near 2 by 2001:db8::2", "far 2 by 2001:db8:1::3", "four 2 by 192.0.2.4",
                          "six 2 by 2001:db8::6"));
}

TEST(Vxlan, KeepsToTheUnderlayThatIsAskedFor) {
  const RoutingOptions options{.routing = Routing::kVxlan, .underlay = Family::kIpv6};
  EXPECT_THAT(Ways(options), ElementsAre("near 2 by 2001:db8::2", "far 2 by 2001:db8:1::3",
                                         "four 0 natively", "six 2 by 2001:db8::6"));
  NodePlan nodes = Cluster();
  PlanReach(options, LinkTo, nodes);
  ASSERT_EQ(nodes.problems.size(), 2U);
  EXPECT_EQ(nodes.problems[0].reason,
            "pod address block 10.244.2.0/24 is out of reach: not both nodes have an IPv6 "
            "InternalIP");
}

TEST(Vxlan, NeedsAFamilyThatBothNodesHave) {
  NodePlan nodes = Cluster();
  nodes.own->addresses.ip6.reset();
  PlanReach({.routing = Routing::kVxlan}, LinkTo, nodes);
  EXPECT_THAT(nodes.peers[3].pod_cidrs, IsEmpty());
  EXPECT_EQ(nodes.problems[0].reason,
            "pod address block 10.244.2.0/24 is out of reach: the nodes have InternalIPs of "
            "different families");
}

TEST(AutoRouting, TunnelsToPeersThatShareNoLinkInEveryFamilyOfTheirPods) {
  EXPECT_THAT(Ways({.routing = Routing::kAuto}),
              ElementsAre("near 2 natively", "far 2 by 198.51.100.3", "four 2 by 192.0.2.4",
                          "six 2 by 2001:db8::6"));
}

TEST(AutoRouting, ReachesANodeWithoutPodsByAnyLink) {
  NodePlan nodes = Cluster();
  for (PeerNode& peer : nodes.peers) peer.pod_cidrs.clear();
  EXPECT_THAT(
      Ways({.routing = Routing::kAuto}, nodes),
      ElementsAre("near 0 natively", "far 0 by 198.51.100.3", "four 0 natively", "six 0 natively"));
}

// "near by 192.0.2.2 natively": where clients are relayed to, and how pods are reached.
std::vector<std::string> Relays(const RoutingOptions& options) {
  NodePlan nodes = Cluster();
  PlanReach(options, LinkTo, nodes);
  std::vector<std::string> relays;
  for (const PeerNode& peer : nodes.peers) {
    relays.push_back(fmt::format("{} by {}{}", peer.name,
                                 peer.relay ? peer.relay->ToString() : "nothing",
                                 peer.tunnel ? "" : " natively"));
  }
  return relays;
}

TEST(DirectReturn, RelaysByTunnelWhicheverWayPodsAreReached) {
  EXPECT_THAT(Relays({.direct_return = true}),
              ElementsAre("near by 192.0.2.2 natively", "far by 198.51.100.3 natively",
                          "four by 192.0.2.4 natively", "six by 2001:db8::6 natively"));
  EXPECT_THAT(Relays({.routing = Routing::kAuto, .direct_return = true}),
              ElementsAre("near by 192.0.2.2 natively", "far by 198.51.100.3", "four by 192.0.2.4",
                          "six by 2001:db8::6"));
  EXPECT_THAT(Relays({.underlay = Family::kIpv4, .direct_return = true}),
              ElementsAre("near by 192.0.2.2 natively", "far by 198.51.100.3 natively",
                          "four by 192.0.2.4 natively", "six by nothing natively"));
  EXPECT_THAT(Relays({}), ElementsAre("near by nothing natively", "far by nothing natively",
                                      "four by nothing natively", "six by nothing natively"));
}

TEST(DirectReturn, TakesNothingOfThePodsMtuNatively) {
  NodePlan nodes = Cluster();
  const RoutingOptions native{.direct_return = true};
  PlanReach(native, LinkTo, nodes);
  EXPECT_EQ(TunnelOverhead(native, nodes), 0U);
  EXPECT_EQ(RelayOverhead(native, nodes), 70U);  // "six" has no IPv4
  EXPECT_EQ(RelayOverhead({}, nodes), 0U);
}

TEST(TunnelOverhead, G_is_that_of_the_largest_outer_header) {
  NodePlan nodes = Cluster();
  EXPECT_EQ(TunnelOverhead({}, nodes), 0U);
  EXPECT_EQ(TunnelOverhead({.routing = Routing::kAuto}, nodes), 50U);
  EXPECT_EQ(TunnelOverhead({.routing = Routing::kVxlan, .underlay = Family::kIpv6}, nodes), 70U);
  const RoutingOptions vxlan{.routing = Routing::kVxlan};
  PlanReach(vxlan, LinkTo, nodes);
  EXPECT_EQ(TunnelOverhead(vxlan, nodes), 70U);  // "six" has no IPv4
}

}  // namespace
}  // namespace fairlead::plan
