// SPDX-License-Identifier: Apache-2.0
//
//   first  ──▶ 10 parse, as a whole packet ──▶ its ports are remembered
//   later  ──▶ 25 fragment: the same ports ──▶ the same flow
//
// Promise: a datagram in fragments goes where it would go as a whole, through
// Services and masquerade, there and back, and arrives with a right checksum.
#include <functional>
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr size_t kMtu = 576;
constexpr size_t kBytes = 2000;

class Fragments : public ::testing::TestWithParam<Family> {
 protected:
  using ExpectOf = std::function<::testing::Matcher<const Hop&>(const Packet&)>;

  // Every piece of `sent` leaves as the same piece of `expected`.
  template <typename Hook>
  void ExpectInOrder(Hook through, const Packet& sent, const Packet& expected, ExpectOf outcome) {
    for (const bool summed : {false, true}) {
      const Packet datagram = sent.Id(++id_);
      const auto pieces = (summed ? datagram.SummedByDevice() : datagram).Fragments(kMtu);
      const auto wanted = expected.Id(id_).Fragments(kMtu);
      ASSERT_EQ(pieces.size(), wanted.size());
      for (size_t i = 0; i < pieces.size(); ++i) {
        EXPECT_THAT(through(pieces[i]), outcome(wanted[i])) << "piece " << i;
      }
    }
  }
  void ExpectFromPod(const Pod& pod, const Packet& sent, const Packet& expected, ExpectOf outcome) {
    ExpectInOrder([&](const Packet& piece) { return node_.FromPod(pod, piece); }, sent, expected,
                  std::move(outcome));
  }
  void ExpectFromNetwork(const Packet& sent, const Packet& expected, ExpectOf outcome) {
    ExpectInOrder([&](const Packet& piece) { return node_.FromNetwork(piece); }, sent, expected,
                  std::move(outcome));
  }
  static ExpectOf DeliveredTo(const Pod& pod) {
    return [pod](const Packet& packet) { return Delivers(packet, pod); };
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Peer peer_ = node_.AddPeer("there");
  uint32_t id_ = 0;
};

TEST_P(Fragments, BetweenPodsAreForwarded) {
  const Packet datagram = Udp(client_.On(1), backend_.On(2)).Payload(kBytes);
  ExpectFromPod(client_, datagram, datagram, DeliveredTo(backend_));
  ExpectFromPod(backend_, datagram.Reply(), datagram.Reply(), DeliveredTo(client_));
  ExpectFromPod(client_, datagram, datagram, DeliveredTo(backend_));
  const Packet away = Udp(client_.On(1), peer_.Pod(1, 2)).Payload(kBytes);
  ExpectFromPod(client_, away, away, SendsToPeer);
  ExpectFromNetwork(away.Reply(), away.Reply(), DeliveredTo(client_));
  EXPECT_THAT(node_, Remembers(datagram, datagram));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Fragments, A11_56_from_outside_reach_a_backend_by_every_door_of_its_service) {
  const IpAddress external = Ip(GetParam(), "192.0.2.250", "2001:db8:250::1");
  const Service dns = node_.AddService({.name = "dns",
                                        .vip = {},
                                        .port = UdpPort(53),
                                        .node_port = 30053,
                                        .external_ips = {external}},
                                       {backend_.On(5353)});
  uint16_t port = 40000;
  for (const Endpoint& door : {node_.On(30053), Endpoint{external, 53}, dns.Front()}) {
    const Packet query = Udp(node_.World(1, port++), door).Payload(kBytes);
    ExpectFromNetwork(query, query.To(backend_.On(5353)), DeliveredTo(backend_));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Fragments, A11_56_to_a_service_reach_one_backend_and_the_replies_come_back_from_it) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes);
  const Packet forwarded = query.To(backend_.On(5353));
  const Packet answer = forwarded.Reply().Payload(2 * kBytes);
  for (int i = 0; i < 3; ++i) {
    ExpectFromPod(client_, query, forwarded, DeliveredTo(backend_));
    ExpectFromPod(backend_, answer, answer.From(dns.Front()), DeliveredTo(client_));
  }
  EXPECT_THAT(node_, Remembers(query, forwarded));
  EXPECT_EQ(node_.FlowCount(), 1U);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Fragments, OfOneDatagramNeverPartBetweenBackends) {
  std::vector<Endpoint> backends;
  for (int i = 0; i < 8; ++i) backends.push_back(node_.AddPod("backend").On(8080));
  const Service dns = node_.AddService("dns", UdpPort(53), backends);
  for (uint16_t port = 1; port <= 40; ++port) {
    std::set<IpAddress> reached;
    for (const Packet& piece :
         Udp(client_.On(port), dns.Front()).Payload(kBytes).Id(port).Fragments(kMtu)) {
      reached.insert(node_.FromPod(client_, piece).Destination().address);
    }
    EXPECT_EQ(reached.size(), 1U);
  }
}

