// SPDX-License-Identifier: Apache-2.0
//
//   another node ──tunnel, as it is──▶ [from_overlay] ──▶ pod ──▶ [from_pod] ──▶ uplink ──▶ client
//
// Promise: what another node relays reaches a backend here under the client's address, and is
// answered from the address that the client has asked; nothing goes back into the tunnel, and a
// tunnel brings the world to Services only.
#include "tests/packet/direct_return.h"

namespace fairlead::testing {
namespace {

class DirectReturnSecondNode : public DirectReturn {
 protected:
  std::vector<Endpoint> DoorsOfPeer() const { return Doors(peer_.On(kNodePort)); }
};

TEST_P(DirectReturnSecondNode, AnswersTheClientFromTheAddressThatItAsked) {
  Web({local_.On(8080), remote_});
  uint16_t port = 40000;
  for (const Endpoint& door : DoorsOfPeer()) {
    const Packet request = Tcp(node_.World(1, port++), door);
    const Packet inside = request.To(local_.On(8080));
    EXPECT_THAT(node_.FromOverlay(peer_, request.Syn()), Delivers(inside.Syn(), local_)) << door;
    EXPECT_THAT(node_.FromPod(local_, inside.Reply().SynAck()),
                SendsToWorld(request.Reply().SynAck()));
    EXPECT_THAT(node_.FromOverlay(peer_, request.Ack().Payload(700)),
                Delivers(inside.Ack().Payload(700), local_));
    EXPECT_THAT(node_.FromPod(local_, inside.Reply().Ack().Payload(900)),
                SendsToWorld(request.Reply().Ack().Payload(900)));
    EXPECT_THAT(node_, Remembers(request, inside));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(DirectReturnSecondNode, DatagramsAndFragmentsToo) {
  Web({local_.On(8080), remote_}, UdpPort(80));
  const Packet query = Udp(client(), peer_.On(kNodePort));
  const Packet inside = query.To(local_.On(8080));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromOverlay(peer_, query), Delivers(inside, local_));
    EXPECT_THAT(node_.FromPod(local_, inside.Reply()), SendsToWorld(query.Reply()));
  }
  EXPECT_THAT(node_, Remembers(query, inside));
  int host = 5;
  for (const Endpoint& door : DoorsOfPeer()) {
    const Packet large = Udp({node_.World(++host, 0).address, 40000}, door).Payload(3000).Id(7);
    const std::vector<Packet> pieces = large.Fragments(1280);
    const std::vector<Packet> wanted = large.To(local_.On(8080)).Fragments(1280);
    for (size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_THAT(node_.FromOverlay(peer_, pieces[i]), Delivers(wanted[i], local_)) << door;
    }
  }
}

// The first node has put them in order; a tunnel is one flow to every fabric.
TEST_P(DirectReturnSecondNode, AFragmentOutOfOrderIsDropped) {
  Web({local_.On(8080)}, UdpPort(80));
  const std::vector<Packet> pieces =
      Udp(client(), peer_.On(kNodePort)).Payload(3000).Id(9).Fragments(1280);
  EXPECT_THAT(node_.FromOverlay(peer_, pieces[1]), Drops(DROP_ORPHAN_FRAGMENT));
}

TEST_P(DirectReturnSecondNode, AProcessOfThisNodeAnswersDirectly) {
  Web({node_.On(9100), remote_});
  const Packet request = Tcp(client(), peer_.On(kNodePort));
  const Packet inside = request.To(node_.On(9100));
  EXPECT_THAT(node_.FromOverlay(peer_, request.Syn()), PassesToStack(inside.Syn()));
  EXPECT_THAT(node_.ToNetwork(inside.Reply().SynAck()), LeavesTranslated(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromOverlay(peer_, request.Ack().Payload(10)),
              PassesToStack(inside.Ack().Payload(10)));
}

TEST_P(DirectReturnSecondNode, AllOfItsOwnBackendsGetTheirShare) {
  const Pod second = node_.AddPod("second");
  Web({local_.On(8080), second.On(8080), remote_});
  int to_second = 0;
  for (uint16_t port = 1000; port < 1400; ++port) {
    const Hop hop = node_.FromOverlay(peer_, Tcp(node_.World(1, port), peer_.On(kNodePort)).Syn());
    ASSERT_EQ(hop.reason, VERDICT_TO_POD);
    to_second += hop.ifindex == second.ifindex ? 1 : 0;
  }
  EXPECT_NEAR(to_second, 200, 60);
}

TEST_P(DirectReturnSecondNode, AClientKeepsItsBackend) {
  const Pod second = node_.AddPod("second");
  node_.AddService({.name = "web",
                    .vip = {},
                    .port = TcpPort(80),
                    .node_port = kNodePort,
                    .affinity_seconds = 60},
                   {local_.On(8080), second.On(8080), remote_});
  const auto ask = [&](uint16_t port) {
    return node_.FromOverlay(peer_, Tcp(node_.World(1, port), peer_.On(kNodePort)).Syn()).ifindex;
  };
  const uint32_t first = ask(1);
  for (uint16_t port = 2; port < 20; ++port) EXPECT_EQ(ask(port), first);
}

// The first node has not heard yet that the last backend here is gone.
TEST_P(DirectReturnSecondNode, WithoutABackendHereItGoesOnUnderThisNodesAddress) {
  const Service web = Web({remote_});
  for (const Endpoint& door : DoorsOfPeer()) {
    const Packet request = Tcp(client(), door);
    const Hop hop = node_.FromOverlay(peer_, request.Syn());
    const Packet onward = request.From(hop.Source()).To(remote_);
    EXPECT_EQ(hop.Source().address, node_.address());
    EXPECT_THAT(hop, SendsToPeer(onward.Syn()));
    EXPECT_THAT(node_.FromNetwork(onward.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
  }
  node_.SetEndpoints(web, {});
  const Packet request = Tcp(node_.World(2, 1), peer_.On(kNodePort)).Syn();
  EXPECT_THAT(node_.FromOverlay(peer_, request),
              AnswersOnTheWire(request.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0),
                               DROP_NO_BACKEND));
}

TEST_P(DirectReturnSecondNode, AResetGoesToTheClientAndNotBack) {
  const Service web = Web({local_.On(8080)});
  const Packet request = Tcp(client(), peer_.On(kNodePort));
  node_.FromOverlay(peer_, request.Syn());
  node_.FromPod(local_, request.To(local_.On(8080)).Reply().SynAck());
  node_.SetEndpoints(web, {remote_});
  EXPECT_THAT(node_.FromOverlay(peer_, request.Ack().Payload(1).Sequence(5, 9)),
              AnswersOnTheWire(request.Reply().Reset().Sequence(9).Window(0), DROP_BACKEND_GONE));
}

TEST_P(DirectReturnSecondNode, AnErrorAboutItsAnswersReachesThePod) {
  Web({local_.On(8080)}, UdpPort(80));
  const Packet query = Udp(client(), peer_.On(kNodePort));
  const Packet inside = query.To(local_.On(8080));
  const IpAddress router = node_.World(9, 0).address;
  const auto error = [&](const Packet& quoted) {
    return IcmpError(router, IcmpErrorKind::kPacketTooBig, quoted);
  };
  node_.FromOverlay(peer_, query);
  node_.FromPod(local_, inside.Reply());
  EXPECT_THAT(node_.FromOverlay(peer_, error(query.Reply())),
              Delivers(error(inside.Reply()), local_));
  // It goes no further than to this node if it is about nothing here.
  EXPECT_THAT(node_.FromOverlay(peer_, error(Udp(peer_.On(kNodePort), node_.World(3, 3)))),
              Drops(DROP_UNKNOWN_ICMP_ERROR));
}

// decision 0012: a node speaks for its pods and itself; and now for the world, to Services.
TEST_P(DirectReturnSecondNode, ATunnelBringsTheWorldToServicesOnly) {
  Web({local_.On(8080)});
  // Another pod's, another node's or our own address is nobody's to relay.
  for (const Endpoint& source :
       {third_.Pod(1, 1), third_.On(1), node_.On(1), local_.On(1), peer_.Pod(1, 1)}) {
    const Hop hop = node_.FromOverlay(peer_, Tcp(source, third_.On(kNodePort)).Syn());
    EXPECT_TRUE(hop.reason == DROP_SPOOFED_SOURCE || hop.reason == DROP_WRONG_NODE) << hop;
  }
  // Not to pods, not to this node, not to another node's ports than the sender's.
  EXPECT_THAT(node_.FromOverlay(peer_, Tcp(client(), local_.On(22)).Syn()),
              Drops(DROP_SPOOFED_SOURCE));
  EXPECT_THAT(node_.FromOverlay(peer_, Tcp(client(), node_.On(22)).Syn()),
              Drops(DROP_SPOOFED_SOURCE));
  EXPECT_THAT(node_.FromOverlay(peer_, Tcp(client(), third_.On(kNodePort)).Syn()),
              Drops(DROP_WRONG_NODE));
  EXPECT_THAT(node_.FromOverlay(peer_, Tcp(client(), {Virtual(1), 30080}).Syn()),
              Drops(DROP_WRONG_NODE));
}

TEST_P(DirectReturnSecondNode, ATunnelBringsNobodyWhereNobodyIsRelayed) {
  Web({local_.On(8080)});
  plan::RoutingOptions routing;
  routing.routing = plan::Routing::kVxlan;
  node_.SetRouting(routing);
  for (const Endpoint& door : DoorsOfPeer()) {
    EXPECT_THAT(node_.FromOverlay(peer_, Tcp(client(), door).Syn()), Drops(DROP_SPOOFED_SOURCE));
  }
}

FAIRLEAD_BOTH_FAMILIES(DirectReturnSecondNode);

// Where pods go by tunnel anyway.
class DirectReturnByTunnel : public DirectReturn {
 protected:
  DirectReturnByTunnel() : DirectReturn(plan::Routing::kVxlan) {}
};

TEST_P(DirectReturnByTunnel, IsTheSame) {
  const Service web = Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), SendsByTunnel(request.Syn()));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), SendsByTunnel(request.Ack()));
  // Pods of the other node are not relayed.
  const Packet inside = Tcp(peer_.Pod(2, 1), node_.On(kNodePort));
  const Hop hop = node_.FromOverlay(peer_, inside.Syn());
  EXPECT_THAT(hop, SendsByTunnel(inside.From(hop.Source()).To(remote_).Syn()));
  node_.SetEndpoints(web, {local_.On(8080)});
  const Packet relayed = Tcp(node_.World(2, 1), peer_.On(kNodePort));
  EXPECT_THAT(node_.FromOverlay(peer_, relayed.Syn()),
              Delivers(relayed.To(local_.On(8080)).Syn(), local_));
}

FAIRLEAD_BOTH_FAMILIES(DirectReturnByTunnel);

}  // namespace
}  // namespace fairlead::testing
