// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ [from_pod] ──▶ the world, as whom?
//
// Promise: pods keep their addresses where the daemon says so, never take a
// port that a process of the host needs, and learn at once when the address
// they had is gone.
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

class NotMasqueraded : public ::testing::TestWithParam<Family> {
 protected:
  Cidr Whole(const IpAddress& address) const { return Cidr::Of(address); }
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(NotMasqueraded, PodsKeepTheirAddressInABlockThatIsListed) {
  node_.SetMasquerade({.direct = {Whole(WorldAddress(GetParam(), 1))}});
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443));
  EXPECT_THAT(node_.FromPod(pod_, request.Syn()), SendsToWorld(request.Syn()));
  EXPECT_THAT(node_.ToNetwork(request.Syn()), LeavesAlone(request.Syn()));
  EXPECT_THAT(node_.FromNetwork(request.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), pod_));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsToWorld(request.Ack()));
  const Packet other = Tcp(pod_.On(40000), node_.World(2, 443)).Syn();
  EXPECT_EQ(node_.FromPod(pod_, other).Source().address, node_.address());
}

TEST_P(NotMasqueraded, ProtocolsWithoutPortsPassThere) {
  const Packet esp = WithProtocol(50, pod_.address, WorldAddress(GetParam(), 1));
  node_.SetMasquerade({.direct = {Whole(WorldAddress(GetParam(), 1))}});
  EXPECT_THAT(node_.FromPod(pod_, esp), SendsToWorld(esp));
}

TEST_P(NotMasqueraded, TheListIsFollowedAndFlowsKeepWhatTheyHave) {
  const Packet before = Tcp(pod_.On(1), node_.World(1, 443)).Syn();
  const Packet masqueraded = before.From(node_.FromPod(pod_, before).Source());
  node_.SetMasquerade({.direct = {Whole(WorldAddress(GetParam(), 1))}});
  const Packet after = Tcp(pod_.On(2), node_.World(1, 443)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, after), SendsToWorld(after));
  EXPECT_THAT(node_.FromPod(pod_, before), SendsToWorld(masqueraded));
  node_.SetMasquerade({});
  const Packet last = Tcp(pod_.On(3), node_.World(1, 443)).Syn();
  EXPECT_EQ(node_.FromPod(pod_, last).Source().address, node_.address());
  EXPECT_THAT(node_.FromPod(pod_, after), SendsToWorld(after));
}

// A block that holds a peer's pods does not hide the way to them, nor does one
// inside of them.
TEST_P(NotMasqueraded, TheClusterIsStillFound) {
  const Peer peer = node_.AddPeer("there");
  const Cidr all = Cidr::Make(peer.Pod(0, 0).address, GetParam() == Family::kIpv4 ? 8 : 16);
  node_.SetMasquerade({.direct = {all, Whole(peer.Pod(1, 0).address)}});
  const Packet to_pod = Tcp(pod_.On(1), peer.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, to_pod), SendsToPeer(to_pod));
  const Packet to_node = Tcp(pod_.On(1), peer.On(80)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, to_node), SendsToPeer(to_node));
}

TEST_P(NotMasqueraded, NodesAreOnlyIfAskedFor) {
  const Peer peer = node_.AddPeer("there");
  const Peer listed = node_.AddPeer("listed");
  node_.SetMasquerade({.direct = {Whole(listed.address)}, .nodes = true});
  const Packet request = Tcp(pod_.On(1), peer.On(22)).Syn();
  const Hop hop = node_.FromPod(pod_, request);
  EXPECT_EQ(hop.Source().address, node_.address());
  const Packet forwarded = request.From(hop.Source());
  EXPECT_THAT(hop, SendsToPeer(forwarded));
  EXPECT_THAT(node_.FromNetwork(forwarded.Reply().SynAck()),
              Delivers(request.Reply().SynAck(), pod_));
  const Packet direct = Tcp(pod_.On(1), listed.On(22)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, direct), SendsToPeer(direct));
  const Packet to_pod = Tcp(pod_.On(1), peer.Pod(1, 80)).Syn();
  EXPECT_THAT(node_.FromPod(pod_, to_pod), SendsToPeer(to_pod));
}

FAIRLEAD_BOTH_FAMILIES(NotMasqueraded);

