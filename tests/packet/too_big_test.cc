// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ 1401 bytes ──▶ [from_pod] ─ uplink of 1400 ─▶ ✗
//   pod ◀── "too big, 1400 would fit", quoting what the pod sent
//
// Promise: whoever sends what does not fit its way is told so by the address of
// the node that noticed it, in the words of its own packet; never about what
// must not be answered, and within a budget.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"
#include "tests/dsl/neighbours.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kUplink = 1400;
constexpr uint16_t kPods = 1500;

NodeOptions Narrow() {
  NodeOptions options;
  options.uplink_mtu = kUplink;
  options.pod_mtu = kPods;
  return options;
}

class TooBig : public ::testing::TestWithParam<Family> {
 protected:
  Packet Error(const Packet& packet, uint32_t mtu = kUplink) const {
    return OwnIcmpError(node_.address(), IcmpErrorKind::kPacketTooBig, packet, mtu);
  }

  Node node_{GetParam(), Narrow()};
  Pod pod_ = node_.AddPod("pod");
  Pod other_ = node_.AddPod("other");
};

TEST_P(TooBig, ForTheUplinkIsAnswered) {
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
    const Packet fits = Transported(protocol, pod_.On(1), node_.World(1, 443)).Syn();
    const Packet too_big = fits.Filled(kUplink + 1);
    EXPECT_THAT(node_.FromPod(pod_, too_big), Answers(Error(too_big), pod_, DROP_TOO_BIG));
    const Hop hop = node_.FromPod(pod_, fits.Filled(kUplink));
    EXPECT_THAT(hop, SendsToWorld(fits.Filled(kUplink).From(hop.Source())));
  }
}

TEST_P(TooBig, ForAnEchoToo) {
  const Packet ping = Ping(pod_.On(7), WorldAddress(GetParam(), 1)).Filled(1500);
  EXPECT_THAT(node_.FromPod(pod_, ping), Answers(Error(ping), pod_, DROP_TOO_BIG));
}

TEST_P(TooBig, ForAPeerIsAnswered) {
  const Peer peer = node_.AddPeer("there");
  for (const Endpoint& to : {peer.Pod(1, 80), peer.On(80)}) {
    const Packet packet = Udp(pod_.On(1), to).Filled(1500);
    EXPECT_THAT(node_.FromPod(pod_, packet), Answers(Error(packet), pod_, DROP_TOO_BIG));
    EXPECT_THAT(node_.FromPod(pod_, packet.Filled(kUplink)), SendsToPeer(packet.Filled(kUplink)));
  }
}

TEST_P(TooBig, ThroughAServiceQuotesTheService) {
  const Peer peer = node_.AddPeer("there");
  const Service web = node_.AddService("web", TcpPort(80), {peer.Pod(1, 8080)});
  const Packet request = Tcp(pod_.On(40000), web.Front());
  const Packet forwarded = request.To(peer.Pod(1, 8080));
  node_.FromPod(pod_, request.Syn());
  const Packet early = request.Ack().Filled(1500);  // half-open still
  EXPECT_THAT(node_.FromPod(pod_, early), Answers(Error(early), pod_, DROP_TOO_BIG));
  node_.FromNetwork(forwarded.Reply().SynAck());
  ASSERT_THAT(node_, Remembers(request, forwarded));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(node_.FromPod(pod_, early), Answers(Error(early), pod_, DROP_TOO_BIG));
    EXPECT_THAT(node_.FromPod(pod_, request.Ack().Filled(kUplink)),
                SendsToPeer(forwarded.Ack().Filled(kUplink)));
  }
}

TEST_P(TooBig, OfABackendsReplyQuotesWhatTheBackendSent) {
  const Peer peer = node_.AddPeer("there");
  const Packet request = Tcp(peer.Pod(1, 40000), pod_.On(80));
  node_.FromNetwork(request.Syn());
  node_.FromPod(pod_, request.Reply().SynAck());
  node_.FromNetwork(request.Ack());
  const Packet answer = request.Reply().Ack().Filled(1500);
  EXPECT_THAT(node_.FromPod(pod_, answer), Answers(Error(answer), pod_, DROP_TOO_BIG));
}

