// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ [from_pod] ──▶ tunnel device ──▶ another node
//   pod ◀── [from_overlay] ◀── tunnel device ◀── another node
//
// Promise: behind a tunnel pods, Services and nodes are reached as they are on a
// shared link, whatever the family of the outer addresses; and a tunnel brings
// nothing but what its node may say, to pods of ours and to us.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kTunnelPort = 8472;

struct Families {
  Family inner, underlay;
};
void PrintTo(const Families& families, std::ostream* os) {
  *os << FamilyName(families.inner) << " in " << FamilyName(families.underlay);
}
std::string NameOf(const ::testing::TestParamInfo<Families>& info) {
  return fmt::format("{}In{}", FamilyName(info.param.inner), FamilyName(info.param.underlay));
}
// The outer family matters where a tunnel's metadata are read and written, and nowhere else: one
// test for each pair of them, the others for each of both.
#define ALL_FAMILIES(suite)                                                           \
  INSTANTIATE_TEST_SUITE_P(AllFamilies, suite,                                        \
                           ::testing::Values(Families{Family::kIpv4, Family::kIpv4},  \
                                             Families{Family::kIpv4, Family::kIpv6},  \
                                             Families{Family::kIpv6, Family::kIpv4},  \
                                             Families{Family::kIpv6, Family::kIpv6}), \
                           NameOf)
#define EACH_FAMILY(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(EachFamily, suite,                                         \
                           ::testing::Values(Families{Family::kIpv4, Family::kIpv6},  \
                                             Families{Family::kIpv6, Family::kIpv4}), \
                           NameOf)

class TunnelledNodes : public ::testing::TestWithParam<Families> {
 protected:
  static NodeOptions Options() {
    NodeOptions options;
    options.routing.routing = plan::Routing::kVxlan;
    options.routing.underlay = GetParam().underlay;
    return options;
  }

  Family family() const { return GetParam().inner; }
  // SYN, SYN-ACK and ACK of a flow from the pod to a pod of the peer's.
  void Establish(const Packet& request) {
    node_.FromPod(pod_, request.Syn());
    node_.FromOverlay(peer_, request.Reply().SynAck());
    node_.FromPod(pod_, request.Ack());
  }

  Node node_{GetParam().inner, Options()};
  Pod pod_ = node_.AddPod("pod");
  Peer peer_ = node_.AddPeer("peer");
  Peer other_ = node_.AddPeer("other");
};

class EveryUnderlay : public TunnelledNodes {};

TEST_P(EveryUnderlay, RequestGoesIntoTheTunnelAndTheReplyOutOfItIntoThePod) {
  const Packet request = Tcp(pod_.On(40000), peer_.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, request), SendsByTunnel(request));
  const Packet reply = request.Reply().SynAck();
  EXPECT_THAT(node_.FromOverlay(peer_, reply), Delivers(reply, pod_));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsByTunnel(request.Ack()));
  EXPECT_THAT(node_.FromOverlay(peer_, reply.Ack()), Delivers(reply.Ack(), pod_));
  EXPECT_THAT(node_, Remembers(request, request));
  EXPECT_THAT(node_, HasNoDrops());
}

ALL_FAMILIES(EveryUnderlay);

class PodToPodByTunnel : public TunnelledNodes {};

TEST_P(PodToPodByTunnel, ARequestOutOfTheTunnelIsDeliveredAndAnsweredByIt) {
  const Packet request = Udp(peer_.Pod(1, 5000), pod_.On(53));
  EXPECT_THAT(node_.FromOverlay(peer_, request), Delivers(request, pod_));
  EXPECT_THAT(node_.FromPod(pod_, request.Reply()), SendsByTunnel(request.Reply()));
  EXPECT_THAT(node_, RemembersHalfOpen(request, request));
  EXPECT_THAT(node_.FromOverlay(peer_, request), Delivers(request, pod_));
  EXPECT_THAT(node_, Remembers(request, request));
}

