// SPDX-License-Identifier: Apache-2.0
//
//   client ──(1) to node:30080 ──▶ [from_network] ──(2) to web:80 ──▶ web, on another node
//   client ◀─(4) from node:30080 ─ [from_network] ◀─(3) to the node's own port ── web
//
// Promise: every frontend is reached from outside. A backend on this node sees
// the client's own address; one that is elsewhere sees the node's, so that the
// answer comes back to be translated. Refused is not the same as dropped.
#include "tests/packet/asked_from_outside.h"

namespace fairlead::testing {
namespace {

class ServiceFromOutside : public AskedFromOutside {
 protected:
  std::vector<Endpoint> Doors() const { return AskedFromOutside::Doors(node_.On(kNodePort)); }
};

TEST_P(ServiceFromOutside, A6_26_a_backend_here_sees_the_client) {
  const Service web = Web({local_.On(8080)});
  uint16_t port = 40000;
  for (const Endpoint& door : Doors()) {
    const Packet request = Tcp(node_.World(1, port++), door);
    const Packet inside = request.To(local_.On(8080));
    EXPECT_THAT(node_.FromNetwork(request.Syn()), Delivers(inside.Syn(), local_)) << door;
    EXPECT_THAT(node_.FromPod(local_, inside.Reply().SynAck()),
                SendsToWorld(request.Reply().SynAck()));
    EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(700)),
                Delivers(inside.Ack().Payload(700), local_));
    EXPECT_THAT(node_, Remembers(request, inside));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(ServiceFromOutside, A6_26_a_backend_elsewhere_sees_the_node) {
  Web({remote_});
  for (const Endpoint& door : Doors()) {
    const Packet request = Tcp(client(), door);
    const Hop hop = node_.FromNetwork(request.Syn());
    const Endpoint ours = hop.Source();
    EXPECT_EQ(ours.address, node_.address());
    const Packet onward = request.From(ours).To(remote_);
    EXPECT_THAT(hop, SendsToPeer(onward.Syn()));
    EXPECT_THAT(node_.FromNetwork(onward.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
    EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(500)),
                SendsToPeer(onward.Ack().Payload(500)));
    EXPECT_THAT(node_.FromNetwork(onward.Reply().Ack().Payload(500)),
                SendsToWorld(request.Reply().Ack().Payload(500)));
    EXPECT_THAT(node_, Remembers(request, onward));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

// To the pod both would be the same connection.
TEST_P(ServiceFromOutside, OnePortOfAClientAtTwoDoorsBecomesTwo) {
  Web({local_.On(8080)});
  const Packet first = Tcp(client(), Doors()[0]), second = Tcp(client(), Doors()[1]);
  EXPECT_THAT(node_.FromNetwork(first.Syn()), Delivers(first.To(local_.On(8080)).Syn(), local_));
  const Hop hop = node_.FromNetwork(second.Syn());
  EXPECT_EQ(hop.Source().address, client().address);
  EXPECT_NE(hop.Source().port, client().port);
  const Packet inside = second.From(hop.Source()).To(local_.On(8080));
  EXPECT_THAT(hop, Delivers(inside.Syn(), local_));
  EXPECT_THAT(node_.FromPod(local_, inside.Reply().SynAck()),
              SendsToWorld(second.Reply().SynAck()));
}

TEST_P(ServiceFromOutside, OnePortOfAClientAtADoorAndAtThePodItselfBecomesTwo) {
  Web({local_.On(8080)});
  const Packet first = Tcp(client(), Doors()[0]), second = first.To(local_.On(8080));
  EXPECT_THAT(node_.FromNetwork(first.Syn()), Delivers(second.Syn(), local_));
  const Hop hop = node_.FromNetwork(second.Syn());
  EXPECT_EQ(hop.Source().address, client().address);
  EXPECT_NE(hop.Source().port, client().port);
  const Packet inside = second.From(hop.Source());
  EXPECT_THAT(hop, Delivers(inside.Syn(), local_));
  EXPECT_THAT(node_.FromPod(local_, inside.Reply().SynAck()),
              SendsToWorld(second.Reply().SynAck()));
  EXPECT_THAT(node_.FromPod(local_, second.Reply().SynAck()), SendsToWorld(first.Reply().SynAck()));
}

TEST_P(ServiceFromOutside, UdpToABackendElsewhere) {
  Web({remote_}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  const Endpoint ours = node_.FromNetwork(query).Source();
  const Packet onward = query.From(ours).To(remote_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromNetwork(query), SendsToPeer(onward));
    EXPECT_THAT(node_.FromNetwork(onward.Reply()), SendsToWorld(query.Reply()));
  }
  EXPECT_THAT(node_, Remembers(query, onward));
}

TEST_P(ServiceFromOutside, ABackendInTheWorldSeesTheNode) {
  const Endpoint bank = node_.World(7, 443);
  Web({bank});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  const Hop hop = node_.FromNetwork(request.Syn());
  const Packet onward = request.From(hop.Source()).To(bank);
  EXPECT_NE(hop.Source().address, client().address);
  EXPECT_THAT(hop, SendsToWorld(onward.Syn()));
  EXPECT_THAT(node_.FromNetwork(onward.Reply().SynAck()), SendsToWorld(request.Reply().SynAck()));
}

TEST_P(ServiceFromOutside, AProcessOfThisNodeIsABackend) {
  const Endpoint process = node_.On(9100);
  Web({process});
  uint16_t port = 40000;
  for (const Endpoint& door : Doors()) {
    const Packet request = Tcp(node_.World(1, port++), door);
    const Packet inside = request.To(process);
    EXPECT_THAT(node_.FromNetwork(request.Syn()), PassesToStack(inside.Syn())) << door;
    EXPECT_THAT(node_.ToNetwork(inside.Reply().SynAck()),
                LeavesTranslated(request.Reply().SynAck()));
    EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(10)),
                PassesToStack(inside.Ack().Payload(10)));
    EXPECT_THAT(node_.ToNetwork(inside.Reply().Ack().Payload(10)),
                LeavesTranslated(request.Reply().Ack().Payload(10)));
  }
  // Its own conversations are not touched, though the port is the backend's.
  const Packet own = Tcp(process, node_.World(5, 1234));
  EXPECT_THAT(node_.ToNetwork(own.Syn()), LeavesAlone(own.Syn()));
  const Packet direct = Tcp(node_.World(1, 50000), process);
  EXPECT_THAT(node_.FromNetwork(direct.Syn()), LeavesAlone(direct.Syn()));
  EXPECT_THAT(node_.ToNetwork(direct.Reply().SynAck()), LeavesAlone(direct.Reply().SynAck()));
}

TEST_P(ServiceFromOutside, AnErrorOfAProcessIsTranslatedBack) {
  const Endpoint process = node_.On(9100);
  Web({process}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  const Packet inside = query.To(process);
  EXPECT_THAT(node_.FromNetwork(query), PassesToStack(inside));
  const auto error = [&](const Packet& quoted) {
    return IcmpError(node_.address(), IcmpErrorKind::kPortUnreachable, quoted);
  };
  EXPECT_THAT(node_.ToNetwork(error(inside)), LeavesTranslated(error(query)));
}

TEST_P(ServiceFromOutside, A7_33_a_cluster_ip_too_for_who_has_a_route_to_it) {
  const Service web = Web({remote_});
  const Packet request = Tcp(client(), web.Front());
  const Hop hop = node_.FromNetwork(request.Syn());
  EXPECT_THAT(hop, SendsToPeer(request.From(hop.Source()).To(remote_).Syn()));
}

TEST_P(ServiceFromOutside,
       A6_27_A5_23_a_local_policy_uses_backends_here_only_and_is_silent_without) {
  const Service web = Web({local_.On(8080), remote_}, TcpPort(80), /*local_only=*/true);
  for (uint16_t port = 1000; port < 1032; ++port) {
    const Packet request = Tcp(node_.World(1, port), node_.On(kNodePort)).Syn();
    EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(local_.On(8080)), local_));
  }
  node_.SetEndpoints(web, {remote_});
  for (const Endpoint& door : Doors()) {
    EXPECT_THAT(node_.FromNetwork(Tcp(node_.World(1, 2000), door).Syn()),
                Drops(DROP_NO_LOCAL_BACKEND));
  }
  // Pods of this node are not outside.
  const Packet from_pod = Tcp(local_.On(3000), node_.On(kNodePort)).Syn();
  EXPECT_THAT(node_.FromPod(local_, from_pod), SendsToPeer(from_pod.To(remote_)));
}

TEST_P(ServiceFromOutside, A5_22_is_refused_without_endpoints) {
  Web({});
  for (const Endpoint& door : Doors()) {
    const Packet request = Tcp(client(), door).Syn();
    EXPECT_THAT(node_.FromNetwork(request),
                AnswersOnTheWire(request.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0),
                                 DROP_NO_BACKEND));
  }
  const Service dns =
      node_.AddService({.name = "dns", .vip = {}, .port = UdpPort(53), .node_port = 30053}, {});
  const Packet query = Udp(client(), node_.On(30053));
  EXPECT_THAT(
      node_.FromNetwork(query),
      AnswersOnTheWire(OwnIcmpError(node_.address(), IcmpErrorKind::kPortUnreachable, query),
                       DROP_NO_BACKEND));
}

