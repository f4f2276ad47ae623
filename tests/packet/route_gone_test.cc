// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ [from_pod] ──▶ the world, to which no route leads for a moment
//
// Promise: what a pod sends meanwhile is lost, as on any router, and nothing
// else: flows go on where they were when the route is back, whether the daemon
// has noticed or not.
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kNodePort = 30080;

class DefaultRouteFlaps : public ::testing::TestWithParam<Family> {
 protected:
  // The daemon has seen both changes, or neither.
  template <typename Meanwhile>
  void Flap(const Meanwhile& meanwhile, bool is_noticed = true) {
    {
      const OtherDefaultRoute gone(GetParam(), &ScratchNetwork::DropDefaultRoute);
      if (is_noticed) node_.ChangeRoutes();
      meanwhile();
    }
    if (is_noticed) node_.ChangeRoutes();
  }
  void Serve() {
    node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                     {pod_.On(8080)});
  }
  // As it leaves, of a connection of the pod.
  Packet Open(const Packet& request) {
    const Packet forwarded = request.From(node_.FromPod(pod_, request.Syn()).Source());
    node_.FromNetwork(forwarded.Reply().SynAck());
    node_.FromPod(pod_, request.Ack());
    return forwarded;
  }

  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
  Packet asked_ = Tcp(node_.World(1, 40000), node_.On(kNodePort));
  Packet inside_ = asked_.To(pod_.On(8080));
  Packet request_ = Tcp(pod_.On(1), node_.World(1, 443));
};

TEST_P(DefaultRouteFlaps, ServicesGoOnAnsweringFromTheirAddress) {
  Serve();
  node_.FromNetwork(asked_.Syn());
  node_.FromPod(pod_, inside_.Reply().SynAck());
  Flap([&] { EXPECT_THAT(node_.FromPod(pod_, inside_.Reply().Ack()), Drops(DROP_NO_ROUTE)); });
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(node_.FromPod(pod_, inside_.Reply().Ack()), SendsToWorld(asked_.Reply().Ack()));
  }
}

TEST_P(DefaultRouteFlaps, AnAnswerThatCameTooEarlyIsFollowedByOthers) {
  Serve();
  node_.FromNetwork(asked_.Syn());
  Flap([&] { node_.FromPod(pod_, inside_.Reply().SynAck()); });
  EXPECT_THAT(node_.FromPod(pod_, inside_.Reply().SynAck()), SendsToWorld(asked_.Reply().SynAck()));
}

TEST_P(DefaultRouteFlaps, NobodyHasToNotice) {
  Serve();
  node_.FromNetwork(asked_.Syn());
  Flap([&] { node_.FromPod(pod_, inside_.Reply().SynAck()); }, /*is_noticed=*/false);
  EXPECT_THAT(node_.FromPod(pod_, inside_.Reply().SynAck()), SendsToWorld(asked_.Reply().SynAck()));
}

TEST_P(DefaultRouteFlaps, MasqueradedConnectionsAreNotReset) {
  const Packet forwarded = Open(request_);
  Flap([&] { EXPECT_THAT(node_.FromPod(pod_, request_.Ack()), Drops(DROP_NO_ROUTE)); });
  EXPECT_THAT(node_.FromPod(pod_, request_.Ack()), SendsToWorld(forwarded.Ack()));
  EXPECT_EQ(node_.FlowCount(), 1u);
}

TEST_P(DefaultRouteFlaps, WhatBeganMeanwhileIsMasqueradedLater) {
  for (const bool is_noticed : {true, false}) {
    const uint16_t port = is_noticed ? 2 : 3;
    const Packet syn = Tcp(pod_.On(port), node_.World(1, 443)).Syn();
    const Packet query = Udp(pod_.On(port), node_.World(1, 53));
    for (const Packet& packet : {syn, query}) {
      Flap([&] { EXPECT_THAT(node_.FromPod(pod_, packet), PassesToStack(packet)); }, is_noticed);
      const Hop hop = node_.FromPod(pod_, packet);
      EXPECT_EQ(hop.Source().address, node_.address());
      EXPECT_THAT(hop, SendsToWorld(packet.From(hop.Source())));
      EXPECT_EQ(node_.FromPod(pod_, packet).Source(), hop.Source());
    }
  }
}

TEST_P(DefaultRouteFlaps, SoIsWhatAskedForAServiceInTheWorld) {
  const Service dns = node_.AddService("dns", UdpPort(53), {node_.World(9, 53)});
  const Packet query = Udp(pod_.On(1), dns.Front()), inside = query.To(node_.World(9, 53));
  Flap([&] { EXPECT_THAT(node_.FromPod(pod_, query), PassesToStack(inside)); });
  const Hop hop = node_.FromPod(pod_, query);
  EXPECT_EQ(hop.Source().address, node_.address());
  EXPECT_THAT(hop, SendsToWorld(inside.From(hop.Source())));
}

TEST_P(DefaultRouteFlaps, HalfOpenFlowsBetweenPodsGoOn) {
  const Pod other = node_.AddPod("other");
  const Packet query = Udp(pod_.On(1), other.On(53));
  const Service dns = node_.AddService("dns", UdpPort(53), {other.On(53), node_.World(9, 53)});
  const Packet asked = Udp(pod_.On(2), dns.Front());
  node_.FromPod(pod_, query);
  const Endpoint backend = node_.FromPod(pod_, asked).Destination();
  for (int i = 0; i < 8; ++i) {
    node_.ChangeRoutes();
    EXPECT_THAT(node_.FromPod(pod_, query), Delivers(query, other));
    EXPECT_THAT(node_.FromPod(other, query.Reply()), Delivers(query.Reply(), pod_));
    if (backend.address == other.address) {
      EXPECT_EQ(node_.FromPod(pod_, asked).Destination(), backend);
    }
  }
}

