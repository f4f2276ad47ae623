// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/route_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::plan {
namespace {

NodePlan TwoNodes() {
  NodePlan nodes;
  nodes.own = OwnNode{.name = "node1",
                      .pod_cidrs = {*Cidr::Parse("10.244.1.0/24"), *Cidr::Parse("fd00:1::/64")},
                      .addresses = {.ip4 = *IpAddress::Parse("172.31.0.11"),
                                    .ip6 = *IpAddress::Parse("fd00:31::11")},
                      .zone = ""};
  nodes.peers.push_back({.name = "node2",
                         .pod_cidrs = {*Cidr::Parse("10.244.2.0/24"), *Cidr::Parse("fd00:2::/64")},
                         .ip4 = *IpAddress::Parse("172.31.0.12"),
                         .ip6 = *IpAddress::Parse("fd00:31::12")});
  return nodes;
}

TEST(RoutesToPeers, GoThroughTheNodeWhenItIsOnALinkOfOurs) {
  const auto routes = MakeRoutePlan(TwoNodes(), [](const IpAddress&) { return 7U; });
  EXPECT_THAT(routes, ::testing::Contains(PlannedRoute{*Cidr::Parse("10.244.2.0/24"),
                                                       *IpAddress::Parse("172.31.0.12"), 7,
                                                       *IpAddress::Parse("172.31.0.11")}));
  EXPECT_THAT(routes, ::testing::Contains(PlannedRoute{*Cidr::Parse("fd00:2::/64"),
                                                       *IpAddress::Parse("fd00:31::12"), 7,
                                                       *IpAddress::Parse("fd00:31::11")}));
}

TEST(RoutesToPeers, AreLeftToTheFabricWhenNoLinkIsShared) {
  const auto routes = MakeRoutePlan(TwoNodes(), [](const IpAddress&) { return 0U; });
  for (const PlannedRoute& route : routes) EXPECT_FALSE(route.gateway.has_value());
}

TEST(RoutesToPeers, EndAtTheTunnelDeviceWhereAPeerIsBehindATunnel) {
  NodePlan nodes = TwoNodes();
  nodes.peers[0].tunnel = nodes.peers[0].ip6;
  const auto near = [](const IpAddress&) { return 7U; };
  EXPECT_THAT(
      MakeRoutePlan(nodes, near, 9),
      ::testing::IsSupersetOf(
          {PlannedRoute{*Cidr::Parse("10.244.2.0/24"), {}, 9, *IpAddress::Parse("172.31.0.11")},
           PlannedRoute{*Cidr::Parse("fd00:2::/64"), {}, 9, *IpAddress::Parse("fd00:31::11")}}));
  EXPECT_EQ(MakeRoutePlan(nodes, near, 0).size(), 2U);  // our own blocks
}

TEST(OwnBlocks, AreUnreachableButForTheirPods) {
  const auto routes = MakeRoutePlan(TwoNodes(), [](const IpAddress&) { return 0U; });
  EXPECT_EQ(routes.size(), 2U);
}

}  // namespace
}  // namespace fairlead::plan
