// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ web ──▶ [from_pod] ──▶ a backend that is gone
//
// Promise: a flow whose other end has gone notices with its next packet: TCP is
// told, anything else goes to another backend. An address that has a new tenant
// does not get the old one's packets for granted. And a policy that changed is
// asked again.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class BackendGone : public ::testing::TestWithParam<Family> {
 protected:
  void Open() {
    node_.FromPod(client_, request_.Syn());
    node_.FromPod(backend_, request_.To(backend_.On(8080)).Reply().SynAck());
  }
  Packet ResetOf(uint32_t sequence) const {
    return request_.Reply().Reset().Sequence(sequence).Window(0);
  }
  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod backend_ = node_.AddPod("backend");
  Pod other_ = node_.AddPod("other");
  Service web_ = node_.AddService("web", TcpPort(80), {backend_.On(8080)});
  Packet request_ = Tcp(client_.On(40000), web_.Front());
};

TEST_P(BackendGone, TheTcpClientIsResetByItsNextPacket) {
  Open();
  node_.SetEndpoints(web_, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, request_.Ack().Sequence(1001, 5001).Payload(100)),
              Answers(ResetOf(5001), client_, DROP_BACKEND_GONE));
  EXPECT_EQ(node_.FlowCount(), 0U);
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()),
              Delivers(request_.Syn().To(other_.On(8080)), other_));
}

TEST_P(BackendGone, AResetIsNotAnsweredWithAReset) {
  Open();
  node_.SetEndpoints(web_, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, request_.Flags(kRst | kAck)), Drops(DROP_BACKEND_GONE));
}

TEST_P(BackendGone, APacketWithoutAcknowledgementIsResetWithOne) {
  Open();
  node_.SetEndpoints(web_, {other_.On(8080)});
  const Packet finish = request_.Flags(kFin).Sequence(2000).Payload(10).Padded(7);
  EXPECT_THAT(node_.FromPod(client_, finish),
              Answers(request_.Reply().Flags(kRst | kAck).Sequence(0, 2011).Window(0), client_,
                      DROP_BACKEND_GONE));
}

TEST_P(BackendGone, AHalfOpenSynChoosesAnother) {
  node_.FromPod(client_, request_.Syn());
  node_.SetEndpoints(web_, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()),
              Delivers(request_.Syn().To(other_.On(8080)), other_));
}

TEST_P(BackendGone, A11_51_udp_goes_to_another) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  node_.FromPod(backend_, query.To(backend_.On(5353)).Reply());
  node_.FromPod(client_, query);
  node_.SetEndpoints(dns, {other_.On(5353)});
  const Packet forwarded = query.To(other_.On(5353));
  EXPECT_THAT(node_.FromPod(client_, query), Delivers(forwarded, other_));
  EXPECT_THAT(node_.FromPod(other_, forwarded.Reply()),
              Delivers(forwarded.Reply().From(dns.Front()), client_));
}

TEST_P(BackendGone, A11_51_half_open_udp_goes_to_another) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  node_.SetEndpoints(dns, {other_.On(5353)});
  EXPECT_THAT(node_.FromPod(client_, query), Delivers(query.To(other_.On(5353)), other_));
}

TEST_P(BackendGone, AllOfThemGoneIsARefusal) {
  node_.FromPod(client_, request_.Syn());
  node_.SetEndpoints(web_, {});
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()),
              Answers(request_.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0), client_,
                      DROP_NO_BACKEND));
}

TEST_P(BackendGone, OneThatComesBackIsANewOne) {
  Open();
  node_.SetEndpoints(web_, {});
  node_.SetEndpoints(web_, {backend_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, request_.Ack().Sequence(1001, 5001)),
              Answers(ResetOf(5001), client_, DROP_BACKEND_GONE));
}

// kube-proxy leaves such connections alone; so do we, and know them again.
TEST_P(BackendGone, A11_51_a_service_that_goes_leaves_its_tcp_flows_alone) {
  Open();
  node_.FromPod(client_, request_.Ack());
  const Packet data = request_.Ack().Payload(10);
  const Packet forwarded = data.To(backend_.On(8080));
  node_.RemoveService(web_);
  EXPECT_THAT(node_.FromPod(client_, data), Delivers(forwarded, backend_));
  EXPECT_THAT(node_.FromPod(backend_, forwarded.Reply()), Delivers(data.Reply(), client_));
  const Service again = node_.AddService(web_, {backend_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, data), Delivers(forwarded, backend_));
  node_.SetEndpoints(again, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(client_, request_.Ack().Sequence(1001, 5001)),
              Answers(ResetOf(5001), client_, DROP_BACKEND_GONE));
}