// Ports 20000 to 20001.
class SourcePort : public ::testing::TestWithParam<Family> {
 protected:
  static NodeOptions TwoPorts() {
    NodeOptions options;
    options.hooks.snat_first_port = 20000;
    options.hooks.snat_ports = 2;
    return options;
  }
  // A socket of the host, bound to its wildcard address.
  UniqueFd Bind(int type, uint16_t port) {
    ScratchNetwork::Get();
    UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (type == SOCK_STREAM && ::listen(fd.get(), 1) != 0) ADD_FAILURE() << "listen";
    return fd;
  }
  Node node_{GetParam(), TwoPorts()};
  Pod pod_ = node_.AddPod("pod");
  Packet syn_ = Tcp(pod_.On(1), node_.World(1, 443)).Syn();
  Packet query_ = Udp(pod_.On(1), node_.World(1, 53));
};

TEST_P(SourcePort, A7_35_one_that_the_host_listens_on_is_left_to_it) {
  const UniqueFd listener = Bind(SOCK_STREAM, 20000);
  for (int host = 1; host < 9; ++host) {
    const Packet syn = Tcp(pod_.On(1), node_.World(host, 443)).Syn();
    EXPECT_EQ(node_.FromPod(pod_, syn).Source(), node_.On(20001));
  }
}

TEST_P(SourcePort, A7_35_the_same_for_datagrams_and_each_protocol_for_itself) {
  const UniqueFd socket = Bind(SOCK_DGRAM, 20000);
  std::set<uint16_t> tcp_ports;
  for (int host = 1; host < 32; ++host) {
    const Packet query = Udp(pod_.On(1), node_.World(host, 53));
    EXPECT_EQ(node_.FromPod(pod_, query).Source(), node_.On(20001));
    const Packet syn = Tcp(pod_.On(1), node_.World(host, 443)).Syn();
    tcp_ports.insert(node_.FromPod(pod_, syn).Source().port);
  }
  EXPECT_EQ(tcp_ports.size(), 2u);
}

TEST_P(SourcePort, NoneLeftIsCountedForThePodThatAsked) {
  const Pod other = node_.AddPod("other");
  for (const uint16_t port : {1, 2}) {
    node_.FromPod(other, Tcp(other.On(port), node_.World(1, 443)).Syn());
  }
  EXPECT_EQ(node_.SnatRefusals(pod_), 0u);
  EXPECT_THAT(node_.FromPod(pod_, syn_), Drops(DROP_NO_SNAT_PORT));
  EXPECT_THAT(node_.FromPod(pod_, syn_), Drops(DROP_NO_SNAT_PORT));
  EXPECT_EQ(node_.SnatRefusals(pod_), 2u);
  EXPECT_EQ(node_.SnatRefusals(other), 0u);
  node_.ReplacePod(pod_, "heir");
  EXPECT_EQ(node_.SnatRefusals(pod_), 0u);
}

TEST_P(SourcePort, EchoIdsAreChosenAndRunOutLikePorts) {
  std::set<uint16_t> ids;
  for (const uint16_t id : {7, 8}) {
    const Packet ping = Ping(pod_.On(id), WorldAddress(GetParam(), 1));
    const Hop hop = node_.FromPod(pod_, ping);
    ids.insert(hop.Source().port);
    EXPECT_THAT(node_.FromNetwork(ping.From(hop.Source()).Reply()), Delivers(ping.Reply(), pod_));
  }
  EXPECT_EQ(ids, (std::set<uint16_t>{20000, 20001}));
  EXPECT_THAT(node_.FromPod(pod_, Ping(pod_.On(9), WorldAddress(GetParam(), 1))),
              Drops(DROP_NO_SNAT_PORT));
}

// Nobody answers, or nobody acknowledges the answer: as of a flood.
TEST_P(SourcePort, OfAnIdleSynGoesToWhoNeedsOne) {
  const Pod other = node_.AddPod("other");
  const Packet unanswered = Tcp(other.On(1), node_.World(1, 443));
  const Packet answered = Tcp(other.On(2), node_.World(1, 443));
  const Endpoint first = node_.FromPod(other, unanswered.Syn()).Source();
  const Endpoint second = node_.FromPod(other, answered.Syn()).Source();
  EXPECT_THAT(node_.FromNetwork(answered.From(second).Reply().SynAck()),
              Delivers(answered.Reply().SynAck(), other));
  EXPECT_THAT(node_.FromPod(pod_, syn_), Drops(DROP_NO_SNAT_PORT));
  node_.TimePasses(std::chrono::seconds(2));
  std::set<Endpoint> sources;
  for (const uint16_t port : {1, 2}) {
    const Packet request = Tcp(pod_.On(port), node_.World(1, 443));
    const Hop hop = node_.FromPod(pod_, request.Syn());
    ASSERT_EQ(hop.reason, VERDICT_TO_WORLD);
    sources.insert(hop.Source());
    EXPECT_THAT(node_.FromNetwork(request.From(hop.Source()).Reply().SynAck()),
                Delivers(request.Reply().SynAck(), pod_));
  }
  EXPECT_EQ(sources, (std::set<Endpoint>{first, second}));
  // Who has lost its port looks for another one, and does not speak as somebody else.
  EXPECT_THAT(node_.FromPod(other, unanswered.Syn()), Drops(DROP_NO_SNAT_PORT));
}

