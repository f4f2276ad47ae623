// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ [from_network] ──tunnel, as it is──▶ the node of the backend, which answers it
//
// Promise: with --load-balancer-mode dsr the first node sends a client on unchanged, and keeps it
// at its node; it tells the client what does not fit and what is gone, believes no flood, and
// relays nothing that has been relayed.
#include <map>

#include "tests/packet/direct_return.h"

namespace fairlead::testing {
namespace {

class DirectReturnFirstNode : public DirectReturn {};

TEST_P(DirectReturnFirstNode, SendsTheClientOnAsItIs) {
  Web({remote_});
  for (const Endpoint& door : Doors(node_.On(kNodePort))) {
    const Packet request = Tcp(client(), door);
    EXPECT_THAT(node_.FromNetwork(request.Syn()), SendsByTunnel(request.Syn())) << door;
    for (int i = 0; i < 3; ++i) {
      EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(700)),
                  SendsByTunnel(request.Ack().Payload(700)));
    }
    EXPECT_THAT(node_, Remembers(request, request));
    EXPECT_THAT(node_.FromNetwork(request.Fin()), SendsByTunnel(request.Fin()));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(DirectReturnFirstNode, DatagramsToo) {
  Web({remote_}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  for (int i = 0; i < 4; ++i) EXPECT_THAT(node_.FromNetwork(query), SendsByTunnel(query));
  EXPECT_THAT(node_, Remembers(query, query));
  const Packet large = query.Payload(3000).Id(7);
  for (const Packet& piece : large.Fragments(1280)) {
    EXPECT_THAT(node_.FromNetwork(piece), SendsByTunnel(piece));
  }
}

TEST_P(DirectReturnFirstNode, ABackendHereIsServedHere) {
  Web({local_.On(8080)});
  uint16_t port = 40000;
  for (const Endpoint& door : Doors(node_.On(kNodePort))) {
    const Packet request = Tcp(node_.World(2, port++), door);
    const Packet inside = request.To(local_.On(8080));
    EXPECT_THAT(node_.FromNetwork(request.Syn()), Delivers(inside.Syn(), local_));
    EXPECT_THAT(node_.FromPod(local_, inside.Reply().SynAck()),
                SendsToWorld(request.Reply().SynAck()));
    EXPECT_THAT(node_, Remembers(request, inside));
  }
}

TEST_P(DirectReturnFirstNode, AProcessOfAnotherNodeIsABackendThere) {
  Web({peer_.On(9100)});
  const Packet request = Tcp(client(), node_.On(kNodePort)).Syn();
  EXPECT_THAT(node_.FromNetwork(request), SendsByTunnel(request));
}

// The tunnel is for the world's clients; nodes and pods know the way to a pod.
TEST_P(DirectReturnFirstNode, ClientsOfTheClusterSeeTheOldWay) {
  Web({remote_});
  for (const Endpoint& inside : {third_.Pod(1, 40000), third_.On(40000)}) {
    const Packet request = Tcp(inside, node_.On(kNodePort));
    const Hop hop = node_.FromNetwork(request.Syn());
    EXPECT_EQ(hop.Source().address, node_.address());
    EXPECT_THAT(hop, SendsToPeer(request.From(hop.Source()).To(remote_).Syn()));
  }
}

TEST_P(DirectReturnFirstNode, WhatNoNodeCanAnswerDirectlySeesTheNode) {
  const Endpoint bank = node_.World(7, 443);
  const Service web = Web({bank});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  const Hop hop = node_.FromNetwork(request.Syn());
  EXPECT_NE(hop.Source().address, client().address);
  EXPECT_THAT(hop, SendsToWorld(request.From(hop.Source()).To(bank).Syn()));
  // A ClusterIP is nobody's to answer from outside.
  node_.SetEndpoints(web, {remote_});
  const Packet routed = Tcp(client(), web.Front());
  const Hop there = node_.FromNetwork(routed.Syn());
  EXPECT_THAT(there, SendsToPeer(routed.From(there.Source()).To(remote_).Syn()));
}

TEST_P(DirectReturnFirstNode, LocalPolicyRelaysNobody) {
  Web({remote_}, TcpPort(80), /*local_only=*/true);
  for (const Endpoint& door : Doors(node_.On(kNodePort))) {
    EXPECT_THAT(node_.FromNetwork(Tcp(client(), door).Syn()), Drops(DROP_NO_LOCAL_BACKEND));
  }
}

TEST_P(DirectReturnFirstNode, TcpIsResetWhenItsBackendGoesAndUdpMoves) {
  const Service web = Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  Establish(request);
  ASSERT_THAT(node_, Remembers(request, request));
  node_.SetEndpoints(web, {third_.Pod(1, 8080)});
  EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(1).Sequence(5, 9)),
              AnswersOnTheWire(request.Reply().Reset().Sequence(9).Window(0), DROP_BACKEND_GONE));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), SendsByTunnel(request.Syn()));

  const Service dns = node_.AddService(
      {.name = "dns", .vip = {}, .port = UdpPort(53), .node_port = 30053}, {remote_});
  const Packet query = Udp(client(), node_.On(30053));
  const Packet half_open = Udp(node_.World(2, 40000), node_.On(30053));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(node_.FromNetwork(query), SendsByTunnel(query));
  EXPECT_THAT(node_.FromNetwork(half_open), SendsByTunnel(half_open));
  node_.SetEndpoints(dns, {local_.On(5353)});
  for (const Packet& next : {query, half_open}) {
    EXPECT_THAT(node_.FromNetwork(next), Delivers(next.To(local_.On(5353)), local_));
  }
}