TEST_P(PodToPodByTunnel, EchoesAndFragmentsPass) {
  const Packet ping = Ping(pod_.On(7), peer_.Pod(1, 0).address);
  EXPECT_THAT(node_.FromPod(pod_, ping), SendsByTunnel(ping));
  EXPECT_THAT(node_.FromOverlay(peer_, ping.Reply()), Delivers(ping.Reply(), pod_));
  const Packet datagram = Udp(peer_.Pod(1, 1), pod_.On(2)).Payload(3000);
  for (const Packet& piece : datagram.Id(1).Fragments(1280)) {
    EXPECT_THAT(node_.FromOverlay(peer_, piece), Delivers(piece, pod_));
  }
  for (const Packet& piece : datagram.Reply().Id(2).Fragments(1280)) {
    EXPECT_THAT(node_.FromPod(pod_, piece), SendsByTunnel(piece));
  }
}

TEST_P(PodToPodByTunnel, LargeSegmentsAreLeftToTheDevice) {
  const Packet large = Tcp(pod_.On(40000), peer_.Pod(1, 80)).Ack().Payload(2000).Segments(500);
  EXPECT_THAT(node_.FromPod(pod_, large), SendsByTunnel(large));
}

TEST_P(PodToPodByTunnel, ABackendBehindATunnelAnswersForItsService) {
  const Endpoint backend = peer_.Pod(1, 8080);
  const Service web = node_.AddService("web", TcpPort(80), {backend});
  const Packet request = Tcp(pod_.On(40000), web.Front()).Syn();
  const Packet forwarded = request.To(backend);
  EXPECT_THAT(node_.FromPod(pod_, request), SendsByTunnel(forwarded));
  const Packet reply = forwarded.Reply().SynAck();
  EXPECT_THAT(node_.FromOverlay(peer_, reply), Delivers(reply.From(web.Front()), pod_));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsByTunnel(forwarded.Ack()));
  EXPECT_THAT(node_, Remembers(request, forwarded));
}

TEST_P(PodToPodByTunnel, AnErrorAboutItComesBack) {
  const Packet request = Udp(pod_.On(40000), peer_.Pod(1, 53));
  node_.FromPod(pod_, request);
  const Packet error =
      IcmpError(peer_.Pod(1, 0).address, IcmpErrorKind::kPortUnreachable, request.OneHopLater());
  EXPECT_THAT(node_.FromOverlay(peer_, error), Delivers(error, pod_));
}

EACH_FAMILY(PodToPodByTunnel);

class NodesOverATunnel : public TunnelledNodes {};

TEST_P(NodesOverATunnel, APodReachesAnotherNodeByTunnelUnderItsOwnAddress) {
  const Packet request = Tcp(pod_.On(40000), peer_.On(22)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, request), SendsByTunnel(request));
  const Packet reply = request.Reply().SynAck();
  EXPECT_THAT(node_.FromOverlay(peer_, reply), Delivers(reply, pod_));
}

TEST_P(NodesOverATunnel, WhatIsForThisNodeIsLeftToItsStack) {
  const Packet request = Tcp(peer_.Pod(1, 40000), node_.On(10250)).Syn();
  EXPECT_THAT(node_.FromOverlay(peer_, request), LeavesAlone(request));
}

TEST_P(NodesOverATunnel, OurOwnProcessesReachPodsOfTheOther) {
  const Packet request = Tcp(node_.On(40000), peer_.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.ToOverlay(request), EntersTunnel(request));
}

TEST_P(NodesOverATunnel, WhatFromPodHasFinishedPassesUnchanged) {
  const Packet packet = Tcp(pod_.On(40000), peer_.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.ToOverlay(packet, FL_MARK_DONE), LeavesAlone(packet));
}