TEST_P(TooBig, IsNotRemembered) {
  const Packet first = Udp(pod_.On(1), node_.World(1, 53)).Filled(1500);
  node_.FromPod(pod_, first);
  EXPECT_FALSE(node_.IsHalfOpen(first, first));
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(TooBig, FollowsTheUplinksMtu) {
  const Packet packet = Udp(pod_.On(1), node_.World(1, 53)).Filled(1350);
  EXPECT_EQ(node_.FromPod(pod_, packet).reason, uint32_t{VERDICT_TO_WORLD});
  node_.SetUplinkMtu(1300);
  EXPECT_THAT(node_.FromPod(pod_, packet), Answers(Error(packet, 1300), pod_, DROP_TOO_BIG));
  node_.SetUplinkMtu(9000);  // though the device is smaller than that in truth
  EXPECT_EQ(node_.FromPod(pod_, packet.Filled(2000)).reason, uint32_t{VERDICT_TO_WORLD});
}

TEST_P(TooBig, ForAPodOfThisNodeIsAnswered) {
  node_.SetMtu(other_, 1300);
  node_.SetUplinkMtu(1300);
  const Packet packet = Tcp(pod_.On(1), other_.On(80)).Syn().Filled(1301);
  EXPECT_THAT(node_.FromPod(pod_, packet), Answers(Error(packet, 1300), pod_, DROP_TOO_BIG));
  EXPECT_THAT(node_.FromPod(pod_, packet.Filled(1300)), Delivers(packet.Filled(1300), other_));
}

// Another MTU is no other pod.
TEST_P(TooBig, APodsNewMtuLeavesItsFlowsAlone) {
  const Packet request = Tcp(pod_.On(1), other_.On(80));
  node_.FromPod(pod_, request.Syn());
  node_.FromPod(other_, request.Reply().SynAck());
  node_.SetMtu(other_, 1300);
  EXPECT_THAT(node_.FromPod(pod_, request.Ack()), Delivers(request.Ack(), other_));
  EXPECT_THAT(node_, Remembers(request, request));
}

TEST_P(TooBig, FromTheWorldIsAnsweredOutOfTheUplink) {
  node_.SetMtu(pod_, 1300);
  node_.SetUplinkMtu(1300);
  const Packet packet = Udp(node_.World(1, 40000), pod_.On(53)).Filled(1400);
  EXPECT_THAT(node_.FromNetwork(packet), AnswersOnTheWire(Error(packet, 1300), DROP_TOO_BIG));
}

TEST_P(TooBig, FromAPeersPodIsAnsweredOutOfTheUplink) {
  const Peer peer = node_.AddPeer("there");
  node_.SetMtu(pod_, 1300);
  node_.SetUplinkMtu(1300);
  const Packet packet = Tcp(peer.Pod(1, 40000), pod_.On(80)).Syn().Filled(1400);
  EXPECT_THAT(node_.FromNetwork(packet), AnswersOnTheWire(Error(packet, 1300), DROP_TOO_BIG));
}

TEST_P(TooBig, OfAMasqueradedReplyQuotesWhatTheWorldSent) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443));
  const Packet forwarded = request.From(node_.FromPod(pod_, request.Syn()).Source());
  node_.FromNetwork(forwarded.Reply().SynAck());
  node_.SetMtu(pod_, 1300);
  node_.SetUplinkMtu(1300);
  const Packet data = forwarded.Reply().Ack().Filled(1400);
  EXPECT_THAT(node_.FromNetwork(data), AnswersOnTheWire(Error(data, 1300), DROP_TOO_BIG));
  EXPECT_THAT(node_.FromNetwork(data.Filled(1300)),
              Delivers(request.Reply().Ack().Filled(1300), pod_));
}

TEST_P(TooBig, ForTheHostItselfIsTheHostsBusiness) {
  const Packet packet = Udp(pod_.On(1), node_.On(53)).Filled(1500);
  EXPECT_THAT(node_.FromPod(pod_, packet), PassesToStack(packet));
}

TEST_P(TooBig, IsJudgedBySegmentsNotByTheFrame) {
  const size_t ip = GetParam() == Family::kIpv4 ? 20 : 40;
  const Packet tcp = Tcp(pod_.On(1), node_.World(1, 443)).Ack().Payload(2900);
  const Packet udp = Udp(pod_.On(1), node_.World(1, 443)).Payload(2900);
  for (const auto& [packet, headers] : {std::pair{tcp, ip + 20}, std::pair{udp, ip + 8}}) {
    const auto fits = static_cast<uint16_t>(kUplink - headers);
    EXPECT_EQ(node_.FromPod(pod_, packet.Segments(fits)).reason, uint32_t{VERDICT_TO_WORLD});
    const auto too_big = static_cast<uint16_t>(fits + 1);
    EXPECT_THAT(node_.FromPod(pod_, packet.Segments(too_big)),
                Answers(Error(packet), pod_, DROP_TOO_BIG));
  }
}