TEST_P(BackendGone, A11_52_a_service_that_goes_takes_its_udp_flows_along) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  node_.FromPod(backend_, query.To(backend_.On(5353)).Reply());
  node_.FromPod(client_, query);
  node_.RemoveService(dns);
  EXPECT_EQ(node_.FromPod(client_, query).reason, static_cast<uint32_t>(VERDICT_TO_WORLD));
}

TEST_P(BackendGone, AnAnswerOnItsWayStillArrives) {
  const Service dns = node_.AddService("dns", UdpPort(53), {backend_.On(5353)});
  const Packet query = Udp(client_.On(40000), dns.Front());
  node_.FromPod(client_, query);
  node_.SetEndpoints(dns, {other_.On(5353)});
  const Packet answer = query.To(backend_.On(5353)).Reply();
  EXPECT_THAT(node_.FromPod(backend_, answer), Delivers(answer.From(dns.Front()), client_));
}

TEST_P(BackendGone, A11_51_one_that_is_draining_keeps_the_flows_it_has) {
  Open();
  const Packet half_open = Tcp(client_.On(40001), web_.Front()).Syn();
  node_.FromPod(client_, half_open);
  node_.SetEndpoints(web_, {other_.On(8080)}, {backend_.On(8080)});
  const Packet data = request_.Ack().Payload(10);
  EXPECT_THAT(node_.FromPod(client_, data), Delivers(data.To(backend_.On(8080)), backend_));
  EXPECT_THAT(node_.FromPod(client_, half_open),
              Delivers(half_open.To(backend_.On(8080)), backend_));
  const Packet fresh = Tcp(client_.On(40002), web_.Front()).Syn();
  EXPECT_THAT(node_.FromPod(client_, fresh), Delivers(fresh.To(other_.On(8080)), other_));
}

TEST_P(BackendGone, ItsLateRepliesToOthersAreUnchanged) {
  const Pod second = node_.AddPod("second");
  Open();
  const Packet other_flow = Tcp(second.On(1), backend_.On(8080));
  node_.FromPod(second, other_flow.Syn());
  node_.SetEndpoints(web_, {other_.On(8080)});
  EXPECT_THAT(node_.FromPod(backend_, other_flow.Reply().SynAck()),
              Delivers(other_flow.Reply().SynAck(), second));
}

FAIRLEAD_BOTH_FAMILIES(BackendGone);

class PodGone : public ::testing::TestWithParam<Family> {
 protected:
  void Open() {
    node_.FromPod(client_, request_.Syn());
    node_.FromPod(server_, request_.Reply().SynAck());
    node_.FromPod(client_, request_.Ack());
  }
  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod server_ = node_.AddPod("server");
  Packet request_ = Tcp(client_.On(40000), server_.On(80));
};

TEST_P(PodGone, ItsPacketsFindNobody) {
  Open();
  node_.RemovePod(server_);
  EXPECT_THAT(node_.FromPod(client_, request_.Ack()), Drops(DROP_NO_SUCH_POD));
  EXPECT_EQ(node_.FlowCount(), 0U);
}

TEST_P(PodGone, AHalfOpenFlowFindsNobodyEither) {
  node_.FromPod(client_, request_.Syn());
  node_.RemovePod(server_);
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()), Drops(DROP_NO_SUCH_POD));
}

TEST_P(PodGone, TheNextTenantOfTheAddressGetsNewFlowsOnly) {
  Open();
  const Pod heir = node_.ReplacePod(server_, "heir");
  const auto old_flow = node_.FindFlow(request_);
  EXPECT_THAT(node_.FromPod(client_, request_.Ack()), Delivers(request_.Ack(), heir));
  ASSERT_TRUE(old_flow.has_value());
  EXPECT_EQ(node_.FlowCount(), 0U);
  EXPECT_THAT(node_, RemembersHalfOpen(request_, request_));
}