TEST_P(DirectReturnFirstNode, AFlowStaysWithItsNodeWhileItsBackendDrains) {
  const Service web = Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  Establish(request);
  node_.SetEndpoints(web, {local_.On(8080)}, /*draining=*/{remote_});
  EXPECT_THAT(node_.FromNetwork(request.Ack()), SendsByTunnel(request.Ack()));
  const Packet fresh = Tcp(node_.World(2, 1), node_.On(kNodePort));
  EXPECT_THAT(node_.FromNetwork(fresh.Syn()), Delivers(fresh.To(local_.On(8080)).Syn(), local_));
}

// A flood may push a half-open flow out: the choice follows from the packet.
TEST_P(DirectReturnFirstNode, AForgottenFlowFindsItsNodeAgain) {
  Web({remote_, third_.Pod(1, 8080), local_.On(8080), peer_.Pod(2, 8080)});
  for (uint16_t port = 1000; port < 1064; ++port) {
    const Packet request = Tcp(node_.World(3, port), node_.On(kNodePort));
    const bool is_here = node_.FromNetwork(request.Syn()).reason == VERDICT_TO_POD;
    node_.TimePasses(std::chrono::hours(25));
    EXPECT_EQ(node_.FromNetwork(request.Ack()).reason == VERDICT_TO_POD, is_here) << port;
  }
}

// Counts of flows change in between.
TEST_P(DirectReturnFirstNode, AForgottenFlowFindsItsNodeAgainWhateverTheAlgorithm) {
  const Service web = Web({remote_, local_.On(8080)});
  Service least = web;
  least.algorithm = "least-connections";
  node_.ChangeService(least);
  const auto is_here = [&](uint16_t port, bool begins) {
    const Packet request = Tcp(node_.World(3, port), node_.On(kNodePort));
    return node_.FromNetwork(begins ? request.Syn() : request.Ack()).reason == VERDICT_TO_POD;
  };
  std::map<uint16_t, bool> was_here;
  for (uint16_t port = 1000; port < 1064; ++port) was_here[port] = is_here(port, true);
  node_.TimePasses(std::chrono::hours(25));
  for (uint16_t port = 1; port < 9; ++port) {
    Establish(Tcp(node_.World(4, port), node_.On(kNodePort)));
  }
  for (const auto& [port, was] : was_here) EXPECT_EQ(is_here(port, false), was) << port;
}

