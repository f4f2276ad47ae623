// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ web ──▶ backend            the flow
//   client ◀── [hook] ◀── "cannot", quoting client ──▶ backend
//        quoting client ──▶ web
//
// Promise: an ICMP error about a translated flow reaches the end that caused
// it, quoting what that end has sent. A quote names a socket and no more, so
// these quote the eight bytes that do, unless a test says otherwise.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

constexpr IcmpErrorKind kKinds[] = {IcmpErrorKind::kPortUnreachable, IcmpErrorKind::kPacketTooBig,
                                    IcmpErrorKind::kTimeExceeded};

class IcmpErrorAboutAServiceFlow : public ::testing::TestWithParam<Family> {
 protected:
  // A flow of this protocol, half-open or established, and errors about it.
  void ExpectToFollow(Protocol protocol, bool established) {
    const Service service = node_.AddService(ProtocolName(static_cast<uint8_t>(protocol)),
                                             {80, protocol}, {backend_.On(8080)});
    const auto port = static_cast<uint16_t>(established ? 40001 : 40000);
    const Packet request = Transported(protocol, client_.On(port), service.Front())
                               .Payload("what was it that I wanted?");
    const Packet forwarded = request.To(backend_.On(8080));
    node_.FromPod(client_, request.Syn());
    if (established) {
      node_.FromPod(backend_, forwarded.Reply().SynAck());
      node_.FromPod(client_, request.Ack());
      ASSERT_THAT(node_, Remembers(request, forwarded));
    }
    for (const IcmpErrorKind kind : kKinds) {
      // The client's packet as it arrived, one hop later.
      const Packet error = IcmpError(backend_.address, kind, forwarded.OneHopLater());
      EXPECT_THAT(node_.FromPod(backend_, error),
                  Delivers(IcmpError(service.vip, kind, request.OneHopLater()), client_));
    }
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
};

TEST_P(IcmpErrorAboutAServiceFlow, OfTcpFollowsIt) {
  ExpectToFollow(Protocol::kTcp, false);
  ExpectToFollow(Protocol::kTcp, true);
}
TEST_P(IcmpErrorAboutAServiceFlow, OfUdpFollowsIt) {
  ExpectToFollow(Protocol::kUdp, false);
  ExpectToFollow(Protocol::kUdp, true);
}
TEST_P(IcmpErrorAboutAServiceFlow, OfSctpFollowsIt) {
  ExpectToFollow(Protocol::kSctp, false);
  ExpectToFollow(Protocol::kSctp, true);
}

TEST_P(IcmpErrorAboutAServiceFlow, TheClientsOwnComplaintReachesTheBackend) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  const Packet answer = query.To(backend_.On(5353)).Reply();
  node_.FromPod(client_, query);
  node_.FromPod(backend_, answer);
  const Packet too_late = IcmpError(client_.address, IcmpErrorKind::kPortUnreachable,
                                    answer.From(dns.Front()).OneHopLater());
  EXPECT_THAT(
      node_.FromPod(client_, too_late),
      Delivers(IcmpError(client_.address, IcmpErrorKind::kPortUnreachable, answer.OneHopLater()),
               backend_));
}