TEST_P(TooBig, IsNotAnsweredForALaterFragment) {
  const Peer peer = node_.AddPeer("there");
  const Packet datagram = Udp(pod_.On(1), peer.Pod(1, 53)).Filled(1500);
  EXPECT_THAT(node_.FromPod(pod_, datagram.Fragment(0, true)),
              Answers(Error(datagram.Fragment(0, true)), pod_, DROP_TOO_BIG));
  EXPECT_THAT(node_.FromPod(pod_, datagram.Fragment(200, false)), Drops(DROP_TOO_BIG));
  EXPECT_EQ(node_.Count(HOOK_FROM_POD, VERDICT_UNANSWERED), 1U);
}

TEST_P(TooBig, IsNotAnsweredToAnAddressOfTheLink) {
  node_.SetMtu(pod_, 1300);
  node_.SetUplinkMtu(1300);
  const Endpoint near{Ip(GetParam(), "169.254.7.7", "fe80::77"), 1};
  EXPECT_THAT(node_.FromNetwork(Udp(near, pod_.On(53)).Filled(1400)), Drops(DROP_TOO_BIG));
  EXPECT_EQ(node_.Count(HOOK_FROM_NETWORK, VERDICT_UNANSWERED), 1U);
}

TEST_P(TooBig, OnePodsFloodLeavesTheOthersTheirAnswers) {
  const Packet flood = Udp(pod_.On(1), node_.World(1, 53)).Filled(1500);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(node_.FromPod(pod_, flood).reason, uint32_t{DROP_TOO_BIG});
  EXPECT_GE(node_.Count(HOOK_FROM_POD, VERDICT_UNANSWERED), 100U);
  EXPECT_LE(node_.Count(HOOK_FROM_POD, VERDICT_UNANSWERED), 150U);
  const Packet calm = Udp(other_.On(1), node_.World(1, 53)).Filled(1500);
  EXPECT_THAT(node_.FromPod(other_, calm), Answers(Error(calm), other_, DROP_TOO_BIG));
}

TEST_P(TooBig, QuotesLittleOfALittlePacketToo) {
  node_.SetUplinkMtu(100);
  for (const size_t bytes : {101U, 102U, 127U, 128U, 129U, 300U}) {
    const Packet packet = Udp(pod_.On(1), node_.World(1, 53)).Filled(bytes);
    EXPECT_THAT(node_.FromPod(pod_, packet), Answers(Error(packet, 100), pod_, DROP_TOO_BIG));
  }
}

FAIRLEAD_BOTH_FAMILIES(TooBig);

// A node without an address of the family speaks as the pod's gateway.
class TooBigWithoutAddress : public ::testing::TestWithParam<Family> {};

TEST_P(TooBigWithoutAddress, ThePodHearsItsGateway) {
  NodeOptions options = Narrow();
  options.has_address = false;
  options.hooks.masquerade = false;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  const Packet packet = Udp(pod.On(1), node.World(1, 53)).Filled(1500);
  EXPECT_THAT(node.FromPod(pod, packet),
              Answers(OwnIcmpError(GatewayAddress(GetParam()), IcmpErrorKind::kPacketTooBig, packet,
                                   kUplink),
                      pod, DROP_TOO_BIG));
}

TEST_P(TooBigWithoutAddress, TheWireHearsNobody) {
  NodeOptions options = Narrow();
  options.has_address = false;
  options.uplink_has_addresses = false;
  options.uplink_mtu = options.pod_mtu = 1300;
  Node node(GetParam(), options);
  const Pod pod = node.AddPod("pod");
  EXPECT_THAT(node.FromNetwork(Udp(node.World(1, 53), pod.On(1)).Filled(1400)),
              Drops(DROP_TOO_BIG));
}

FAIRLEAD_BOTH_FAMILIES(TooBigWithoutAddress);

// Only IPv4 lets others cut a packet: a whole one that does not forbid it.
TEST(TooBigIpv4, WhatMayBeFragmentedIsAnsweredAllTheSame) {
  Node node(Family::kIpv4, Narrow());
  const Pod pod = node.AddPod("pod");
  const Packet packet = Udp(pod.On(1), node.World(1, 53)).Filled(1500).Fragment(0, false);
  EXPECT_THAT(node.FromPod(pod, packet),
              Answers(OwnIcmpError(node.address(), IcmpErrorKind::kPacketTooBig, packet, kUplink),
                      pod, DROP_TOO_BIG));
}

TEST(TooBigIpv4, WhatMayBeFragmentedGetsIntoAPodWhole) {
  Node node(Family::kIpv4, Narrow());
  const Pod pod = node.AddPod("pod");
  node.SetMtu(pod, 1300);
  node.SetUplinkMtu(1300);
  const Packet packet = Udp(node.World(1, 53), pod.On(1)).Filled(1500).Fragment(0, false);
  EXPECT_THAT(node.FromNetwork(packet), Delivers(packet, pod));
}

}  // namespace
}  // namespace fairlead::testing