TEST_P(ServiceFromOutside, TcpIsResetWhenItsBackendGoes) {
  const Service web = Web({remote_});
  const Packet request = Tcp(client(), node_.On(kNodePort));
  const Packet onward = request.From(node_.FromNetwork(request.Syn()).Source()).To(remote_);
  node_.FromNetwork(onward.Reply().SynAck());
  node_.SetEndpoints(web, {});
  EXPECT_THAT(node_.FromNetwork(request.Ack().Payload(1).Sequence(5, 9)),
              AnswersOnTheWire(request.Reply().Reset().Sequence(9).Window(0), DROP_BACKEND_GONE));
}

TEST_P(ServiceFromOutside, A11_51_udp_moves_when_its_backend_goes) {
  const Service web = Web({remote_}, UdpPort(80));
  const Packet query = Udp(client(), node_.On(kNodePort));
  const Packet before = query.From(node_.FromNetwork(query).Source()).To(remote_);
  EXPECT_THAT(node_.FromNetwork(before.Reply()), SendsToWorld(query.Reply()));
  node_.SetEndpoints(web, {local_.On(8080)});
  EXPECT_THAT(node_.FromNetwork(query), Delivers(query.To(local_.On(8080)), local_));
}

TEST_P(ServiceFromOutside, A8_41_other_ports_and_the_hosts_own_conversations_stay_the_hosts) {
  Web({local_.On(8080)});
  for (const Packet& packet :
       {Tcp(client(), node_.On(kNodePort + 1)).Syn(), Udp(client(), node_.On(kNodePort)),
        Tcp(client(), {Virtual(1), 81}).Syn(), Tcp(client(), {Virtual(3), 80}).Syn(),
        Ping(client(), Virtual(1))}) {
    EXPECT_THAT(node_.FromNetwork(packet), LeavesAlone(packet));
  }
}

