// SPDX-License-Identifier: Apache-2.0
//
//   client ──(1) to web ──▶ [from_pod] ──(2) to backend ──▶ backend
//   client ◀─(4) from web ─ [from_pod] ◀─(3) to client ──── backend
//
// Promise: a pod that talks to a service never sees the backend's address, and
// the backend sees the pod's.
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class PodToClusterIp : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
};

TEST_P(PodToClusterIp, A7_32_the_backend_sees_the_pod_and_the_pod_sees_the_service) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service web = node_.AddService("web", TcpPort(80), {backend.On(8080)});

  const Packet request = Tcp(client.On(40000), web.Front()).Syn();
  const Packet forwarded = request.To(backend.On(8080));
  EXPECT_THAT(node_.FromPod(client, request), Delivers(forwarded, backend));
  EXPECT_THAT(node_, RemembersHalfOpen(request, forwarded));

  const Packet reply = forwarded.Reply().SynAck();
  EXPECT_THAT(node_.FromPod(backend, reply), Delivers(reply.From(web.Front()), client));
  EXPECT_THAT(node_, Remembers(request, forwarded));
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(PodToClusterIp, AnEstablishedFlowIsTranslatedBothWays) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service web = node_.AddService("web", TcpPort(80), {backend.On(8080)});
  const Packet request = Tcp(client.On(40000), web.Front()).Syn();
  const Packet reply = request.To(backend.On(8080)).Reply();
  node_.FromPod(client, request);
  node_.FromPod(backend, reply.SynAck());
  for (const size_t bytes : {0U, 1U, 100U, 1400U}) {
    const Packet data = request.Ack().Payload(bytes);
    EXPECT_THAT(node_.FromPod(client, data), Delivers(data.To(backend.On(8080)), backend));
    const Packet answer = reply.Ack().Payload(bytes + 1);
    EXPECT_THAT(node_.FromPod(backend, answer), Delivers(answer.From(web.Front()), client));
  }
  EXPECT_EQ(node_.FlowCount(), 1U);
}

TEST_P(PodToClusterIp, ARetransmittedSynGoesToTheSameBackend) {
  const Pod client = node_.AddPod("client");
  std::vector<Endpoint> backends;
  for (int i = 0; i < 8; ++i) backends.push_back(node_.AddPod("backend").On(8080));
  const Service web = node_.AddService("web", TcpPort(80), backends);
  for (uint16_t port = 1; port <= 8; ++port) {
    const Packet request = Tcp(client.On(port), web.Front()).Syn();
    const Endpoint chosen = node_.FromPod(client, request).Destination();
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(node_.FromPod(client, request).Destination(), chosen);
    }
  }
}

// With 8 backends and 1600 flows a backend expects 200 ± 13; seven sigma.
TEST_P(PodToClusterIp, EveryBackendIsAsLikelyAsTheOthers) {
  const Pod client = node_.AddPod("client");
  std::map<Endpoint, int> chosen;
  std::vector<Endpoint> backends;
  for (int i = 0; i < 8; ++i) backends.push_back(node_.AddPod("backend").On(8080));
  const Service web = node_.AddService("web", TcpPort(80), backends);
  for (uint16_t port = 1; port <= 1600; ++port) {
    chosen[node_.FromPod(client, Tcp(client.On(port), web.Front()).Syn()).Destination()]++;
  }
  EXPECT_EQ(chosen.size(), backends.size());
  for (const auto& [backend, flows] : chosen) {
    EXPECT_GT(flows, 108) << backend;
    EXPECT_LT(flows, 292) << backend;
  }
}

TEST_P(PodToClusterIp, UdpRequestsAndRepliesAreTranslated) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service dns = node_.AddService("dns", UdpPort(53), {backend.On(5353)});
  const Packet query = Udp(client.On(40000), dns.Front());
  const Packet forwarded = query.To(backend.On(5353));
  const Packet answer = forwarded.Reply().Payload("an answer of another length");
  EXPECT_THAT(node_.FromPod(client, query), Delivers(forwarded, backend));
  EXPECT_THAT(node_.FromPod(backend, answer), Delivers(answer.From(dns.Front()), client));
  EXPECT_THAT(node_, RemembersHalfOpen(query, forwarded));
  EXPECT_THAT(node_.FromPod(client, query), Delivers(forwarded, backend));
  EXPECT_THAT(node_, Remembers(query, forwarded));
  EXPECT_THAT(node_.FromPod(backend, answer), Delivers(answer.From(dns.Front()), client));
  EXPECT_THAT(node_.FromPod(client, query), Delivers(forwarded, backend));
}