// Anyone can send a SYN; who goes on talking may be a flow.
TEST_P(DirectReturnFirstNode, AFloodOfSynsMakesNoFlows) {
  Web({remote_});
  for (uint16_t port = 1; port < 2000; ++port) {
    node_.FromNetwork(Tcp(node_.World(4, port), node_.On(kNodePort)).Syn());
  }
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(DirectReturnFirstNode, TimeoutsFitWhatItSees) {
  Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  Establish(request);
  node_.TimePasses(std::chrono::minutes(59));
  node_.FromNetwork(request.Ack());
  EXPECT_EQ(node_.FlowCount(), 1U);
  // The server's FIN passes elsewhere.
  node_.FromNetwork(request.Fin());
  node_.TimePasses(std::chrono::seconds(61));
  node_.FromNetwork(request.Ack());
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(DirectReturnFirstNode, WhatDoesNotFitTheTunnelIsAnswered) {
  const size_t mtu = 1500 - 50;  // the first InternalIP is IPv4
  Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  const auto is_answered = [&](const Packet& packet) {
    return AnswersOnTheWire(
        OwnIcmpError(node_.address(), IcmpErrorKind::kPacketTooBig, packet, mtu), DROP_TOO_BIG);
  };
  node_.FromNetwork(request.Syn());
  for (int i = 0; i < 3; ++i) {
    const Packet fits = request.Ack().Filled(mtu), too_big = request.Ack().Filled(mtu + 1);
    EXPECT_THAT(node_.FromNetwork(too_big), is_answered(too_big));
    EXPECT_THAT(node_.FromNetwork(fits), SendsByTunnel(fits));
  }
  ASSERT_THAT(node_, Remembers(request, request));
  const Packet large = request.Ack().Payload(2760).Segments(1380);
  EXPECT_THAT(node_.FromNetwork(large), SendsByTunnel(large));
}

// A router between the other node and the client speaks to the frontend, which is here.
TEST_P(DirectReturnFirstNode, AnErrorAboutTheAnswersGoesTheSameWay) {
  Web({remote_}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  const Packet error = IcmpError(node_.World(9, 0).address, IcmpErrorKind::kPacketTooBig,
                                 query.Reply().Payload(600));
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(node_.FromNetwork(query), SendsByTunnel(query));
    EXPECT_THAT(node_.FromNetwork(error), SendsByTunnel(error));
  }
}

// Two nodes that each believe the other one to have the backend.
TEST_P(DirectReturnFirstNode, WhatCameByATunnelIsNotRelayed) {
  const Service web = Web({remote_});
  const Packet half_open = Tcp(client(), {Virtual(1), 80});
  node_.FromNetwork(half_open.Syn());
  const Packet established = Tcp(node_.World(2, 40000), {Virtual(1), 80});
  Establish(established);
  EXPECT_THAT(node_.FromOverlay(third_, established.Ack().Sequence(5, 9)),
              ::testing::Field(&Hop::reason, DROP_BACKEND_GONE));
  for (const Packet& request : {half_open, established}) {
    const Hop hop = node_.FromOverlay(third_, request.Syn());
    EXPECT_EQ(hop.Source().address, node_.address());
    EXPECT_THAT(hop, SendsToPeer(request.From(hop.Source()).To(remote_).Syn()));
  }
}

TEST_P(DirectReturnFirstNode, WithoutATunnelClientsSeeTheOldWay) {
  Web({remote_});
  plan::RoutingOptions routing;
  node_.SetRouting(routing);
  const Packet request = Tcp(client(), {Virtual(1), 80});
  const Hop hop = node_.FromNetwork(request.Syn());
  EXPECT_THAT(hop, SendsToPeer(request.From(hop.Source()).To(remote_).Syn()));
}

FAIRLEAD_BOTH_FAMILIES(DirectReturnFirstNode);

}  // namespace
}  // namespace fairlead::testing