TEST_P(Fragments, ToABackendOnThePeerAndBack) {
  const Service dns = node_.AddService("dns", UdpPort(53), {peer_.Pod(1, 5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes);
  const Packet forwarded = query.To(peer_.Pod(1, 5353));
  ExpectFromPod(client_, query, forwarded, SendsToPeer);
  const Packet answer = forwarded.Reply();
  ExpectFromNetwork(answer, answer.From(dns.Front()), DeliveredTo(client_));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Fragments, ToTheWorldAreMasqueradedAndTheRepliesRestored) {
  const Endpoint world = node_.World(1, 53);
  for (const Packet& request :
       {Udp(client_.On(40000), world), Ping(client_.On(77), world.address)}) {
    const Packet datagram = request.Payload(kBytes);
    const Endpoint as = node_.FromPod(client_, datagram.Id(++id_).Fragments(kMtu).at(0)).Source();
    const Packet forwarded = datagram.From(as);
    ExpectFromPod(client_, datagram, forwarded, SendsToWorld);
    const Packet reply = forwarded.Reply();
    ExpectFromNetwork(reply, reply.To(client_.On(request.source().port)), DeliveredTo(client_));
    EXPECT_THAT(node_, HasNoDrops());
  }
}

TEST_P(Fragments, OfAPingThatReachesThePodThroughItselfComeBack) {
  const Packet ping = Ping(client_.On(9), backend_.address).Payload(kBytes);
  ExpectFromPod(client_, ping, ping, DeliveredTo(backend_));
  ExpectFromPod(backend_, ping.Reply(), ping.Reply(), DeliveredTo(client_));
}

TEST_P(Fragments, OfTheHostsRepliesThroughAServiceAreTranslated) {
  const Service dns = node_.AddService("dns", UdpPort(53), {node_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes);
  ExpectFromPod(client_, query, query.To(node_.On(5353)), PassesToStack);
  const Packet answer = query.To(node_.On(5353)).Reply();
  ExpectInOrder([&](const Packet& piece) { return node_.ToPod(client_, piece); }, answer,
                answer.From(dns.Front()), LetsIn);
}

TEST_P(Fragments, OfTcpFollowTheirFirstToo) {
  const Service web = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  const Packet forwarded = request.To(backend_.On(8080));
  node_.FromPod(client_, request.Syn());
  node_.FromPod(backend_, forwarded.Reply().SynAck());
  ExpectFromPod(client_, request.Ack().Payload(kBytes), forwarded.Ack().Payload(kBytes),
                DeliveredTo(backend_));
  const Packet data = forwarded.Reply().Ack().Payload(kBytes);
  ExpectFromPod(backend_, data, data.From(web.Front()), DeliveredTo(client_));
  EXPECT_THAT(node_, Remembers(request, forwarded));
}

TEST_P(Fragments, OfSctpPassWhereThePortsStay) {
  const Service same = node_.AddService("same", SctpPort(80), {backend_.On(80)});
  const Packet message = Sctp(client_.On(1), same.Front()).Payload(kBytes);
  ExpectFromPod(client_, message, message.To(backend_.On(80)), DeliveredTo(backend_));
  const Service other = node_.AddService("other", SctpPort(81), {backend_.On(8080)});
  for (const Packet& piece : Sctp(client_.On(2), other.Front()).Payload(kBytes).Fragments(kMtu)) {
    EXPECT_THAT(node_.FromPod(client_, piece), Drops(DROP_SCTP_FRAGMENT));
  }
}

TEST_P(Fragments, OfProtocolsWithoutPortsNeedNoMemory) {
  const Packet esp = WithProtocol(50, client_.address, backend_.address).Payload(kBytes);
  ExpectFromPod(client_, esp, esp, DeliveredTo(backend_));
  EXPECT_EQ(node_.DatagramCount(), 0U);
}

TEST_P(Fragments, OfNobodyWeKnowAreTheHosts) {
  const Packet query = Udp(node_.World(1, 53), node_.On(40000)).Payload(kBytes);
  const Packet passing = Udp(node_.World(1, 53), node_.World(2, 40000)).Payload(kBytes);
  for (const Packet& datagram : {query.Id(1), passing.Id(2)}) {
    const auto pieces = datagram.Fragments(kMtu);
    for (const Packet& piece : pieces) {
      EXPECT_THAT(node_.FromNetwork(piece), LeavesAlone(piece));
    }
  }
  // Tricks with headers are the host's own business, too.
  const Packet segment = Tcp(node_.World(1, 80), node_.On(40000)).Payload(kBytes).Id(3);
  const size_t one = GetParam() == Family::kIpv4 ? 28 : 56;
  for (size_t i = 0; i < 3; ++i) {
    const Packet piece = segment.Fragments(one).at(i);
    EXPECT_THAT(node_.FromNetwork(piece), LeavesAlone(piece));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(Fragments, DoNotFollowAFirstThatIsTooOld) {
  const auto pieces = Udp(client_.On(1), backend_.On(2)).Payload(kBytes).Fragments(kMtu);
  EXPECT_THAT(node_.FromPod(client_, pieces[0]), Delivers(pieces[0], backend_));
  node_.TimePasses(std::chrono::seconds(20));
  EXPECT_THAT(node_.FromPod(client_, pieces[1]), Delivers(pieces[1], backend_));
  node_.TimePasses(std::chrono::seconds(20));
  EXPECT_THAT(node_.FromPod(client_, pieces[2]), EntersTheRoom(pieces[2]));
}

TEST_P(Fragments, ANumberUsedAgainMeansTheNewDatagram) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const auto plain = Udp(client_.On(1), dns.Front()).Payload(kBytes).Fragments(kMtu);
  node_.FromPod(client_, plain[0]);
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes);
  id_ = ~0U;  // the first one is 0 again
  ExpectFromPod(client_, query, query.To(backend_.On(5353)), DeliveredTo(backend_));
}

TEST_P(Fragments, OfOnePodsNumberSayNothingOfAnothers) {
  const auto mine = Udp(client_.On(1), node_.World(1, 2)).Payload(kBytes).Id(5).Fragments(kMtu);
  const auto theirs = Udp(backend_.On(1), node_.World(1, 2)).Payload(kBytes).Id(5).Fragments(kMtu);
  node_.FromPod(client_, mine[0]);
  EXPECT_THAT(node_.FromPod(backend_, theirs[1]), EntersTheRoom(theirs[1]));
  EXPECT_THAT(node_.FromPod(backend_, mine[1].FromMac(backend_.mac)), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(Fragments, OfARefusedDatagramAreAnsweredOnce) {
  const Service dead = node_.AddService("dead", UdpPort(53), {});
  const auto pieces = Udp(client_.On(1), dead.Front()).Payload(kBytes).Fragments(kMtu);
  EXPECT_EQ(node_.FromPod(client_, pieces[0]).action, Action::kRedirect);
  EXPECT_THAT(node_.FromPod(client_, pieces[1]), Drops(DROP_NO_BACKEND));
}

// Zeros for ports are ports like any others.
TEST_P(Fragments, AreNeverTakenForPacketsOfAFlowWithoutPorts) {
  const Packet odd = Udp(client_.On(0), node_.World(1, 0));
  const Packet forwarded = odd.From(node_.FromPod(client_, odd).Source());
  EXPECT_THAT(node_.FromNetwork(forwarded.Reply()), Delivers(odd.Reply(), client_));
  EXPECT_THAT(node_.FromPod(client_, odd), SendsToWorld(forwarded));
  EXPECT_THAT(node_, Remembers(odd, forwarded));
  const Packet later = odd.Payload(kBytes).Id(1000).Fragments(kMtu).at(1);
  EXPECT_THAT(node_.FromPod(client_, later), EntersTheRoom(later));
  ExpectFromPod(client_, odd.Payload(kBytes), forwarded.Payload(kBytes), SendsToWorld);
}

// The link's padding must not be taken for the rest of a header.
TEST_P(Fragments, TooShortForTheirHeaderAreRefusedHoweverPadded) {
  const size_t mtu = GetParam() == Family::kIpv4 ? 36 : 64;
  const auto pieces = Tcp(client_.On(1), backend_.On(80)).Syn().Payload(64).Fragments(mtu);
  EXPECT_THAT(node_.FromPod(client_, pieces[0].Padded(32)), Drops(DROP_TINY_FRAGMENT));
  EXPECT_THAT(node_.FromNetwork(Tcp(node_.World(1, 1), backend_.On(80)).Fragments(mtu).at(0)),
              Drops(DROP_TINY_FRAGMENT));
}

TEST_P(Fragments, ThatReachIntoTheHeaderAreRefused) {
  const Packet segment = Tcp(client_.On(1), backend_.On(80)).Syn().Payload(kBytes);
  node_.FromPod(client_, segment.Fragments(kMtu).at(0));
  EXPECT_THAT(node_.FromPod(client_, segment.Fragment(1, false)), Drops(DROP_OVERLAPPING_FRAGMENT));
  EXPECT_THAT(node_.FromPod(client_, segment.Fragment(2, false)), Drops(DROP_OVERLAPPING_FRAGMENT));
  const Packet behind = segment.Payload(64).Fragment(3, false);
  EXPECT_THAT(node_.FromPod(client_, behind), Delivers(behind, backend_));
}

FAIRLEAD_BOTH_FAMILIES(Fragments);

class FragmentsOfIpv6 : public Fragments {};

TEST_P(FragmentsOfIpv6, BehindAndBeforeOptionsFollowTheirFirst) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes);
  for (const Packet& datagram :
       {query.Behind(kHopByHop).Behind(kRouting, 2), query.BehindFragmentHeader(2),
        query.Behind(kDestination).BehindFragmentHeader(1)}) {
    ExpectFromPod(client_, datagram, datagram.To(backend_.On(5353)), DeliveredTo(backend_));
  }
  // Into the options, or into the header behind them.
  const Packet hidden = query.BehindFragmentHeader(2).Id(99);
  node_.FromPod(client_, hidden.Fragments(kMtu).at(0));
  EXPECT_THAT(node_.FromPod(client_, hidden.Fragment(2, false)), Drops(DROP_OVERLAPPING_FRAGMENT));
}

TEST_P(FragmentsOfIpv6, WithTwoFragmentHeadersAreRefused) {
  const Packet nested = Udp(client_.On(1), backend_.On(2)).Payload(kBytes);
  const Bytes frame = nested.Behind(kAtomicFragment)
                          .Fragments(kMtu)
                          .at(0)
                          .OnLink(client_.mac, kGatewayMac)
                          .ToBytes();
  // The outer header of the two says that more follows.
  EXPECT_THAT(node_.FromPod(client_, Packet::OfBytes(frame).Raw(14 + 40 + 3, 1)),
              Drops(DROP_TOO_MANY_EXTENSIONS));
}

INSTANTIATE_TEST_SUITE_P(Alone, FragmentsOfIpv6, ::testing::Values(Family::kIpv6), FamilyOfTest);

}  // namespace
}  // namespace fairlead::testing