TEST_P(PodToClusterIp, E24_sctp_requests_and_replies_are_translated) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service diameter = node_.AddService("diameter", SctpPort(3868), {backend.On(13868)});
  const Packet init = Sctp(client.On(40000), diameter.Front());
  const Packet forwarded = init.To(backend.On(13868));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromPod(client, init), Delivers(forwarded, backend));
    EXPECT_THAT(node_.FromPod(backend, forwarded.Reply()),
                Delivers(forwarded.Reply().From(diameter.Front()), client));
  }
  EXPECT_THAT(node_, Remembers(init, forwarded));
}

TEST_P(PodToClusterIp, A7_32_a_backend_on_the_peer_sees_the_pod_too) {
  const Pod client = node_.AddPod("client");
  const Peer peer = node_.AddPeer("there");
  const Service web = node_.AddService("web", TcpPort(80), {peer.Pod(1, 8080)});
  const Packet request = Tcp(client.On(40000), web.Front()).Syn();
  const Packet forwarded = request.To(peer.Pod(1, 8080));
  EXPECT_THAT(node_.FromPod(client, request), SendsToPeer(forwarded));
  const Packet reply = forwarded.Reply();
  EXPECT_THAT(node_.FromNetwork(reply.SynAck()),
              Delivers(reply.SynAck().From(web.Front()), client));
  EXPECT_THAT(node_.FromPod(client, request.Ack()), SendsToPeer(forwarded.Ack()));
  EXPECT_THAT(node_.FromNetwork(reply.Ack().Payload(500)),
              Delivers(reply.Ack().Payload(500).From(web.Front()), client));
  EXPECT_THAT(node_, Remembers(request, forwarded));
}

TEST_P(PodToClusterIp, ABackendInTheHostsNetworkIsReachedAndItsReplyRestored) {
  const Pod client = node_.AddPod("client");
  const Service kubelet = node_.AddService("kubelet", TcpPort(443), {node_.On(10250)});
  const Packet request = Tcp(client.On(40000), kubelet.Front()).Syn();
  const Packet forwarded = request.To(node_.On(10250));
  EXPECT_THAT(node_.FromPod(client, request), PassesToStack(forwarded));
  const Packet reply = forwarded.Reply();
  EXPECT_THAT(node_.ToPod(client, reply.SynAck()), LetsIn(reply.SynAck().From(kubelet.Front())));
  EXPECT_THAT(node_.FromPod(client, request.Ack()), PassesToStack(forwarded.Ack()));
  EXPECT_THAT(node_.ToPod(client, reply.Ack().Payload(9)),
              LetsIn(reply.Ack().Payload(9).From(kubelet.Front())));
  EXPECT_THAT(node_, Remembers(request, forwarded));
}

TEST_P(PodToClusterIp, AChangeOfEndpointsDoesNotMoveLivingFlows) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Pod another = node_.AddPod("another");
  const Service web = node_.AddService("web", TcpPort(80), {backend.On(8080)});
  const Packet request = Tcp(client.On(40000), web.Front()).Syn();
  const Packet forwarded = request.To(backend.On(8080));
  node_.FromPod(client, request);
  node_.SetEndpoints(web, {backend.On(8080), another.On(8080)});
  EXPECT_THAT(node_.FromPod(client, request), Delivers(forwarded, backend));
  node_.FromPod(backend, forwarded.Reply().SynAck());
  node_.SetEndpoints(web, {another.On(8080), backend.On(8080)});
  EXPECT_THAT(node_.FromPod(client, request.Ack()), Delivers(forwarded.Ack(), backend));
}