TEST_P(SourcePort, OfAConversationStaysItsOwn) {
  const Packet request = Tcp(pod_.On(1), node_.World(1, 443));
  const Endpoint source = node_.FromPod(pod_, request.Syn()).Source();
  const Packet forwarded = request.From(source);
  node_.FromNetwork(forwarded.Reply().SynAck());
  node_.FromPod(pod_, request.Ack());
  node_.FromPod(pod_, Tcp(pod_.On(2), node_.World(1, 443)).Syn());
  node_.TimePasses(std::chrono::seconds(40));
  for (uint16_t port = 3; port < 9; ++port) {
    const Hop hop = node_.FromPod(pod_, Tcp(pod_.On(port), node_.World(1, 443)).Syn());
    if (hop.reason == VERDICT_TO_WORLD) {
      EXPECT_NE(hop.Source(), source);
    }
  }
  EXPECT_THAT(node_.FromNetwork(forwarded.Reply().Ack()), Delivers(request.Reply().Ack(), pod_));
}

FAIRLEAD_BOTH_FAMILIES(SourcePort);

// 32 ports, and room for few half-open flows: of many the entry for the answers is overwritten.
class ForgottenAnswers : public ::testing::TestWithParam<Family> {
 protected:
  static NodeOptions Small() {
    NodeOptions options;
    options.sizes = {
        .flows = 64, .half_open_buckets = 4, .services = 32, .runs = 64, .backends = 64};
    options.hooks.snat_ports = 32;
    return options;
  }
  Packet To443(uint16_t port) { return Tcp(pod_.On(port), node_.World(1, 443)); }
  // The SYN's answer reaches who has sent it.
  void ExpectAnswered(const Packet& request) {
    const Hop hop = node_.FromPod(pod_, request.Syn());
    ASSERT_EQ(hop.reason, VERDICT_TO_WORLD);
    EXPECT_THAT(node_.FromNetwork(request.From(hop.Source()).Reply().SynAck()),
                Delivers(request.Reply().SynAck(), pod_));
    node_.FromPod(pod_, request.Ack());
  }
  Node node_{GetParam(), Small()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(ForgottenAnswers, NoTwoFlowsShareAPort) {
  for (uint16_t port = 1; port <= 24; ++port) node_.FromPod(pod_, To443(port).Syn());
  for (uint16_t port = 101; port <= 124; ++port) ExpectAnswered(To443(port));
  node_.TimePasses(std::chrono::seconds(2));
  for (uint16_t port = 1; port <= 8; ++port) ExpectAnswered(To443(port));
}

FAIRLEAD_BOTH_FAMILIES(ForgottenAnswers);

class ManySourcePorts : public ::testing::TestWithParam<Family> {};

// Half of the range is taken by flows to one place: the next are found anyway.
TEST_P(ManySourcePorts, AreSearchedOverTheWholeRange) {
  NodeOptions options;
  options.sizes = {
      .flows = 256, .half_open_buckets = 8192, .services = 32, .runs = 64, .backends = 64};
  options.hooks.snat_ports = 5000;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  std::set<uint16_t> ports;
  for (uint16_t port = 1; port <= 2500; ++port) {
    const Hop hop = node.FromPod(pod, Tcp(pod.On(port), node.World(1, 443)).Syn());
    ASSERT_EQ(hop.reason, VERDICT_TO_WORLD);
    ports.insert(hop.Source().port);
  }
  // An entry of the lossy half-open table is overwritten now and then.
  EXPECT_GT(ports.size(), 2400u);
  EXPECT_LT(*ports.begin(), 10100);
  EXPECT_GT(*ports.rbegin(), 14900);
}

FAIRLEAD_BOTH_FAMILIES(ManySourcePorts);

class UplinkMoved : public ::testing::TestWithParam<Family> {
 protected:
  Packet Converse(const Packet& query) {
    const Packet forwarded = query.From(node_.FromPod(pod_, query).Source());
    node_.FromNetwork(forwarded.Reply());
    node_.FromPod(pod_, query);
    return forwarded;
  }
  Packet Open(const Packet& request) {
    const Packet forwarded = request.From(node_.FromPod(pod_, request.Syn()).Source());
    node_.FromNetwork(forwarded.Reply().SynAck());
    node_.FromPod(pod_, request.Ack());
    return forwarded;
  }
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(UplinkMoved, UdpGoesOnFromTheNewAddress) {
  const Packet query = Udp(pod_.On(1), node_.World(1, 53));
  Converse(query);
  const Packet young = Udp(pod_.On(2), node_.World(1, 53));
  node_.FromPod(pod_, young);
  const IpAddress address = node_.MoveUplink();
  for (const Packet& packet : {query, young}) {
    const Hop hop = node_.FromPod(pod_, packet);
    EXPECT_EQ(hop.Source().address, address);
    const Packet forwarded = packet.From(hop.Source());
    EXPECT_THAT(hop, SendsToWorld(forwarded));
    EXPECT_THAT(node_.FromNetwork(forwarded.Reply()), Delivers(packet.Reply(), pod_));
  }
}

TEST_P(UplinkMoved, TcpIsResetAndBeginsAnew) {
  const Packet request = Tcp(pod_.On(1), node_.World(1, 443));
  Open(request);
  const IpAddress address = node_.MoveUplink();
  EXPECT_THAT(node_.FromPod(pod_, request.Ack().Sequence(1001, 5001).Payload(9)),
              Answers(request.Reply().Reset().Sequence(5001).Window(0), pod_, DROP_ADDRESS_GONE));
  EXPECT_EQ(node_.FlowCount(), 0u);
  EXPECT_EQ(node_.FromPod(pod_, request.Syn()).Source().address, address);
}

TEST_P(UplinkMoved, ASynThatWaitsForItsAnswerTakesTheNewAddress) {
  const Packet syn = Tcp(pod_.On(1), node_.World(1, 443)).Syn();
  node_.FromPod(pod_, syn);
  const IpAddress address = node_.MoveUplink();
  EXPECT_EQ(node_.FromPod(pod_, syn).Source().address, address);
}

TEST_P(UplinkMoved, FlowsThatAreNotBoundToTheAddressGoOn) {
  const Packet direct = Tcp(pod_.On(1), node_.World(1, 443));
  node_.SetMasquerade({.direct = {Cidr::Make(WorldAddress(GetParam(), 1), 32)}});
  Open(direct);
  const Pod other = node_.AddPod("other");
  const Packet inside = Tcp(pod_.On(1), other.On(80));
  node_.FromPod(pod_, inside.Syn());
  node_.FromPod(other, inside.Reply().SynAck());
  node_.MoveUplink();
  EXPECT_THAT(node_.FromPod(pod_, direct.Ack()), SendsToWorld(direct.Ack()));
  EXPECT_THAT(node_.FromPod(pod_, inside.Ack()), Delivers(inside.Ack(), other));
  EXPECT_EQ(node_.FlowCount(), 2u);
}

TEST_P(UplinkMoved, AChangeOfRoutesAloneDisturbsNobody) {
  const Packet request = Tcp(pod_.On(1), node_.World(1, 443));
  const Packet forwarded = Open(request);
  node_.ChangeRoutes();
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsToWorld(forwarded.Ack()));
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), SendsToWorld(forwarded.Ack()));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(UplinkMoved, AServiceInTheWorldIsChosenAnew) {
  const Service dns = node_.AddService("dns", UdpPort(53), {node_.World(9, 53)});
  const Packet query = Udp(pod_.On(1), dns.Front());
  Converse(query);
  const Packet inside = query.To(node_.World(9, 53));
  const Hop before = node_.FromPod(pod_, query);
  node_.FromNetwork(inside.From(before.Source()).Reply());
  node_.FromPod(pod_, query);
  const IpAddress address = node_.MoveUplink();
  const Hop hop = node_.FromPod(pod_, query);
  EXPECT_THAT(hop, SendsToWorld(inside.From(hop.Source())));
  EXPECT_EQ(hop.Source().address, address);
}

FAIRLEAD_BOTH_FAMILIES(UplinkMoved);

}  // namespace
}  // namespace fairlead::testing