TEST_P(NodesOverATunnel, NothingElseOfOursGetsIn) {
  const Packet request = Tcp(node_.On(40000), node_.World(1, 80)).Syn();
  EXPECT_THAT(node_.ToOverlay(request), Drops(DROP_NO_ROUTE));
  EXPECT_THAT(node_.ToOverlay(request.To({Ip(family(), "224.0.0.1", "ff02::1"), 80})),
              Drops(DROP_LINK_SCOPE));
  node_.RemovePeer(peer_);
  EXPECT_THAT(node_.ToOverlay(request.To(peer_.Pod(1, 80))), Drops(DROP_NO_ROUTE));
}

TEST_P(NodesOverATunnel, OuterPacketsPassFromNetworkAndAPodMayUseTheirPortItself) {
  const Packet outer = Udp(peer_.On(33000), node_.On(kTunnelPort));
  EXPECT_THAT(node_.FromNetwork(outer), LeavesAlone(outer));
  const Packet of_pod = Udp(peer_.Pod(1, 5000), pod_.On(kTunnelPort));
  EXPECT_THAT(node_.FromNetwork(of_pod), Delivers(of_pod, pod_));
}

EACH_FAMILY(NodesOverATunnel);

class FromATunnel : public TunnelledNodes {
 protected:
  const Packet packet_ = Tcp(peer_.Pod(1, 40000), pod_.On(80)).Syn();
};

TEST_P(FromATunnel, NobodyButANodeGetsIn) {
  EXPECT_THAT(node_.FromOverlay(Outer{WorldAddress(GetParam().underlay, 9)}, packet_),
              Drops(DROP_UNKNOWN_TUNNEL_PEER));
  EXPECT_THAT(node_.FromOverlay(Outer{NodeAddress(GetParam().underlay, 0)}, packet_),
              Drops(DROP_UNKNOWN_TUNNEL_PEER));
  EXPECT_THAT(node_.Run(HOOK_FROM_OVERLAY, node_.uplink(), packet_.OnLink({}, {})),
              Drops(DROP_UNKNOWN_TUNNEL_PEER));  // in no tunnel at all
  node_.RemovePeer(peer_);
  EXPECT_THAT(node_.FromOverlay(peer_, packet_), Drops(DROP_UNKNOWN_TUNNEL_PEER));
}

TEST_P(FromATunnel, AnyAddressOfANodeWillDo) {
  for (const Family outer : {Family::kIpv4, Family::kIpv6}) {
    EXPECT_THAT(node_.FromOverlay(Outer{NodeAddress(outer, peer_.number)}, packet_),
                Delivers(packet_, pod_));
  }
}

TEST_P(FromATunnel, AnotherNetworkDoesNotGetIn) {
  EXPECT_THAT(node_.FromOverlay(Outer{node_.UnderlayOf(peer_), 2}, packet_), Drops(DROP_WRONG_VNI));
}

TEST_P(FromATunnel, ANodeSpeaksForItsOwnPodsOnly) {
  for (const Endpoint& forged : {other_.Pod(1, 1), other_.On(1), pod_.On(1), node_.On(1),
                                 node_.World(1, 1), Endpoint{PodAddress(family(), 0, 99), 1}}) {
    EXPECT_THAT(node_.FromOverlay(peer_, packet_.From(forged)), Drops(DROP_SPOOFED_SOURCE))
        << forged;
  }
}