FAIRLEAD_BOTH_FAMILIES(DefaultRouteFlaps);

// Over a device of the host's that becomes an uplink later.
class WayThroughTheStack : public DefaultRouteFlaps {
 protected:
  Endpoint Side(uint16_t port) const { return {SideCidr(GetParam()).address().Plus(9), port}; }
};

TEST_P(WayThroughTheStack, IsLeftForAnUplink) {
  Serve();
  const Packet asked = asked_.From(Side(40000)), inside = asked.To(pod_.On(8080));
  node_.FromNetwork(asked.Syn());
  EXPECT_THAT(node_.FromPod(pod_, inside.Reply().SynAck()), PassesToStack(asked.Reply().SynAck()));
  node_.MakeSideLinkUplink();
  EXPECT_EQ(node_.FromPod(pod_, inside.Reply().Ack()).reason, VERDICT_TO_WORLD);
}

TEST_P(WayThroughTheStack, IsNotLeftWithThePodsOwnAddress) {
  const Packet request = Tcp(pod_.On(1), Side(443)), query = Udp(pod_.On(1), Side(53));
  EXPECT_THAT(node_.FromPod(pod_, request.Syn()), PassesToStack(request.Syn()));
  node_.ToPod(pod_, request.Reply().SynAck());
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), PassesToStack(request.Ack()));
  node_.FromPod(pod_, query);
  node_.ToPod(pod_, query.Reply());
  EXPECT_THAT(node_.FromPod(pod_, query), PassesToStack(query));
  ASSERT_EQ(node_.FlowCount(), 2u);
  const IpAddress address = node_.MakeSideLinkUplink();
  const Hop hop = node_.FromPod(pod_, query);
  EXPECT_EQ(hop.reason, VERDICT_TO_WORLD);
  EXPECT_EQ(hop.Source().address, address);
  EXPECT_EQ(node_.FromPod(pod_, request.Ack()).reason, DROP_ADDRESS_GONE);
}

TEST_P(WayThroughTheStack, IsThatOfTheHostsOwnAddresses) {
  const Packet request = Tcp(pod_.On(1), node_.On(22));
  node_.FromPod(pod_, request.Syn());
  node_.ToPod(pod_, request.Reply().SynAck());
  node_.ChangeRoutes();
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), PassesToStack(request.Ack()));
  EXPECT_THAT(node_, HasNoDrops());
}

// No address of the host, but a route of its table "local" (`ip route add local`): the kernel
// says of it what it says of no route.
TEST_P(WayThroughTheStack, IsThatOfWhatTheKernelCallsNoWay) {
  const Packet request = Tcp(pod_.On(1), node_.World(1, 443));
  Flap([&] {
    EXPECT_THAT(node_.FromPod(pod_, request.Syn()), PassesToStack(request.Syn()));
    EXPECT_THAT(node_.ToPod(pod_, request.Reply().SynAck()), LetsIn(request.Reply().SynAck()));
    EXPECT_THAT(node_.FromPod(pod_, request.Ack()), PassesToStack(request.Ack()));
    node_.ChangeRoutes();
    EXPECT_THAT(node_.FromPod(pod_, request.Ack()), PassesToStack(request.Ack()));
  });
}

// The same, and it becomes a conversation as others do.
TEST_P(WayThroughTheStack, IsRememberedWhereTheKernelCallsItNoWay) {
  const Packet query = Udp(pod_.On(1), node_.World(1, 53));
  Flap([&] {
    node_.FromPod(pod_, query);
    node_.ToPod(pod_, query.Reply());
    EXPECT_THAT(node_.FromPod(pod_, query), PassesToStack(query));
    EXPECT_EQ(node_.FlowCount(), 1u);
  });
}

FAIRLEAD_BOTH_FAMILIES(WayThroughTheStack);

// Which hop of a route a flow takes is a hash of its addresses: of the pod's when it began.
class SeveralHops : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(SeveralHops, FlowsStayOnTheirsWhenRoutesChange) {
  node_.MakeSideLinkUplink();
  const OtherDefaultRoute split(GetParam(), &ScratchNetwork::SplitDefaultRoute);
  std::set<uint32_t> devices;
  for (int host = 1; host <= 32; ++host) {
    const Packet request = Tcp(pod_.On(1), node_.World(host, 443));
    const Hop first = node_.FromPod(pod_, request.Syn());
    node_.FromNetwork(request.From(first.Source()).Reply().SynAck());
    node_.FromPod(pod_, request.Ack());
    node_.ChangeRoutes();
    const Hop later = node_.FromPod(pod_, request.Ack());
    EXPECT_EQ(later.reason, VERDICT_TO_WORLD);
    EXPECT_EQ(later.ifindex, first.ifindex);
    EXPECT_EQ(later.Source(), first.Source());
    devices.insert(first.ifindex);
  }
  EXPECT_EQ(devices.size(), 2u);
}

FAIRLEAD_BOTH_FAMILIES(SeveralHops);

}  // namespace
}  // namespace fairlead::testing
