// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ [from_pod] ──▶ server          the same node: straight into it
//   client ──▶ [from_pod] ──▶ uplink ~~▶ [from_network] ──▶ server
//
// Promise: pods see each other's addresses, untouched; a hop is all it costs.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class PodToPod : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
};

TEST_P(PodToPod, TheFirstPacketIsDeliveredAndRememberedHalfOpen) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet request = Tcp(client.On(40000), server.On(80)).Syn();
  EXPECT_THAT(node_.FromPod(client, request), Delivers(request, server));
  EXPECT_THAT(node_, RemembersHalfOpen(request, request));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(PodToPod, TheReplyMakesOneFlowOfBothDirections) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet request = Tcp(client.On(40000), server.On(80)).Syn();
  node_.FromPod(client, request);
  EXPECT_THAT(node_.FromPod(server, request.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), client));
  EXPECT_THAT(node_, Remembers(request, request));
  EXPECT_EQ(node_.FlowCount(), 1U);
}

TEST_P(PodToPod, AnEstablishedFlowGoesOnUntouched) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet request = Tcp(client.On(40000), server.On(80)).Syn();
  node_.FromPod(client, request);
  node_.FromPod(server, request.Reply().SynAck());
  for (int i = 0; i < 3; ++i) {
    const Packet data = request.Ack().Payload("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(node_.FromPod(client, data), Delivers(data, server));
    EXPECT_THAT(node_.FromPod(server, data.Reply().Payload(1000)),
                Delivers(data.Reply().Payload(1000), client));
  }
  EXPECT_THAT(node_, HasNoDrops());
  EXPECT_EQ(node_.Count(HOOK_FROM_POD, VERDICT_TO_POD), 8U);
}

TEST_P(PodToPod, AnEchoIsAnsweredThroughOneFlow) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet ping = Ping(client.On(77), server.address);
  EXPECT_THAT(node_.FromPod(client, ping), Delivers(ping, server));
  EXPECT_THAT(node_.FromPod(server, ping.Reply()), Delivers(ping.Reply(), client));
  EXPECT_THAT(node_.FromPod(client, ping), Delivers(ping, server));
  EXPECT_THAT(node_, Remembers(ping, ping));
}

TEST_P(PodToPod, ProtocolsWithoutPortsAreForwarded) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet esp = WithProtocol(50, client.address, server.address);
  EXPECT_THAT(node_.FromPod(client, esp), Delivers(esp, server));
  EXPECT_THAT(node_.FromPod(server, esp.Reply()), Delivers(esp.Reply(), client));
  EXPECT_THAT(node_.FromPod(client, esp), Delivers(esp, server));
  EXPECT_THAT(node_, Remembers(esp, esp));
}

TEST_P(PodToPod, APacketThatHasHopsLeftLosesOne) {
  const Pod client = node_.AddPod("client");
  const Pod server = node_.AddPod("server");
  const Packet request = Tcp(client.On(40000), server.On(80)).Syn();
  EXPECT_THAT(node_.FromPod(client, request.HopLimit(2)), Delivers(request.HopLimit(2), server));
  EXPECT_THAT(node_.FromPod(client, request.HopLimit(255)),
              Delivers(request.HopLimit(255), server));
}

TEST_P(PodToPod, AnAddressOfOurRangeWithoutAPodIsRefused) {
  const Pod client = node_.AddPod("client");
  const Endpoint nobody{PodAddress(GetParam(), 0, 100), 80};
  EXPECT_THAT(node_.FromPod(client, Tcp(client.On(1), nobody).Syn()), Drops(DROP_NO_SUCH_POD));
}

FAIRLEAD_BOTH_FAMILIES(PodToPod);

class PodToPodOnPeer : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
};

TEST_P(PodToPodOnPeer, ItLeavesByTheUplinkUnderItsOwnAddress) {
  const Pod client = node_.AddPod("client");
  const Peer peer = node_.AddPeer("there");
  const Packet request = Tcp(client.On(40000), peer.Pod(3, 80)).Syn();
  EXPECT_THAT(node_.FromPod(client, request), SendsToPeer(request));
  EXPECT_THAT(node_.FromNetwork(request.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), client));
  EXPECT_THAT(node_.FromPod(client, request.Ack()), SendsToPeer(request.Ack()));
  EXPECT_THAT(node_, Remembers(request, request));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(PodToPodOnPeer, TheFlowKnowsWhichPeer) {
  const Pod client = node_.AddPod("client");
  const Peer first = node_.AddPeer("first");
  const Peer second = node_.AddPeer("second");
  for (const Peer& peer : {first, second}) {
    const Packet request = Tcp(client.On(40000), peer.Pod(3, 80)).Syn();
    node_.FromPod(client, request);
    node_.FromNetwork(request.Reply().SynAck());
    node_.FromPod(client, request.Ack());
    const auto flow = node_.FindFlow(request);
    ASSERT_TRUE(flow.has_value());
    EXPECT_EQ(flow->exit, static_cast<uint32_t>(EXIT_NODE));
    EXPECT_EQ(flow->exit_target, node_.SlotOf(peer));
  }
}

TEST_P(PodToPodOnPeer, ThePeerItselfIsReachedUnderThePodsAddress) {
  const Pod client = node_.AddPod("client");
  const Peer peer = node_.AddPeer("there");
  const Packet request = Tcp(client.On(40000), peer.On(10250)).Syn();
  EXPECT_THAT(node_.FromPod(client, request), SendsToPeer(request));
}

TEST_P(PodToPodOnPeer, AFlowThatBeganOverThereIsDeliveredAndAnswered) {
  const Pod server = node_.AddPod("server");
  const Peer peer = node_.AddPeer("there");
  const Packet request = Tcp(peer.Pod(7, 40000), server.On(80)).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Delivers(request, server));
  EXPECT_THAT(node_, RemembersHalfOpen(request, request));
  EXPECT_THAT(node_.FromPod(server, request.Reply().SynAck()),
              SendsToPeer(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), Delivers(request.Ack(), server));
  EXPECT_THAT(node_, Remembers(request, request));
}

TEST_P(PodToPodOnPeer, WhatIsForNobodyHereIsTheHosts) {
  const Peer peer = node_.AddPeer("there");
  const Packet for_host = Tcp(peer.On(40000), node_.On(22)).Syn();
  EXPECT_THAT(node_.FromNetwork(for_host), LeavesAlone(for_host));
  const Packet for_no_pod = Tcp(peer.Pod(1, 2), {PodAddress(GetParam(), 0, 99), 80}).Syn();
  EXPECT_THAT(node_.FromNetwork(for_no_pod), LeavesAlone(for_no_pod));
}

FAIRLEAD_BOTH_FAMILIES(PodToPodOnPeer);

}  // namespace
}  // namespace fairlead::testing