FAIRLEAD_BOTH_FAMILIES(ServiceFromOutside);

class ServiceFromATunnel : public ::testing::TestWithParam<Family> {
 protected:
  static NodeOptions Tunnelled() {
    NodeOptions options;
    options.routing.routing = plan::Routing::kVxlan;
    return options;
  }

  Node node_{GetParam(), Tunnelled()};
  Peer peer_ = node_.AddPeer("there");
  Peer third_ = node_.AddPeer("third");
};

TEST_P(ServiceFromATunnel, ANodePortLeadsOnIntoAnotherTunnel) {
  const Endpoint backend = third_.Pod(1, 8080);
  node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                   {backend});
  const Packet request = Tcp(peer_.Pod(1, 40000), node_.On(kNodePort));
  const Hop hop = node_.FromOverlay(peer_, request.Syn());
  const Packet onward = request.From(hop.Source()).To(backend);
  EXPECT_EQ(hop.Source().address, node_.address());
  EXPECT_THAT(hop, SendsByTunnel(onward.Syn()));
  EXPECT_THAT(node_.FromOverlay(third_, onward.Reply().SynAck()),
              SendsByTunnel(request.Reply().SynAck()));
}

TEST_P(ServiceFromATunnel, AProcessOfThisNodeAnswersThroughIt) {
  const Endpoint process = node_.On(9100);
  node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                   {process});
  const Packet request = Tcp(peer_.Pod(1, 40000), node_.On(kNodePort));
  const Packet inside = request.To(process);
  EXPECT_THAT(node_.FromOverlay(peer_, request.Syn()), PassesToStack(inside.Syn()));
  EXPECT_THAT(node_.ToOverlay(inside.Reply().SynAck()), EntersTunnel(request.Reply().SynAck()));
}

// Who is behind a tunnel believes this node about its flows, and no router (20_guard).
TEST_P(ServiceFromATunnel, ARoutersErrorGoesOnUnderThisNodesAddress) {
  const Endpoint backend = third_.Pod(1, 8080);
  node_.AddService({.name = "web", .vip = {}, .port = TcpPort(80), .node_port = kNodePort},
                   {backend});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(kNodePort));
  const Hop hop = node_.FromNetwork(request.Syn());
  const Packet onward = request.From(hop.Source()).To(backend);
  ASSERT_THAT(hop, SendsByTunnel(onward.Syn()));
  const auto error_about = [&](const IpAddress& router, const Packet& answer) {
    return IcmpError(router, IcmpErrorKind::kPacketTooBig, answer.Ack().Payload(600));
  };
  for (int i = 0; i < 3; ++i) {
    node_.FromOverlay(third_, onward.Reply().SynAck());
    EXPECT_THAT(node_.FromNetwork(error_about(node_.World(9, 0).address, request.Reply())),
                SendsByTunnel(error_about(node_.address(), onward.Reply())));
    node_.FromNetwork(request.Ack());
  }
  EXPECT_THAT(node_, Remembers(request, onward));
}

FAIRLEAD_BOTH_FAMILIES(ServiceFromATunnel);

}  // namespace
}  // namespace fairlead::testing