TEST_P(FromATunnel, AnErrorOfSomebodyElseIsRefused) {
  const Packet request = Udp(pod_.On(40000), peer_.Pod(1, 53));
  node_.FromPod(pod_, request);
  EXPECT_THAT(node_.FromOverlay(peer_, IcmpError(node_.World(1, 0).address,
                                                 IcmpErrorKind::kPortUnreachable, request)),
              Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(FromATunnel, WhatIsForNobodyHereGoesNowhere) {
  for (const Endpoint& elsewhere : {node_.World(1, 80), other_.Pod(1, 80), other_.On(22),
                                    Endpoint{PodAddress(family(), 0, 99), 80}}) {
    EXPECT_THAT(node_.FromOverlay(peer_, packet_.To(elsewhere)), Drops(DROP_WRONG_NODE))
        << elsewhere;
  }
  EXPECT_THAT(node_.FromOverlay(peer_, packet_.To({Ip(family(), "224.0.0.1", "ff02::1"), 80})),
              Drops(DROP_LINK_SCOPE));
}

TEST_P(FromATunnel, PiecesAreNoWayAround) {
  const Packet datagram = Udp(peer_.Pod(1, 1), pod_.On(2)).Payload(3000).Id(1);
  for (const Packet& piece : datagram.From(other_.Pod(1, 1)).Fragments(1280)) {
    EXPECT_THAT(node_.FromOverlay(peer_, piece), Drops(DROP_SPOOFED_SOURCE));
  }
  for (const Packet& piece : datagram.To(node_.World(1, 2)).Fragments(1280)) {
    EXPECT_THAT(node_.FromOverlay(peer_, piece), Drops(DROP_WRONG_NODE));
  }
}

TEST_P(FromATunnel, LinkBusinessDoesNotCrossIt) {
  EXPECT_THAT(node_.FromOverlay(peer_, NeighbourRequest(pod_, GatewayAddress(family()))),
              Drops(DROP_LINK_SCOPE));
  EXPECT_THAT(node_.FromOverlay(peer_, packet_.Raw(12, 0x88).Raw(13, 0xcc)), Drops(DROP_NOT_IP));
}

EACH_FAMILY(FromATunnel);

// A node that masquerades would vouch for what is inside.
class PodsThatTunnelThemselves : public TunnelledNodes {};

TEST_P(PodsThatTunnelThemselves, DoNotLeaveAsTheNode) {
  EXPECT_THAT(node_.FromPod(pod_, Udp(pod_.On(40000), node_.World(1, kTunnelPort))),
              Drops(DROP_FORGED_TUNNEL));
  const Packet other_port = Udp(pod_.On(40000), node_.World(1, kTunnelPort + 1));
  EXPECT_EQ(node_.FromPod(pod_, other_port).reason, VERDICT_TO_WORLD);
  const Packet as_itself = Udp(pod_.On(40000), peer_.On(kTunnelPort));
  EXPECT_THAT(node_.FromPod(pod_, as_itself), SendsByTunnel(as_itself));
}

EACH_FAMILY(PodsThatTunnelThemselves);

class WaysThatChange : public TunnelledNodes {};

TEST_P(WaysThatChange, KeepTheFlowsAcrossARestartWithOtherRouting) {
  const Packet request = Tcp(pod_.On(40000), peer_.Pod(1, 80));
  Establish(request);
  const uint32_t slot = node_.SlotOf(peer_);
  node_.SetRouting({});
  EXPECT_EQ(node_.SlotOf(peer_), slot);
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsToPeer(request.Ack()));
  EXPECT_THAT(node_.FromNetwork(request.Reply().Ack()), Delivers(request.Reply().Ack(), pod_));
  node_.SetRouting(Options().routing);
  EXPECT_EQ(node_.SlotOf(peer_), slot);
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsByTunnel(request.Ack()));
  EXPECT_THAT(node_, Remembers(request, request));
}

TEST_P(WaysThatChange, EndTheFlowsToANodeThatIsGone) {
  const Packet request = Tcp(pod_.On(40000), peer_.Pod(1, 80));
  const Packet to_other = Tcp(pod_.On(40001), other_.Pod(1, 80));
  Establish(request);
  node_.FromPod(pod_, to_other.Syn());
  node_.RemovePeer(peer_);
  EXPECT_EQ(node_.FromPod(pod_, request.Ack()).reason, VERDICT_TO_WORLD);  // a first packet
  EXPECT_THAT(node_.FromPod(pod_, to_other.Syn()), SendsByTunnel(to_other.Syn()));
}

EACH_FAMILY(WaysThatChange);

}  // namespace
}  // namespace fairlead::testing
