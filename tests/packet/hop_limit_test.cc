// SPDX-License-Identifier: Apache-2.0
//
//   pod ──▶ hop limit 1 ──▶ [from_pod] ✗
//   pod ◀── time exceeded, from the node
//
// Promise: every fairlead node that a packet passes is a hop that traceroute
// shows, whatever the packet is and wherever it goes.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class HopLimit : public ::testing::TestWithParam<Family> {
 protected:
  Packet Error(const Packet& packet) const {
    return OwnIcmpError(node_.address(), IcmpErrorKind::kTimeExceeded, packet);
  }
  void ExpectAHop(const Packet& packet) {
    for (const int hops : {1, 0}) {
      const Packet last = packet.HopLimit(hops);
      EXPECT_THAT(node_.FromPod(pod_, last), Answers(Error(last), pod_, DROP_TTL_EXCEEDED));
    }
    EXPECT_EQ(node_.FromPod(pod_, packet.HopLimit(2)).action, Action::kRedirect);
  }

  Node node_{GetParam()};
  Pod pod_ = node_.AddPod("pod");
  Pod server_ = node_.AddPod("server");
  Peer peer_ = node_.AddPeer("there");
};

TEST_P(HopLimit, OnTheWayToAPodOfThisNodeIsAnswered) {
  ExpectAHop(Udp(pod_.On(40000), server_.On(33434)));
  ExpectAHop(Tcp(pod_.On(40000), server_.On(80)).Syn());
  ExpectAHop(Ping(pod_.On(7), server_.address));
}

TEST_P(HopLimit, OnTheWayToAnotherNodeIsAnswered) {
  ExpectAHop(Udp(pod_.On(40000), peer_.Pod(1, 33434)));
  ExpectAHop(Ping(pod_.On(7), peer_.address));
}

TEST_P(HopLimit, OnTheWayToTheWorldIsAnswered) {
  ExpectAHop(Udp(pod_.On(40000), node_.World(1, 33434)));
  ExpectAHop(Tcp(pod_.On(40000), node_.World(1, 443)).Syn());
  ExpectAHop(Ping(pod_.On(7), WorldAddress(GetParam(), 1)));
}

TEST_P(HopLimit, OnTheWayToAServiceIsAnsweredWithTheServiceInTheQuote) {
  const Service web = node_.AddService("web", TcpPort(80), {server_.On(8080)});
  ExpectAHop(Tcp(pod_.On(40000), web.Front()).Syn());
}

TEST_P(HopLimit, OfAnEstablishedFlowIsAnswered) {
  const Service web = node_.AddService("web", TcpPort(80), {server_.On(8080)});
  const Packet request = Tcp(pod_.On(40000), web.Front());
  node_.FromPod(pod_, request.Syn());
  node_.FromPod(server_, request.To(server_.On(8080)).Reply().SynAck());
  node_.FromPod(pod_, request.Ack());
  ExpectAHop(request.Ack().Payload(10));
}

TEST_P(HopLimit, FromTheNetworkIsAnsweredOutOfTheUplink) {
  for (const Endpoint& from : {peer_.Pod(1, 40000), node_.World(1, 40000)}) {
    for (const Packet& packet : {Udp(from, pod_.On(33434)), Tcp(from, pod_.On(80)).Syn()}) {
      const Packet last = packet.HopLimit(1);
      EXPECT_THAT(node_.FromNetwork(last), AnswersOnTheWire(Error(last), DROP_TTL_EXCEEDED));
      EXPECT_THAT(node_.FromNetwork(packet.HopLimit(2)), Delivers(packet.HopLimit(2), pod_));
    }
  }
}

TEST_P(HopLimit, OfAMasqueradedReplyIsAnsweredInTheWorldsWords) {
  const Packet request = Tcp(pod_.On(40000), node_.World(1, 443)).Syn();
  const Packet reply = request.From(node_.FromPod(pod_, request).Source()).Reply().SynAck();
  EXPECT_THAT(node_.FromNetwork(reply.HopLimit(1)),
              AnswersOnTheWire(Error(reply.HopLimit(1)), DROP_TTL_EXCEEDED));
}

TEST_P(HopLimit, IsEnoughForTheNodeItself) {
  const Packet packet = Udp(pod_.On(40000), node_.On(33434)).HopLimit(1);
  EXPECT_THAT(node_.FromPod(pod_, packet), PassesToStack(packet));
}

TEST_P(HopLimit, UsedUpIsNotRemembered) {
  const Packet packet = Udp(pod_.On(40000), server_.On(33434)).HopLimit(1);
  node_.FromPod(pod_, packet);
  EXPECT_FALSE(node_.IsHalfOpen(packet, packet));
}

// An error about an error could go round for ever (RFC 1122, 3.2.2).
TEST_P(HopLimit, OfAnIcmpErrorIsNotAnswered) {
  const Packet query = Udp(pod_.On(40000), server_.On(53));
  node_.FromPod(pod_, query);
  const Packet error = IcmpError(server_.address, IcmpErrorKind::kPortUnreachable, query);
  EXPECT_THAT(node_.FromPod(server_, error.HopLimit(1)), Drops(DROP_TTL_EXCEEDED));
}

TEST_P(HopLimit, OfALaterFragmentIsNotAnswered) {
  const Packet datagram = Udp(pod_.On(1), peer_.Pod(1, 53)).Payload(800);
  node_.FromPod(pod_, datagram.Fragment(0, true));
  EXPECT_THAT(node_.FromPod(pod_, datagram.Fragment(100, false).HopLimit(1)),
              Drops(DROP_TTL_EXCEEDED));
}

FAIRLEAD_BOTH_FAMILIES(HopLimit);

}  // namespace
}  // namespace fairlead::testing