TEST_P(IcmpErrorAboutAServiceFlow, OfARemoteBackendComesBackFromTheService) {
  const Peer peer = node_.AddPeer("there");
  const Service dns = node_.AddService("dns", UdpPort(53), {peer.Pod(1, 5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  const Packet forwarded = query.To(peer.Pod(1, 5353));
  node_.FromPod(client_, query);
  EXPECT_THAT(node_.FromNetwork(
                  IcmpError(peer.Pod(1, 0).address, IcmpErrorKind::kPortUnreachable, forwarded)),
              Delivers(IcmpError(dns.vip, IcmpErrorKind::kPortUnreachable, query), client_));
}

TEST_P(IcmpErrorAboutAServiceFlow, ARouterOnTheWayStaysItself) {
  const Peer peer = node_.AddPeer("there");
  const Service web = node_.AddService("web", TcpPort(80), {peer.Pod(1, 8080)});
  const Packet request = Tcp(client_.On(40000), web.Front()).Syn();
  node_.FromPod(client_, request);
  for (const IcmpErrorKind kind : kKinds) {
    EXPECT_THAT(node_.FromNetwork(IcmpError(peer.address, kind, request.To(peer.Pod(1, 8080)))),
                Delivers(IcmpError(peer.address, kind, request), client_));
  }
}

// Path MTU discovery of a sender that splits its datagrams.
TEST_P(IcmpErrorAboutAServiceFlow, AboutAFirstFragmentFollowsItsFlow) {
  const Peer peer = node_.AddPeer("there");
  const Service dns = node_.AddService("dns", UdpPort(53), {peer.Pod(1, 5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(2000).Id(3);
  const auto sent = query.Fragments(1400);
  const auto forwarded = query.To(peer.Pod(1, 5353)).Fragments(1400);
  node_.FromPod(client_, sent[0]);
  const IcmpErrorKind too_big = IcmpErrorKind::kPacketTooBig;
  EXPECT_THAT(node_.FromNetwork(IcmpError(peer.address, too_big, forwarded[0])),
              Delivers(IcmpError(peer.address, too_big, sent[0]), client_));
  EXPECT_THAT(node_.FromNetwork(IcmpError(peer.address, too_big, forwarded[1])),
              Drops(DROP_BAD_ICMP_QUOTE));
}

TEST_P(IcmpErrorAboutAServiceFlow, OfABackendInTheHostsNetworkComesThroughTheStack) {
  const Service dns = node_.AddService("dns", UdpPort(53), {node_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  EXPECT_THAT(node_.ToPod(client_, IcmpError(node_.address(), IcmpErrorKind::kPortUnreachable,
                                             query.To(node_.On(5353)))),
              LetsIn(IcmpError(dns.vip, IcmpErrorKind::kPortUnreachable, query)));
}

TEST_P(IcmpErrorAboutAServiceFlow, ALongQuoteKeepsTheErrorsChecksumRight) {
  const Service web = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(8080)});
  for (const size_t beyond : {9U, 20U, 28U, 60U}) {
    for (const Service& service : {web, dns}) {
      const Packet request =
          Transported(service.port.protocol, client_.On(40000), service.Front()).Payload(100);
      node_.FromPod(client_, request.Syn());
      const Hop hop =
          node_.FromPod(backend_, IcmpError(backend_.address, IcmpErrorKind::kPortUnreachable,
                                            request.To(backend_.On(8080)), beyond));
      EXPECT_EQ(hop.reason, static_cast<uint32_t>(VERDICT_TO_POD));
      EXPECT_EQ(WrongChecksums(hop.frame), "") << beyond;
    }
  }
}

TEST_P(IcmpErrorAboutAServiceFlow, TheDevicesSumIsKeptRight) {
  const Peer peer = node_.AddPeer("there");
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
    const Service service = node_.AddService(ProtocolName(static_cast<uint8_t>(protocol)),
                                             {80, protocol}, {peer.Pod(1, 8080)});
    const Packet request = Transported(protocol, client_.On(40000), service.Front());
    node_.FromPod(client_, request.Syn());
    const Packet error =
        IcmpError(peer.address, IcmpErrorKind::kPacketTooBig, request.To(peer.Pod(1, 8080)));
    EXPECT_THAT(node_.FromNetwork(error.SummedByDevice()),
                Delivers(IcmpError(peer.address, IcmpErrorKind::kPacketTooBig, request), client_));
  }
}

FAIRLEAD_BOTH_FAMILIES(IcmpErrorAboutAServiceFlow);

class IcmpErrorAboutAMasqueradedFlow : public ::testing::TestWithParam<Family> {
 protected:
  void ExpectToFollow(const Packet& request, bool established) {
    const Packet forwarded = request.From(node_.FromPod(pod_, request.Syn()).Source());
    if (established) {
      node_.FromNetwork(forwarded.Reply().SynAck());
      node_.FromPod(pod_, request.Ack());
      ASSERT_THAT(node_, Remembers(request, forwarded));
    }
    const IpAddress server = request.destination().address;
    for (const IpAddress& from : {RouterAddress(GetParam()), server}) {
      for (const IcmpErrorKind kind : kKinds) {
        EXPECT_THAT(node_.FromNetwork(IcmpError(from, kind, forwarded.OneHopLater())),
                    Delivers(IcmpError(from, kind, request.OneHopLater()), pod_));
      }
    }
  }
  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
};

TEST_P(IcmpErrorAboutAMasqueradedFlow, OfTcpReachesThePod) {
  ExpectToFollow(Tcp(pod_.On(1), node_.World(1, 443)), false);
  ExpectToFollow(Tcp(pod_.On(2), node_.World(1, 443)), true);
}
TEST_P(IcmpErrorAboutAMasqueradedFlow, OfUdpReachesThePod) {
  ExpectToFollow(Udp(pod_.On(1), node_.World(1, 443)), false);
  ExpectToFollow(Udp(pod_.On(2), node_.World(1, 443)), true);
}
// traceroute -I, and pings to where nobody is.
TEST_P(IcmpErrorAboutAMasqueradedFlow, OfAnEchoReachesThePod) {
  ExpectToFollow(Ping(pod_.On(1), WorldAddress(GetParam(), 1)), false);
  ExpectToFollow(Ping(pod_.On(2), WorldAddress(GetParam(), 1)), true);
}

TEST_P(IcmpErrorAboutAMasqueradedFlow, ThePodsOwnComplaintGoesOutUnderTheNodesAddress) {
  const Packet query = Udp(pod_.On(40000), node_.World(8, 53));
  const Packet forwarded = query.From(node_.FromPod(pod_, query).Source());
  node_.FromNetwork(forwarded.Reply());
  const Packet too_late =
      IcmpError(pod_.address, IcmpErrorKind::kPortUnreachable, query.Reply().OneHopLater());
  EXPECT_THAT(node_.FromPod(pod_, too_late),
              SendsToWorld(IcmpError(node_.address(), IcmpErrorKind::kPortUnreachable,
                                     forwarded.Reply().OneHopLater())));
}

FAIRLEAD_BOTH_FAMILIES(IcmpErrorAboutAMasqueradedFlow);

class IcmpErrorAboutAPlainFlow : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod server_ = node_.AddPod("server");
};

TEST_P(IcmpErrorAboutAPlainFlow, GoesWhereItIsSent) {
  const Packet query = Udp(client_.On(40000), server_.On(53));
  node_.FromPod(client_, query);
  const Packet error = IcmpError(server_.address, IcmpErrorKind::kPortUnreachable, query);
  EXPECT_THAT(node_.FromPod(server_, error), Delivers(error, client_));
}

TEST_P(IcmpErrorAboutAPlainFlow, AboutNoFlowIsDropped) {
  const Packet error = IcmpError(server_.address, IcmpErrorKind::kPortUnreachable,
                                 Udp(client_.On(40000), server_.On(53)));
  EXPECT_THAT(node_.FromPod(server_, error), Drops(DROP_UNKNOWN_ICMP_ERROR));
}

TEST_P(IcmpErrorAboutAPlainFlow, AboutNoFlowOfAPodIsDroppedFromTheNetworkToo) {
  const Packet error = IcmpError(RouterAddress(GetParam()), IcmpErrorKind::kPacketTooBig,
                                 Tcp(client_.On(40000), node_.World(1, 443)));
  EXPECT_THAT(node_.FromNetwork(error), Drops(DROP_UNKNOWN_ICMP_ERROR));
}

TEST_P(IcmpErrorAboutAPlainFlow, APodSpeaksOfItsOwnFlowsOnly) {
  const Pod stranger = node_.AddPod("stranger");
  const Packet query = Udp(client_.On(40000), server_.On(53));
  node_.FromPod(client_, query);
  EXPECT_THAT(
      node_.FromPod(stranger, IcmpError(stranger.address, IcmpErrorKind::kPacketTooBig, query)),
      Drops(DROP_BAD_ICMP_QUOTE));
}

TEST_P(IcmpErrorAboutAPlainFlow, AnErrorIsForWhoeverSentTheQuote) {
  const Packet query = Udp(client_.On(40000), server_.On(53));
  node_.FromPod(client_, query);
  const Pod third = node_.AddPod("third");
  EXPECT_THAT(
      node_.FromPod(
          server_,
          IcmpError(server_.address, IcmpErrorKind::kPortUnreachable, query).To(third.address)),
      Drops(DROP_BAD_ICMP_QUOTE));
}

TEST_P(IcmpErrorAboutAPlainFlow, SaysNothingForTheFlow) {
  const Packet query = Udp(client_.On(40000), server_.On(53));
  node_.FromPod(client_, query);
  node_.FromPod(server_, IcmpError(server_.address, IcmpErrorKind::kPortUnreachable, query));
  node_.FromPod(client_, query);
  EXPECT_THAT(node_, RemembersHalfOpen(query, query));
}

TEST_P(IcmpErrorAboutAPlainFlow, AboutTheHostsFlowIsTheHosts) {
  const Packet error = IcmpError(RouterAddress(GetParam()), IcmpErrorKind::kPacketTooBig,
                                 Tcp(node_.On(40000), node_.World(1, 443)));
  EXPECT_THAT(node_.FromNetwork(error), LeavesAlone(error));
}

TEST_P(IcmpErrorAboutAPlainFlow, AQuoteThatCannotBeReadIsDropped) {
  const Packet query = Udp(client_.On(40000), server_.On(53)).Payload(40);
  node_.FromPod(client_, query);
  const Packet error = IcmpError(server_.address, IcmpErrorKind::kPortUnreachable, query);
  const size_t quote = 14 + (GetParam() == Family::kIpv4 ? 20 : 40) + 8;
  EXPECT_THAT(node_.FromPod(server_, error.Raw(quote, 0x25)), Drops(DROP_BAD_ICMP_QUOTE));
  for (const size_t missing : {1U, 4U, 8U, 9U, 20U}) {
    const Packet cut = IcmpError(server_.address, IcmpErrorKind::kPortUnreachable,
                                 query.Payload(size_t{0}), missing <= 8 ? 8 - missing : 0)
                           .Cut(missing <= 8 ? 2000 : quote + 28 - missing);
    const Hop hop = node_.FromPod(server_, cut);
    EXPECT_EQ(hop.action, Action::kShot) << hop;
  }
}

FAIRLEAD_BOTH_FAMILIES(IcmpErrorAboutAPlainFlow);

}  // namespace
}  // namespace fairlead::testing