// Both leave for the same backend from the same address and port; a reply must know its service.
TEST_P(PodToClusterIp, OnePortToTwoServicesWithTheSameBackendIsTwoFlows) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service one = node_.AddService("one", TcpPort(80), {backend.On(8080)});
  const Service two = node_.AddService("two", TcpPort(80), {backend.On(8080)});
  const Packet first = Tcp(client.On(40000), one.Front()).Syn();
  const Packet second = Tcp(client.On(40000), two.Front()).Syn();
  EXPECT_THAT(node_.FromPod(client, first), Delivers(first.To(backend.On(8080)), backend));
  const Hop hop = node_.FromPod(client, second);
  EXPECT_EQ(hop.Source().address, client.address);
  const Packet forwarded = second.To(backend.On(8080)).From(hop.Source());
  EXPECT_THAT(hop, Delivers(forwarded, backend));
  EXPECT_THAT(node_.FromPod(backend, forwarded.Reply().SynAck()),
              Delivers(second.Reply().SynAck(), client));
  EXPECT_THAT(node_.FromPod(backend, first.To(backend.On(8080)).Reply().SynAck()),
              Delivers(first.Reply().SynAck(), client));
  EXPECT_EQ(node_.FlowCount(), 2U);
}

// The pod's kernel sees two connections, the backend's would see one.
TEST_P(PodToClusterIp, OnePortToAServiceAndDirectlyToItsBackendIsTwoFlows) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service web = node_.AddService("web", TcpPort(80), {backend.On(8080)});
  for (const bool established : {false, true}) {
    const Packet first = Tcp(client.On(40000 + established), web.Front());
    const Packet second = first.To(backend.On(8080));
    node_.FromPod(client, first.Syn());
    if (established) node_.FromPod(backend, second.Reply().SynAck());
    const Hop hop = node_.FromPod(client, second.Syn());
    EXPECT_EQ(hop.Source().address, client.address);
    EXPECT_NE(hop.Source().port, second.source().port);
    const Packet forwarded = second.From(hop.Source());
    EXPECT_THAT(hop, Delivers(forwarded.Syn(), backend));
    EXPECT_THAT(node_.FromPod(client, second.Syn()), Delivers(forwarded.Syn(), backend));
    EXPECT_THAT(node_.FromPod(backend, forwarded.Reply().SynAck()),
                Delivers(second.Reply().SynAck(), client));
    EXPECT_THAT(node_.FromPod(backend, second.Reply().SynAck()),
                Delivers(first.Reply().SynAck(), client));
    EXPECT_THAT(node_.FromPod(client, first.Ack()), Delivers(second.Ack(), backend));
    EXPECT_THAT(node_.FromPod(client, second.Ack()), Delivers(forwarded.Ack(), backend));
    EXPECT_THAT(node_, Remembers(second, forwarded));
  }
}

TEST_P(PodToClusterIp, OneSocketAsksAServiceAndItsBackendItself) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service dns = node_.AddService("dns", UdpPort(53), {backend.On(53)});
  const Packet query = Udp(client.On(40000), dns.Front());
  const Packet direct = query.To(backend.On(53));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(node_.FromPod(client, query), Delivers(direct, backend));
    EXPECT_THAT(node_.FromPod(backend, direct.Reply()), Delivers(query.Reply(), client));
    const Packet forwarded = direct.From(node_.FromPod(client, direct).Source());
    EXPECT_THAT(node_.FromPod(backend, forwarded.Reply()), Delivers(direct.Reply(), client));
  }
}

FAIRLEAD_BOTH_FAMILIES(PodToClusterIp);

class PodToItselfThroughAService : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
};

TEST_P(PodToItselfThroughAService,
       A7_31_its_own_stack_sees_the_node_and_the_reply_comes_from_the_service) {
  const Pod pod = node_.AddPod("pod");
  const Service web = node_.AddService("web", TcpPort(80), {pod.On(8080)});
  const Packet request = Tcp(pod.On(40000), web.Front()).Syn();
  const Hop hop = node_.FromPod(pod, request);
  ASSERT_EQ(hop.Source().address, node_.address());
  const Packet forwarded = request.To(pod.On(8080)).From(hop.Source());
  EXPECT_THAT(hop, Delivers(forwarded, pod));

  const Packet reply = forwarded.Reply();
  EXPECT_THAT(node_.FromPod(pod, reply.SynAck()), Delivers(request.Reply().SynAck(), pod));
  EXPECT_THAT(node_.FromPod(pod, request.Ack()), Delivers(forwarded.Ack(), pod));
  EXPECT_THAT(node_.FromPod(pod, reply.Ack()), Delivers(request.Reply().Ack(), pod));
  EXPECT_THAT(node_, Remembers(request, forwarded));
}

