// SPDX-License-Identifier: Apache-2.0
//
//   pod:40000 ──▶ [from_pod] ── node:12345 ──▶ uplink ──▶ the world
//   pod:40000 ◀── [from_network] ◀── to node:12345 ──────────┘
//
// Promise: the world sees the node's address, the pod sees the world's.
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class PodToWorld : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(PodToWorld, TheWorldSeesTheNodeAndTheReplyIsRestored) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443)).Syn();
  const Hop hop = node_.FromPod(pod_, request);
  const Endpoint masquerade = hop.Source();
  EXPECT_EQ(masquerade.address, node_.address());
  EXPECT_GE(masquerade.port, 10000);
  EXPECT_LT(masquerade.port, 30000);
  const Packet forwarded = request.From(masquerade);
  EXPECT_THAT(hop, SendsToWorld(forwarded));
  EXPECT_THAT(node_, RemembersHalfOpen(request, forwarded));

  const Packet reply = forwarded.Reply();
  EXPECT_THAT(node_.FromNetwork(reply.SynAck()), Delivers(request.Reply().SynAck(), pod_));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsToWorld(forwarded.Ack()));
  EXPECT_THAT(node_.FromNetwork(reply.Ack().Payload(700)),
              Delivers(request.Reply().Ack().Payload(700), pod_));
  EXPECT_THAT(node_, Remembers(request, forwarded));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(PodToWorld, ARetransmissionKeepsItsPort) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443)).Syn();
  const Endpoint first = node_.FromPod(pod_, request).Source();
  EXPECT_EQ(node_.FromPod(pod_, request).Source(), first);
}

TEST_P(PodToWorld, UdpIsMasqueradedToo) {
  const Packet query = Udp(pod_.On(40000), node_.World(8, 53));
  const Packet forwarded = query.From(node_.FromPod(pod_, query).Source());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromNetwork(forwarded.Reply().Payload("so it is")),
                Delivers(query.Reply().Payload("so it is"), pod_));
    EXPECT_THAT(node_.FromPod(pod_, query), SendsToWorld(forwarded));
  }
  EXPECT_THAT(node_, Remembers(query, forwarded));
}

TEST_P(PodToWorld, AnEchoIsMasqueradedByItsId) {
  const Packet ping = Ping(pod_.On(77), WorldAddress(GetParam(), 1));
  const Hop hop = node_.FromPod(pod_, ping);
  const Packet forwarded = ping.From(hop.Source());
  EXPECT_THAT(hop, SendsToWorld(forwarded));
  EXPECT_EQ(hop.Source().address, node_.address());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(node_.FromNetwork(forwarded.Reply()), Delivers(ping.Reply(), pod_));
    EXPECT_THAT(node_.FromPod(pod_, ping), SendsToWorld(forwarded));
  }
  EXPECT_THAT(node_, Remembers(ping, forwarded));
}

// A reply to it could not be told from the host's own traffic.
TEST_P(PodToWorld, ProtocolsWithoutPortsCannotBeMasqueraded) {
  const Packet esp = WithProtocol(50, pod_.address, WorldAddress(GetParam(), 1));
  EXPECT_THAT(node_.FromPod(pod_, esp), Drops(DROP_NO_PORTS));
}

TEST_P(PodToWorld, PodsWithTheSamePortGetDifferentOnes) {
  const Pod other = node_.AddPod("other");
  std::set<Endpoint> sources;
  for (const Pod& pod : {pod_, other}) {
    sources.insert(node_.FromPod(pod, Tcp(pod.On(40000), node_.World(1, 443)).Syn()).Source());
  }
  EXPECT_EQ(sources.size(), 2U);
}

TEST_P(PodToWorld, TheStackGetsWhatNoUplinkLeadsTo) {
  const Packet request = Tcp(pod_.On(1), {SideCidr(GetParam()).address().Plus(9), 80}).Syn();
  EXPECT_THAT(node_.FromPod(pod_, request), PassesToStack(request));
}

TEST_P(PodToWorld, NoRouteIsARefusal) {
  const Endpoint nowhere{UnreachableCidr(GetParam()).address().Plus(1), 80};
  EXPECT_THAT(node_.FromPod(pod_, Tcp(pod_.On(1), nowhere).Syn()), Drops(DROP_NO_ROUTE));
}

