// SPDX-License-Identifier: Apache-2.0
//
//   later, no first yet ──▶ the reassembly room ──in order──▶ [from_room]
//   [from_pod], [from_network] ◀──────────────(mark)──────────────┘
//
// Promise: a datagram whose fragments come in the wrong order arrives, too; the
// host's own never notice; and no flood makes anything grow.
#include <algorithm>

#include "loader/kernel/prog_run.h"
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/scratch_network.h"

namespace fairlead::testing {
namespace {

constexpr size_t kMtu = 576;
constexpr size_t kBytes = 2000;

std::vector<Packet> InReverse(const Packet& datagram) {
  std::vector<Packet> pieces = datagram.Fragments(kMtu);
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

class OutOfOrder : public ::testing::TestWithParam<Family> {
 protected:
  // What the kernel makes of the datagram in the room: IPv6 gets another number.
  std::vector<Packet> Reassembled(const Packet& datagram) const {
    return (GetParam() == Family::kIpv4 ? datagram : datagram.Id(0xabcdef)).Fragments(kMtu);
  }
  // All pieces enter the room, come back, and are delivered as those of `expected`.
  void ExpectThroughTheRoom(const Pod& sender, const Packet& sent, const Packet& expected,
                            const Pod& receiver) {
    for (const Packet& piece : InReverse(sent)) {
      EXPECT_THAT(node_.FromPod(sender, piece), EntersTheRoom(piece));
    }
    const auto pieces = Reassembled(sent);
    const auto wanted = Reassembled(expected);
    for (size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_THAT(node_.FromRoom(pieces[i].OneHopLater()), ComesBackFrom(sender, pieces[i]));
      const Hop hop = node_.FromPod(sender, pieces[i], FL_MARK_IN_ORDER);
      EXPECT_THAT(hop, Delivers(wanted[i], receiver));
      EXPECT_EQ(hop.mark, 0U);
    }
  }
  // The same for what the wire brings to a pod's own address.
  void ExpectThroughTheRoomFromNetwork(const Packet& sent, const Packet& expected,
                                       const Pod& receiver) {
    for (const Packet& piece : InReverse(sent)) {
      EXPECT_THAT(node_.FromNetwork(piece), EntersTheRoom(piece));
    }
    ExpectBackFromNetwork(sent, expected, receiver);
  }
  void ExpectBackFromNetwork(const Packet& sent, const Packet& expected, const Pod& receiver) {
    const auto pieces = Reassembled(sent);
    const auto wanted = Reassembled(expected);
    for (size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_THAT(node_.FromRoom(pieces[i].OneHopLater()), ComesBackFromTheNetwork(pieces[i]));
      EXPECT_THAT(node_.FromNetwork(pieces[i], FL_MARK_IN_ORDER), Delivers(wanted[i], receiver));
    }
  }

  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Peer peer_ = node_.AddPeer("there");
};

TEST_P(OutOfOrder, FragmentsToAServiceAndBackArrive) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front()).Payload(kBytes).Id(1);
  const Packet forwarded = query.To(backend_.On(5353));
  ExpectThroughTheRoom(client_, query, forwarded, backend_);
  ExpectThroughTheRoom(backend_, forwarded.Reply(), forwarded.Reply().From(dns.Front()), client_);
  ExpectThroughTheRoom(client_, query.Id(2), forwarded.Id(2), backend_);
  EXPECT_THAT(node_, Remembers(query, forwarded));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OutOfOrder, FragmentsFromAPeersBackendArrive) {
  const Service dns = node_.AddService("dns", UdpPort(53), {peer_.Pod(1, 5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  const Packet answer = query.To(peer_.Pod(1, 5353)).Reply().Payload(kBytes).Id(1);
  ExpectThroughTheRoomFromNetwork(answer, answer.From(dns.Front()), client_);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OutOfOrder, OneThatIsLateSendsTheRestOfItsDatagramAfterIt) {
  const Packet datagram = Udp(client_.On(1), backend_.On(2)).Payload(kBytes).Id(1);
  const auto pieces = datagram.Fragments(kMtu);
  for (const size_t i : {1U, 0U, 2U, 3U}) {
    EXPECT_THAT(node_.FromPod(client_, pieces[i]), EntersTheRoom(pieces[i]));
  }
  const auto others = datagram.Id(2).Fragments(kMtu);
  for (const Packet& piece : others) {
    EXPECT_THAT(node_.FromPod(client_, piece), Delivers(piece, backend_));
  }
}

TEST_P(OutOfOrder, FragmentsFromOutsideToAServiceArrive) {
  const IpAddress external = Ip(GetParam(), "192.0.2.250", "2001:db8:250::1");
  const Service dns =
      node_.AddService({.name = "dns", .vip = {}, .port = UdpPort(53), .external_ips = {external}},
                       {backend_.On(5353)});
  uint16_t port = 40000;
  for (const Endpoint& door : {Endpoint{external, 53}, dns.Front()}) {
    const Packet query = Udp(node_.World(1, port), door).Payload(kBytes).Id(port);
    ++port;
    ExpectThroughTheRoomFromNetwork(query, query.To(backend_.On(5353)), backend_);
  }
  EXPECT_THAT(node_, HasNoDrops());
}

// A router may have other users of the same address behind it.
TEST_P(OutOfOrder, FragmentsToAnotherPortOfAnExternalAddressReachTheHost) {
  const IpAddress external = Ip(GetParam(), "192.0.2.250", "2001:db8:250::1");
  node_.AddService({.name = "dns", .vip = {}, .port = UdpPort(53), .external_ips = {external}},
                   {backend_.On(5353)});
  const Packet other = Udp(node_.World(1, 40000), Endpoint{external, 54}).Payload(kBytes).Id(1);
  for (const Packet& piece : InReverse(other)) {
    EXPECT_THAT(node_.FromNetwork(piece), EntersTheRoom(piece));
  }
  for (const Packet& piece : Reassembled(other)) {
    EXPECT_THAT(node_.FromRoom(piece.OneHopLater()), ComesBackFromTheNetwork(piece));
    EXPECT_THAT(node_.FromNetwork(piece, FL_MARK_IN_ORDER), LeavesAlone(piece));
  }
}

// To the node's address: nobody can tell whose it is before the first one comes.
TEST_P(OutOfOrder, FragmentsToAMasqueradedPodAreCopiedUntilTheFirstTells) {
  const Packet query = Udp(client_.On(40000), node_.World(1, 53));
  const Packet forwarded = query.From(node_.FromPod(client_, query).Source());
  const Packet reply = forwarded.Reply().Payload(kBytes).Id(1);
  const auto pieces = InReverse(reply);
  for (const Packet& piece : pieces) {
    const bool is_first = &piece == &pieces.back();
    EXPECT_THAT(node_.FromNetwork(piece), is_first ? EntersTheRoom(piece) : LeavesAlone(piece));
  }
  EXPECT_EQ(node_.Count(HOOK_FROM_NETWORK, VERDICT_TO_ROOM), pieces.size());
  ExpectBackFromNetwork(reply, reply.To(client_.On(40000)), client_);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OutOfOrder, FragmentsOfTheHostItselfReachItOnce) {
  const Packet datagram = Udp(node_.World(1, 53), node_.On(40000)).Payload(kBytes).Id(1);
  const auto pieces = datagram.Fragments(kMtu);
  for (const size_t i : {3U, 0U, 2U, 1U}) {
    EXPECT_THAT(node_.FromNetwork(pieces[i]), LeavesAlone(pieces[i]));
  }
  // Once the first has told, no more copies are made.
  EXPECT_EQ(node_.Count(HOOK_FROM_NETWORK, VERDICT_TO_ROOM), 1U);
  for (const Packet& piece : Reassembled(datagram.Id(2))) {
    const Hop hop = node_.FromNetwork(piece, FL_MARK_IN_ORDER);
    EXPECT_EQ(hop.action, Action::kShot);
    EXPECT_EQ(ReasonName(hop.reason), "COPY");
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(OutOfOrder, WhatTheHostsStackSendsToAPodGoesOn) {
  const auto pieces = Udp(node_.On(1), client_.On(2)).Payload(kBytes).Fragments(kMtu);
  EXPECT_THAT(node_.ToPod(client_, pieces[2]), LeavesAlone(pieces[2]));
  for (const size_t i : {0U, 1U, 3U}) {
    EXPECT_THAT(node_.ToPod(client_, pieces[i]), LetsIn(pieces[i]));
  }
}

TEST_P(OutOfOrder, NothingEntersTheRoomTwice) {
  const auto pieces = Udp(client_.On(1), backend_.On(2)).Payload(kBytes).Fragments(kMtu);
  EXPECT_THAT(node_.FromPod(client_, pieces[1], FL_MARK_IN_ORDER), Drops(DROP_ORPHAN_FRAGMENT));
  EXPECT_THAT(node_.FromPod(client_, pieces[1]), EntersTheRoom(pieces[1]));
  EXPECT_THAT(node_.FromPod(client_, pieces[1], FL_MARK_IN_ORDER), Drops(DROP_ORPHAN_FRAGMENT));
  EXPECT_EQ(node_.FromPod(client_, pieces[1], FL_MARK_IN_ORDER).mark, 0U);
}

TEST_P(OutOfOrder, AFragmentWithoutAHopForTheRoomIsDropped) {
  const auto pieces =
      Udp(client_.On(1), backend_.On(2)).Payload(kBytes).HopLimit(1).Fragments(kMtu);
  EXPECT_THAT(node_.FromPod(client_, pieces[1]), Drops(DROP_TTL_EXCEEDED));
}

TEST_P(OutOfOrder, FragmentsOfAPodThatHasGoneDoNotComeBack) {
  const auto pieces = Udp(client_.On(1), backend_.On(2)).Payload(kBytes).Fragments(kMtu);
  node_.FromPod(client_, pieces[1]);
  node_.RemovePod(client_);
  // They would come from the network, where nobody may use a pod's address.
  EXPECT_THAT(node_.FromRoom(pieces[0].OneHopLater()), ComesBackFromTheNetwork(pieces[0]));
  EXPECT_THAT(node_.FromNetwork(pieces[0], FL_MARK_IN_ORDER), Drops(DROP_SPOOFED_SOURCE));
}

TEST_P(OutOfOrder, TheLastHopComesBackToo) {
  const Packet piece = Udp(client_.On(1), backend_.On(2)).Payload(kBytes).Fragments(kMtu).at(0);
  for (const int hops : {2, 128, 255}) {
    for (const Packet& each : {piece, piece.SummedByDevice()}) {
      EXPECT_THAT(node_.FromRoom(each.HopLimit(hops).OneHopLater()),
                  ComesBackFrom(client_, piece.HopLimit(hops)));
    }
  }
}

TEST_P(OutOfOrder, WithoutARoomOnlyTheHostsOwnPass) {
  NodeOptions options;
  options.has_room = false;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  const Pod other = node.AddPod("other");
  EXPECT_THAT(node.FromPod(pod, Udp(pod.On(1), other.On(2)).Payload(kBytes).Fragments(kMtu).at(1)),
              Drops(DROP_ORPHAN_FRAGMENT));
  const Packet piece = Udp(node.World(1, 1), node.On(2)).Payload(kBytes).Fragments(kMtu).at(1);
  EXPECT_THAT(node.FromNetwork(piece), LeavesAlone(piece));
}

// Thirty times as many as the table holds, first ones and orphans by turns.
TEST_P(OutOfOrder, AFloodOfFragmentsHarmsNobodyElse) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  const Packet forwarded = query.To(backend_.On(5353));
  node_.FromPod(client_, query);
  node_.FromPod(backend_, forwarded.Reply());
  node_.FromPod(client_, query);
  ASSERT_THAT(node_, Remembers(query, forwarded));

  const auto pieces = Udp(client_.On(1), node_.World(1, 2)).Payload(600).Fragments(kMtu);
  ProgInput input;
  input.ifindex = client_.ifindex;
  const int program = node_.Program(HOOK_FROM_POD, GetParam());
  // Where the datagram's number is, and the address of the world's host it is for.
  const size_t id = GetParam() == Family::kIpv4 ? 14 + 4 : 14 + 40 + 6;
  const size_t host = GetParam() == Family::kIpv4 ? 14 + 19 : 14 + 39;
  Bytes frames[2];
  for (size_t kind = 0; kind < 2; ++kind) {
    frames[kind] = pieces[kind].OnLink(client_.mac, kGatewayMac).ToBytes();
  }
  for (uint32_t n = 0; n < 250'000; ++n) {
    Bytes& frame = frames[n % 2];
    frame[id] = static_cast<std::byte>(n >> 8);
    frame[id + 1] = static_cast<std::byte>(n);
    frame[host] = static_cast<std::byte>(n >> 16);
    input.frame = frame;
    ASSERT_TRUE(RunOnce(program, input).ok());
  }
  EXPECT_GT(node_.Count(HOOK_FROM_POD, VERDICT_TO_ROOM), 100'000U);
  EXPECT_GT(node_.Count(HOOK_FROM_POD, VERDICT_TO_WORLD), 100'000U);
  EXPECT_LE(node_.DatagramCount(), 8192U);
  EXPECT_EQ(node_.FlowCount(), 1U);
  EXPECT_THAT(node_.FromPod(client_, query), Delivers(forwarded, backend_));
  const auto asked = query.Payload(kBytes).Id(9).Fragments(kMtu);
  const auto wanted = forwarded.Payload(kBytes).Id(9).Fragments(kMtu);
  for (size_t i = 0; i < asked.size(); ++i) {
    EXPECT_THAT(node_.FromPod(client_, asked[i]), Delivers(wanted[i], backend_));
  }
}

FAIRLEAD_BOTH_FAMILIES(OutOfOrder);

}  // namespace
}  // namespace fairlead::testing