TEST_P(PodGone, AServiceFlowToTheFormerTenantIsReset) {
  const Service web = node_.AddService("web", TcpPort(80), {server_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  node_.FromPod(client_, request.Syn());
  node_.FromPod(server_, request.To(server_.On(8080)).Reply().SynAck());
  node_.FromPod(client_, request.Ack());
  node_.ReplacePod(server_, "heir");
  EXPECT_THAT(
      node_.FromPod(client_, request.Ack().Sequence(1001, 5001)),
      Answers(request.Reply().Reset().Sequence(5001).Window(0), client_, DROP_BACKEND_GONE));
}

TEST_P(PodGone, AReplyToAFormerTenantIsNotTranslatedForItsHeir) {
  const Service web = node_.AddService("web", TcpPort(80), {server_.On(8080)});
  const Packet request = Tcp(client_.On(40000), web.Front());
  const Packet reply = request.To(server_.On(8080)).Reply();
  node_.FromPod(client_, request.Syn());
  node_.FromPod(server_, reply.SynAck());
  const Pod heir = node_.ReplacePod(client_, "heir");
  EXPECT_THAT(node_.FromPod(server_, reply.Ack()), Delivers(reply.Ack(), heir));
}

FAIRLEAD_BOTH_FAMILIES(PodGone);

class PeerGone : public ::testing::TestWithParam<Family> {};

TEST_P(PeerGone, ItsFlowsDoNotGoToItsFormerAddress) {
  Node node(GetParam());
  const Pod client = node.AddPod("client");
  const Peer peer = node.AddPeer("there");
  const Packet request = Tcp(client.On(40000), peer.Pod(1, 80));
  node.FromPod(client, request.Syn());
  node.FromNetwork(request.Reply().SynAck());
  EXPECT_THAT(node.FromPod(client, request.Ack()), SendsToPeer(request.Ack()));
  node.RemovePeer(peer);
  node.AddPeer("heir of the slot");
  EXPECT_EQ(node.FromPod(client, request.Ack()).reason, static_cast<uint32_t>(VERDICT_TO_WORLD));
  EXPECT_EQ(node.FlowCount(), 0U);
}

FAIRLEAD_BOTH_FAMILIES(PeerGone);

class PolicyChange : public ::testing::TestWithParam<Family> {
 protected:
  void DenyByDefault() {
    HookOptions strict;
    strict.default_deny = true;
    node_.Reload(strict);
  }
  Node node_{GetParam()};
  Pod client_ = node_.AddPod("client");
  Pod server_ = node_.AddPod("server");
  Packet request_ = Tcp(client_.On(40000), server_.On(80));
};

TEST_P(PolicyChange, WhatNothingAllowsIsDenied) {
  DenyByDefault();
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()), Drops(DROP_POLICY_DENIED));
  EXPECT_THAT(node_.ToPod(server_, Tcp(node_.On(1), server_.On(80)).Syn()),
              Drops(DROP_POLICY_DENIED));
  EXPECT_THAT(node_.FromNetwork(Tcp(node_.World(1, 1), server_.On(80)).Syn()),
              Drops(DROP_POLICY_DENIED));
}

TEST_P(PolicyChange, AnEstablishedFlowIsJudgedAgainOnceTheEpochHasChanged) {
  node_.FromPod(client_, request_.Syn());
  node_.FromPod(server_, request_.Reply().SynAck());
  DenyByDefault();
  EXPECT_THAT(node_.FromPod(client_, request_.Ack()), Delivers(request_.Ack(), server_));
  node_.BumpPolicyEpoch();
  EXPECT_THAT(node_.FromPod(client_, request_.Ack()), Drops(DROP_POLICY_DENIED));
  EXPECT_THAT(node_.FromPod(server_, request_.Reply().Ack()), Drops(DROP_POLICY_DENIED));
}

TEST_P(PolicyChange, AHalfOpenFlowIsJudgedAgainToo) {
  node_.FromPod(client_, request_.Syn());
  DenyByDefault();
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()), Delivers(request_.Syn(), server_));
  node_.BumpPolicyEpoch();
  EXPECT_THAT(node_.FromPod(client_, request_.Syn()), Drops(DROP_POLICY_DENIED));
  EXPECT_THAT(node_.FromPod(server_, request_.Reply().SynAck()), Drops(DROP_POLICY_DENIED));
}

TEST_P(PolicyChange, AFlowThatIsStillAllowedGoesOn) {
  node_.FromPod(client_, request_.Syn());
  node_.BumpPolicyEpoch();
  EXPECT_THAT(node_.FromPod(server_, request_.Reply().SynAck()),
              Delivers(request_.Reply().SynAck(), client_));
  node_.BumpPolicyEpoch();
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(node_.FromPod(client_, request_.Ack()), Delivers(request_.Ack(), server_));
  }
  EXPECT_THAT(node_, Remembers(request_, request_));
}

FAIRLEAD_BOTH_FAMILIES(PolicyChange);

}  // namespace
}  // namespace fairlead::testing
