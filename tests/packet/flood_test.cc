// SPDX-License-Identifier: Apache-2.0
//
//   a thousand first packets ──▶ half-open: four to a bucket, the oldest goes
//   conversations            ──▶ flow objects: nobody's to take
//
// Promise: a flood costs other half-open flows and nothing else; a full flow
// table costs new flows their place in it, and not their packets.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class UnderAFlood : public ::testing::TestWithParam<Family> {
 protected:
  static NodeOptions Small() {
    NodeOptions options;
    options.sizes.flows = 16;
    options.sizes.half_open_buckets = 4;
    return options;
  }
  Packet Open(uint16_t port) {
    const Packet request = Tcp(client_.On(port), web_.Front());
    node_.FromPod(client_, request.Syn());
    node_.FromPod(backend_, request.To(backend_.On(8080)).Reply().SynAck());
    return request;
  }
  Node node_{GetParam(), Small()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Service web_ = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
};

TEST_P(UnderAFlood, NoEstablishedConnectionIsLost) {
  std::vector<Packet> established;
  for (uint16_t port = 1; port <= 16; ++port) established.push_back(Open(port));
  for (uint16_t port = 1000; port < 4000; ++port) {
    node_.FromPod(client_, Tcp(client_.On(port), web_.Front()).Syn());
  }
  for (const Packet& request : established) {
    const Packet forwarded = request.To(backend_.On(8080));
    EXPECT_THAT(node_.FromPod(client_, request.Ack()), Delivers(forwarded.Ack(), backend_));
    EXPECT_THAT(node_.FromPod(backend_, forwarded.Reply().Ack()),
                Delivers(forwarded.Reply().Ack().From(web_.Front()), client_));
    EXPECT_THAT(node_, Remembers(request, forwarded));
  }
}

TEST_P(UnderAFlood, HalfOpenFlowsAreLostAndNothingElse) {
  const Packet victim = Tcp(client_.On(1), web_.Front());
  node_.FromPod(client_, victim.Syn());
  for (uint16_t port = 1000; port < 4000; ++port) {
    EXPECT_THAT(node_.FromPod(client_, Tcp(client_.On(port), web_.Front()).Syn()),
                Delivers(Tcp(client_.On(port), backend_.On(8080)).Syn(), backend_));
  }
  EXPECT_FALSE(node_.IsHalfOpen(victim, victim.To(backend_.On(8080))));
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(UnderAFlood, AFullTableKeepsNewFlowsWorkingHalfOpen) {
  node_.FillFlowTable();
  const Packet request = Open(1);
  const Packet forwarded = request.To(backend_.On(8080));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromPod(client_, request.Ack()), Delivers(forwarded.Ack(), backend_));
    EXPECT_THAT(node_.FromPod(backend_, forwarded.Reply().Ack()),
                Delivers(forwarded.Reply().Ack().From(web_.Front()), client_));
  }
  EXPECT_THAT(node_, RemembersHalfOpen(request, forwarded));
  EXPECT_GE(node_.Count(HOOK_FROM_POD, VERDICT_NOT_PROMOTED), 4U);
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(UnderAFlood, AFlowThatIsOverMakesRoomForAnother) {
  for (uint16_t port = 1; port <= 16; ++port) Open(port);
  EXPECT_EQ(node_.FlowCount(), 16U);
  const Packet first = Tcp(client_.On(1), web_.Front());
  node_.FromPod(client_, first.Fin());
  node_.FromPod(client_, first.Syn());
  EXPECT_EQ(node_.FlowCount(), 15U);
  const Packet another = Open(17);
  EXPECT_THAT(node_, Remembers(another, another.To(backend_.On(8080))));
}

// Nobody sweeps: a new conversation takes the room of those that are over.
TEST_P(UnderAFlood, ATableFullOfExpiredFlowsHasRoom) {
  for (uint16_t port = 1; port <= 16; ++port) Open(port);
  node_.TimePasses(std::chrono::hours(25));
  const Packet another = Open(17);
  EXPECT_THAT(node_, Remembers(another, another.To(backend_.On(8080))));
}

// A flood whose SYNs are answered fills the table; who comes after it is served all the same.
TEST_P(UnderAFlood, ATableFullOfAnsweredSynsHasRoomForAConversation) {
  const Packet living = Open(1);
  node_.FromPod(client_, living.Ack());
  for (uint16_t port = 2; port <= 16; ++port) Open(port);
  node_.TimePasses(std::chrono::seconds(10));
  const Packet another = Open(17);
  EXPECT_THAT(node_, Remembers(another, another.To(backend_.On(8080))));
  EXPECT_THAT(node_, Remembers(living, living.To(backend_.On(8080))));
}

TEST_P(UnderAFlood, ATableFullOfLivingFlowsLosesNone) {
  for (uint16_t port = 1; port <= 16; ++port) Open(port);
  for (uint16_t port = 17; port <= 60; ++port) Open(port);
  for (uint16_t port = 1; port <= 16; ++port) {
    const Packet request = Tcp(client_.On(port), web_.Front());
    EXPECT_THAT(node_, Remembers(request, request.To(backend_.On(8080))));
  }
}

FAIRLEAD_BOTH_FAMILIES(UnderAFlood);

}  // namespace
}  // namespace fairlead::testing
