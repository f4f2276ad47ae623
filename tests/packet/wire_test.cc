// SPDX-License-Identifier: Apache-2.0
//
//   client ──(1) to node:30080 ──▶ [from_wire] ──(2) to web:80 ──▶ web, on another node
//   client ◀─(4) from node:30080 ─ [from_wire] ◀─(3) to the node's own port ── web
//
// Promise: what XDP does, from_network would have done; a flow may begin at one
// and go on at the other. What XDP cannot do it leaves to TC as it came, and
// nothing has been written down.
#include <linux/neighbour.h>

#include <chrono>
#include <thread>
#include "loader/netlink/neighbours.h"

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kNodePort = 30080;

class Wire : public ::testing::TestWithParam<Family> {
 protected:
  Service Web(const std::vector<Endpoint>& endpoints, Port port = TcpPort(80)) {
    return node_.AddService({.name = "web", .vip = {}, .port = port, .node_port = kNodePort},
                            endpoints);
  }
  Endpoint client() const { return node_.World(1, 40000); }
  Packet Request() const { return Tcp(client(), node_.On(kNodePort)); }
  // Its first packet went by XDP: the flow as it leaves for the backend.
  Packet Begun(const Packet& request) {
    return request.From(node_.FromWire(request.Syn()).Source()).To(remote_);
  }
  // A connection whose handshake went by XDP: as it leaves for the backend.
  Packet Connected(const Packet& request) {
    const Packet onward = Begun(request);
    EXPECT_THAT(node_.FromWire(onward.Reply().SynAck()),
                SendsBack(request.Reply().SynAck(), VERDICT_TO_WORLD));
    EXPECT_THAT(node_.FromWire(request.Ack()), SendsBack(onward.Ack(), VERDICT_TO_NODE));
    return onward;
  }

  Node node_{GetParam()};
  Pod local_ = node_.AddPod("local");
  Peer peer_ = node_.AddPeer("there");
  Endpoint remote_ = peer_.Pod(1, 8080);
};

TEST_P(Wire, CarriesAConnectionToABackendElsewhere) {
  Web({remote_});
  const Packet request = Request();
  const Hop hop = node_.FromWire(request.Syn());
  EXPECT_EQ(hop.Source().address, node_.address());
  const Packet onward = request.From(hop.Source()).To(remote_);
  EXPECT_THAT(hop, SendsBack(onward.Syn(), VERDICT_TO_NODE));
  EXPECT_THAT(node_, RemembersHalfOpen(request, onward));
  EXPECT_THAT(node_.FromWire(request.Syn()), SendsBack(onward.Syn(), VERDICT_TO_NODE));
  EXPECT_THAT(node_.FromWire(onward.Reply().SynAck()),
              SendsBack(request.Reply().SynAck(), VERDICT_TO_WORLD));
  EXPECT_THAT(node_, Remembers(request, onward));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromWire(request.Ack().Payload(500)),
                SendsBack(onward.Ack().Payload(500), VERDICT_TO_NODE));
    EXPECT_THAT(node_.FromWire(onward.Reply().Ack().Payload(1000)),
                SendsBack(request.Reply().Ack().Payload(1000), VERDICT_TO_WORLD));
  }
  EXPECT_EQ(node_.Count(HOOK_FROM_WIRE, VERDICT_TO_TC), 0U);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Wire, CarriesDatagramsToABackendElsewhere) {
  Web({remote_}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  const Packet onward = query.From(node_.FromWire(query).Source()).To(remote_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromWire(query), SendsBack(onward, VERDICT_TO_NODE));
    EXPECT_THAT(node_.FromWire(onward.Reply()), SendsBack(query.Reply(), VERDICT_TO_WORLD));
  }
  EXPECT_THAT(node_, Remembers(query, onward));
  if (GetParam() == Family::kIpv4) {
    EXPECT_THAT(node_.FromWire(query.WithoutChecksum()),
                SendsBack(onward.WithoutChecksum(), VERDICT_TO_NODE));
  }
}

TEST_P(Wire, AFlowBegunAtXdpGoesOnAtTcAndComesBack) {
  Web({remote_});
  const Packet request = Request();
  const Packet onward = Begun(request);
  EXPECT_THAT(node_.FromNetwork(onward.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
  EXPECT_THAT(node_.FromWire(request.Ack()), SendsBack(onward.Ack(), VERDICT_TO_NODE));
  EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(9)), SendsToPeer(onward.Ack().Payload(9)));
  EXPECT_EQ(node_.FlowCount(), 1U);
}

TEST_P(Wire, AFlowBegunAtTcGoesOnAtXdp) {
  Web({remote_});
  const Packet request = Request();
  const Packet onward = request.From(node_.FromNetwork(request.Syn()).Source()).To(remote_);
  EXPECT_THAT(node_.FromWire(onward.Reply().SynAck()),
              SendsBack(request.Reply().SynAck(), VERDICT_TO_WORLD));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), SendsToPeer(onward.Ack()));
  EXPECT_THAT(node_.FromWire(request.Fin()), SendsBack(onward.Fin(), VERDICT_TO_NODE));
  EXPECT_THAT(node_.FromWire(onward.Reply().Fin()),
              SendsBack(request.Reply().Fin(), VERDICT_TO_WORLD));
}