TEST_P(PodToItselfThroughAService, TwoConnectionsAtOnceDoNotMeet) {
  const Pod pod = node_.AddPod("pod");
  const Service web = node_.AddService("web", TcpPort(80), {pod.On(8080)});
  std::set<Endpoint> sources;
  for (uint16_t port = 40000; port < 40050; ++port) {
    sources.insert(node_.FromPod(pod, Tcp(pod.On(port), web.Front()).Syn()).Source());
  }
  EXPECT_EQ(sources.size(), 50U);
}

FAIRLEAD_BOTH_FAMILIES(PodToItselfThroughAService);

class ServiceWithoutBackends : public ::testing::TestWithParam<Family> {
 protected:
  Node node_{GetParam()};
};

TEST_P(ServiceWithoutBackends, A5_22_the_client_is_told_at_once) {
  const Pod client = node_.AddPod("client");
  for (const Protocol protocol : {Protocol::kUdp, Protocol::kSctp}) {
    const Service web =
        node_.AddService(ProtocolName(static_cast<uint8_t>(protocol)), {80, protocol}, {});
    const Packet request =
        Transported(protocol, client.On(40000), web.Front()).Payload("hello, is anybody there?");
    EXPECT_THAT(node_.FromPod(client, request),
                Answers(OwnIcmpError(web.vip, IcmpErrorKind::kPortUnreachable, request), client,
                        DROP_NO_BACKEND));
  }
}

TEST_P(ServiceWithoutBackends, A5_22_a_tcp_client_is_refused_by_reset) {
  const Pod client = node_.AddPod("client");
  const Service web = node_.AddService("web", TcpPort(80), {});
  const Packet request = Tcp(client.On(40000), web.Front()).Syn().Sequence(1000);
  EXPECT_THAT(node_.FromPod(client, request),
              Answers(request.Reply().Flags(kRst | kAck).Sequence(0, 1001).Window(0), client,
                      DROP_NO_BACKEND));
}

TEST_P(ServiceWithoutBackends, TheQuoteHasTheOptionsToo) {
  const Pod client = node_.AddPod("client");
  const Service web = node_.AddService("web", UdpPort(80), {});
  Packet request = Udp(client.On(40000), web.Front());
  request = GetParam() == Family::kIpv4 ? request.IpOptions(10) : request.Behind(kDestination, 3);
  EXPECT_THAT(node_.FromPod(client, request),
              Answers(OwnIcmpError(web.vip, IcmpErrorKind::kPortUnreachable, request), client,
                      DROP_NO_BACKEND));
}

TEST_P(ServiceWithoutBackends, A11_52_an_endpoint_later_makes_it_work) {
  const Pod client = node_.AddPod("client");
  const Pod backend = node_.AddPod("backend");
  const Service web = node_.AddService("web", TcpPort(80), {});
  const Packet request = Tcp(client.On(40000), web.Front()).Syn();
  node_.FromPod(client, request);
  node_.SetEndpoints(web, {backend.On(8080)});
  EXPECT_THAT(node_.FromPod(client, request), Delivers(request.To(backend.On(8080)), backend));
}

TEST_P(ServiceWithoutBackends, A5_23_none_here_though_elsewhere_is_silence) {
  const Pod client = node_.AddPod("client");
  const Peer peer = node_.AddPeer("there");
  const Service local = node_.AddLocalService("local", TcpPort(80), {peer.Pod(1, 8080)});
  EXPECT_THAT(node_.FromPod(client, Tcp(client.On(1), local.Front()).Syn()),
              Drops(DROP_NO_LOCAL_BACKEND));
}

FAIRLEAD_BOTH_FAMILIES(ServiceWithoutBackends);

}  // namespace
}  // namespace fairlead::testing