TEST_P(PodToWorld, WhatTheHostItselfSendsAndGetsIsLeftAlone) {
  const Packet request = Tcp(node_.On(40000), node_.World(1, 443)).Syn();
  EXPECT_THAT(node_.ToNetwork(request), LeavesAlone(request));
  EXPECT_THAT(node_.FromNetwork(request.Reply().SynAck()), LeavesAlone(request.Reply().SynAck()));
}

TEST_P(PodToWorld, OnlyAFinishedPacketLeavesWithAPodsAddress) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443)).Syn();
  EXPECT_THAT(node_.ToNetwork(request), Drops(DROP_UNTRANSLATED_SOURCE));
  EXPECT_THAT(node_.ToNetwork(request, FL_MARK_DONE), LeavesAlone(request));
  const Peer peer = node_.AddPeer("there");
  const Packet inside = Tcp(pod_.On(40000), peer.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.ToNetwork(inside), LeavesAlone(inside));
}

FAIRLEAD_BOTH_FAMILIES(PodToWorld);

// One port to masquerade with.
class PodToWorldWithOnePort : public ::testing::TestWithParam<Family> {
 protected:
  static NodeOptions OnePort() {
    NodeOptions options;
    options.hooks.snat_first_port = 20000;
    options.hooks.snat_ports = 1;
    return options;
  }
  Node node_{GetParam(), OnePort()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(PodToWorldWithOnePort, ItServesAsManyDestinationsAsThereAre) {
  for (int host = 1; host < 10; ++host) {
    const Packet request = Tcp(pod_.On(40000), node_.World(host, 443)).Syn();
    EXPECT_THAT(node_.FromPod(pod_, request), SendsToWorld(request.From(node_.On(20000))));
    const Packet other_port = Tcp(pod_.On(40000), node_.World(host, 80)).Syn();
    EXPECT_THAT(node_.FromPod(pod_, other_port), SendsToWorld(other_port.From(node_.On(20000))));
  }
}

TEST_P(PodToWorldWithOnePort, ASecondFlowToTheSameDestinationIsRefused) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443)).Syn();
  node_.FromPod(pod_, request);
  const Packet second = Tcp(pod_.On(40001), node_.World(1, 443)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, second), Drops(DROP_NO_SNAT_PORT));
  node_.FromNetwork(request.From(node_.On(20000)).Reply().SynAck());
  EXPECT_THAT(node_.FromPod(pod_, second), Drops(DROP_NO_SNAT_PORT));
}

TEST_P(PodToWorldWithOnePort, AFlowThatIsForgottenGivesItsPortBack) {
  node_.FromPod(pod_, Tcp(pod_.On(40000), node_.World(1, 443)).Syn());
  node_.TimePasses(std::chrono::seconds(61));
  const Packet second = Tcp(pod_.On(40001), node_.World(1, 443)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, second), SendsToWorld(second.From(node_.On(20000))));
}

FAIRLEAD_BOTH_FAMILIES(PodToWorldWithOnePort);

class PodToWorldWithoutMasquerade : public ::testing::TestWithParam<Family> {};

TEST_P(PodToWorldWithoutMasquerade, ThePodsAddressGoesOut) {
  NodeOptions options;
  options.hooks.masquerade = false;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  const Packet request = Tcp(pod.On(40000), node.World(1, 443)).Syn();
  EXPECT_THAT(node.FromPod(pod, request), SendsToWorld(request));
  EXPECT_THAT(node.FromNetwork(request.Reply().SynAck()), Delivers(request.Reply().SynAck(), pod));
  EXPECT_THAT(node.ToNetwork(request), LeavesAlone(request));
}

TEST_P(PodToWorldWithoutMasquerade, AnUplinkWithoutAnAddressIsARefusal) {
  NodeOptions options;
  options.uplink_has_addresses = false;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  EXPECT_THAT(node.FromPod(pod, Tcp(pod.On(40000), node.World(1, 443)).Syn()),
              Drops(DROP_NO_NODE_ADDRESS));
}

FAIRLEAD_BOTH_FAMILIES(PodToWorldWithoutMasquerade);

}  // namespace
}  // namespace fairlead::testing