TEST_P(Wire, ABackendInTheWorldIsElsewhereToo) {
  const Endpoint bank = node_.World(7, 443);
  Web({bank});
  const Packet request = Request();
  const Hop hop = node_.FromWire(request.Syn());
  EXPECT_THAT(hop, SendsBack(request.From(hop.Source()).To(bank).Syn(), VERDICT_TO_WORLD));
}

TEST_P(Wire, ABackendHereIsLeftToTc) {
  Web({local_.On(8080)});
  const Packet request = Request(), inside = request.To(local_.On(8080));
  EXPECT_THAT(node_.FromWire(request.Syn()), LeavesToTc(request.Syn()));
  EXPECT_FALSE(node_.IsHalfOpen(request, inside));
  EXPECT_THAT(node_.FromNetwork(request.Syn()), Delivers(inside.Syn(), local_));
  node_.FromPod(local_, inside.Reply().SynAck());
  EXPECT_THAT(node_.FromWire(request.Ack()), LeavesToTc(request.Ack()));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), Delivers(inside.Ack(), local_));
}

TEST_P(Wire, WhatIsNoServicesIsLeftToTc) {
  Web({remote_});
  for (const Packet& packet :
       {Tcp(client(), node_.On(22)).Syn(), Tcp(client(), local_.On(80)).Syn(),
        Udp(client(), node_.On(kNodePort)), Tcp(client(), node_.World(3, 80)).Ack(),
        Ping(client(), node_.address()), Sctp(client(), node_.On(kNodePort)),
        WithProtocol(47, client().address, node_.address())}) {
    EXPECT_THAT(node_.FromWire(packet), LeavesToTc(packet));
  }
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(Wire, WhatXdpCannotReadOrFinishIsLeftToTc) {
  Web({remote_});
  const Packet request = Request();
  Connected(request);
  const Packet data = request.Ack().Payload(100);
  for (const Packet& packet :
       {data.LeftToDevice(), data.HopLimit(1), request.Ack().Filled(1501),
        Udp(client(), node_.On(kNodePort)).Payload(64).LeftToDevice(),
        Udp(client(), node_.On(kNodePort)).Payload(64).Fragment(0, true),
        IcmpError(client().address, IcmpErrorKind::kPortUnreachable, data.Reply())}) {
    EXPECT_THAT(node_.FromWire(packet), LeavesToTc(packet));
  }
}

TEST_P(Wire, NeighboursThatTheKernelDoesNotKnowAreLeftToIt) {
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  const auto forget = [&] {
    MustOk(DeleteNeighbour(netlink, node_.uplink(), RouterAddress(GetParam())));
  };
  Web({remote_});
  const Packet request = Request();
  forget();
  EXPECT_THAT(node_.FromWire(request.Syn()), LeavesToTc(request.Syn()));
  EXPECT_EQ(node_.FlowCount(), 0U);
  MustOk(
      PutNeighbour(netlink, node_.uplink(), RouterAddress(GetParam()), kRouterMac, NUD_PERMANENT));
  const Packet onward = Connected(request);
  forget();
  // It is believed for the rest of the tick in which it was asked (wire_hops).
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_THAT(node_.FromWire(request.Ack()), LeavesToTc(request.Ack()));
  EXPECT_THAT(node_.FromNetwork(request.Ack()), SendsToPeer(onward.Ack()));
  MustOk(
      PutNeighbour(netlink, node_.uplink(), RouterAddress(GetParam()), kRouterMac, NUD_PERMANENT));
}

TEST_P(Wire, TcIsLeftToAnswerWhenABackendGoes) {
  const Service web = Web({remote_});
  const Packet request = Request();
  Connected(request);
  const Packet half_open = Tcp(node_.World(2, 40000), node_.On(kNodePort));
  node_.FromWire(half_open.Syn());
  node_.SetEndpoints(web, {});
  const Packet data = request.Ack().Payload(1).Sequence(5, 9);
  EXPECT_THAT(node_.FromWire(data), LeavesToTc(data));
  EXPECT_THAT(node_.FromNetwork(data),
              AnswersOnTheWire(request.Reply().Reset().Sequence(9).Window(0), DROP_BACKEND_GONE));
  EXPECT_THAT(node_.FromWire(half_open.Ack()), LeavesToTc(half_open.Ack()));
  EXPECT_THAT(node_.FromNetwork(half_open.Ack()),
              AnswersOnTheWire(half_open.Reply().Reset().Sequence(0).Window(0), DROP_BACKEND_GONE));
  EXPECT_THAT(node_.FromWire(half_open.Syn()), LeavesToTc(half_open.Syn()));
}

TEST_P(Wire, AnExpiredOrClosedFlowIsLeftToTc) {
  Web({remote_});
  const Packet request = Request();
  const Packet onward = Connected(request);
  node_.FromWire(request.Fin());
  node_.FromWire(onward.Reply().Fin());
  EXPECT_THAT(node_.FromWire(request.Syn()), LeavesToTc(request.Syn()));
  node_.TimePasses(std::chrono::seconds(11));
  EXPECT_THAT(node_.FromWire(request.Ack()), LeavesToTc(request.Ack()));
}

TEST_P(Wire, UplinksThatHaveChangedAreLeftToTc) {
  Web({remote_});
  const Packet request = Request();
  const Packet onward = Connected(request);
  node_.ChangeRoutes();
  const Packet answer = onward.Reply().Ack();
  EXPECT_THAT(node_.FromWire(answer), LeavesToTc(answer));
  EXPECT_THAT(node_.FromNetwork(answer), SendsToWorld(request.Reply().Ack()));
  EXPECT_THAT(node_.FromWire(answer), SendsBack(request.Reply().Ack(), VERDICT_TO_WORLD));
}

TEST_P(Wire, DropsEarlyWhatTcWouldDrop) {
  node_.AddService({.name = "near",
                    .vip = {},
                    .port = TcpPort(81),
                    .node_port = 30081,
                    .outside_local_only = true},
                   {remote_});
  const Service closed =
      node_.AddService({.name = "closed",
                        .vip = {},
                        .port = TcpPort(82),
                        .load_balancer_ips = {Ip(GetParam(), "192.0.2.2", "2001:db8:2::2")},
                        .source_ranges = {Cidr::Make(Ip(GetParam(), "192.0.2.0", "2001:db8:9::"),
                                                     GetParam() == Family::kIpv4 ? 24 : 64)}},
                       {remote_});
  EXPECT_THAT(node_.FromWire(Tcp(client(), node_.On(30081)).Syn()), Drops(DROP_NO_LOCAL_BACKEND));
  EXPECT_THAT(node_.FromWire(Tcp(client(), {closed.load_balancer_ips[0], 82}).Syn()),
              Drops(DROP_SOURCE_NOT_ALLOWED));
  EXPECT_THAT(node_.FromWire(Tcp(local_.On(5), node_.On(30081)).Syn()), Drops(DROP_SPOOFED_SOURCE));
  EXPECT_THAT(node_.FromWire(Udp(client(), node_.On(1))
                                 .Raw(GetParam() == Family::kIpv4 ? 39 : 59, 1)
                                 .Raw(GetParam() == Family::kIpv4 ? 38 : 58, 0)),
              Drops(DROP_BAD_L4_HEADER));
}

TEST_P(Wire, RefusalsAreTcs) {
  Web({});
  const Packet syn = Request().Syn();
  EXPECT_THAT(node_.FromWire(syn), LeavesToTc(syn));
}

TEST_P(Wire, AResetOfTheBackendForgetsTheHandshake) {
  Web({remote_});
  const Packet request = Request();
  const Packet onward = Begun(request);
  EXPECT_THAT(node_.FromWire(onward.Reply().Reset()),
              SendsBack(request.Reply().Reset(), VERDICT_TO_WORLD));
  EXPECT_FALSE(node_.IsHalfOpen(request, onward));
}

TEST_P(Wire, NewPoliciesJudgeAnew) {
  Web({remote_});
  const Packet request = Request();
  Connected(request);
  HookOptions strict;
  strict.default_deny = true;
  node_.Reload(strict);
  node_.BumpPolicyEpoch();
  EXPECT_THAT(node_.FromWire(request.Ack()), Drops(DROP_POLICY_DENIED));
}

FAIRLEAD_BOTH_FAMILIES(Wire);

class WireWithoutAnExit : public ::testing::TestWithParam<Family> {};

TEST_P(WireWithoutAnExit, LeavesAllToTc) {
  NodeOptions options;
  options.xdp_sends = false;
  Node node(GetParam(), options);
  const Peer peer = node.AddPeer("there");
  node.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                  {peer.Pod(1, 8080)});
  const Packet syn = Tcp(node.World(1, 40000), node.On(kNodePort)).Syn();
  EXPECT_THAT(node.FromWire(syn), LeavesToTc(syn));
}

TEST_P(WireWithoutAnExit, LeavesTunnelsToTc) {
  NodeOptions options;
  options.routing.routing = plan::Routing::kVxlan;
  Node node(GetParam(), options);
  const Peer peer = node.AddPeer("there");
  node.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                  {peer.Pod(1, 8080)});
  const Packet syn = Tcp(node.World(1, 40000), node.On(kNodePort)).Syn();
  EXPECT_THAT(node.FromWire(syn), LeavesToTc(syn));
}

FAIRLEAD_BOTH_FAMILIES(WireWithoutAnExit);

}  // namespace
}  // namespace fairlead::testing
