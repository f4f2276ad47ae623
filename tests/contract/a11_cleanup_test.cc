// SPDX-License-Identifier: Apache-2.0
//
// kube-proxy's own expectations of what it cleans out of nf_conntrack when endpoints change
// (tests/data/conntrack-cleanup.json). fairlead cleans nothing: a flow finds out with its next
// packet. Promise: that packet goes where it would have gone after a clean-up.
//
// Where kube-proxy leaves entries of TCP and SCTP to an endpoint that is gone, so that their
// packets go to nobody, TCP is reset and SCTP begins anew (docs/deviations.md).
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

using nlohmann::json;

constexpr char kClusterIp[] = "172.30.1.1";
constexpr char kBalancer[] = "1.2.3.4";
constexpr char kExternalIp[] = "192.168.99.100";
constexpr char kServing[] = "10.240.0.4";
constexpr char kNotServing[] = "10.240.1.5";
constexpr uint16_t kPort = 8000, kNodePort = 32000;

class Cleanup : public ::testing::TestWithParam<Family> {
 protected:
  static Protocol ProtocolOf(const std::string& name) {
    if (name == "UDP") return Protocol::kUdp;
    return name == "SCTP" ? Protocol::kSctp : Protocol::kTcp;
  }
  // The service port with this protocol; TCP has no node port.
  Service Put(Port port, uint16_t node_port, const std::vector<Endpoint>& endpoints) {
    return node_.AddService({.name = fmt::format("service-{}", ++services_),
                             .vip = {},
                             .port = port,
                             .node_port = node_port,
                             .external_ips = {external_ip_},
                             .load_balancer_ips = {balancer_}},
                            endpoints);
  }
  Endpoint FrontOf(const json& entry, const Service& service) const {
    const uint16_t port = entry.at("orig_dport");
    if (entry.at("orig_dst") == kClusterIp) return {service.vip, port};
    if (entry.at("orig_dst") == kBalancer) return {balancer_, port};
    if (entry.at("orig_dst") == kExternalIp) return {external_ip_, port};
    return node_.On(port);
  }
  const Pod& PodOf(const json& entry) const {
    if (entry.at("reply_src") == kServing) return serving_;
    return entry.at("reply_src") == kNotServing ? not_serving_ : deleted_;
  }
  Packet FromClient(Protocol protocol, const Endpoint& front) {
    return Transported(protocol, client_.On(++client_port_), front).Payload("of one flow");
  }
  void Converse(const Packet& request, const Pod& pod, const Endpoint& backend) {
    ASSERT_EQ(node_.FromPod(client_, request.Syn()).Destination(), backend);
    node_.FromPod(pod, request.To(backend).Reply().SynAck());
    ASSERT_EQ(node_.FromPod(client_, request.Ack()).Destination(), backend);
  }

  // A flow through a frontend; then the endpoints are what the file says.
  void ExpectTranslated(const json& entry) {
    const Protocol protocol = ProtocolOf(entry.at("proto"));
    const uint16_t port = entry.at("orig_dport");
    const bool is_ours = port == kPort || (port == kNodePort && protocol != Protocol::kTcp);
    const Endpoint before = PodOf(entry).On(entry.at("reply_sport"));
    const Endpoint after = serving_.On(9090);

    const Service ours =
        Put({kPort, protocol}, protocol == Protocol::kTcp ? 0 : kNodePort, {before});
    // Whose frontend it is, if not this Service's.
    const Service others = Put({is_ours ? uint16_t{1} : port, protocol},
                               !is_ours && port == kNodePort ? port : uint16_t{0}, {before});
    const Packet request = FromClient(protocol, FrontOf(entry, is_ours ? ours : others));
    Converse(request, PodOf(entry), before);
    node_.SetEndpoints(ours, {after});

    const Hop hop = node_.FromPod(client_, request.Ack());
    if (is_ours && before != after && protocol == Protocol::kTcp) {
      EXPECT_EQ(hop.reason, DROP_BACKEND_GONE);
    } else if (is_ours && before != after) {
      EXPECT_TRUE(entry.at("delete") || protocol == Protocol::kSctp);
      EXPECT_EQ(hop.Destination(), after);
    } else {
      EXPECT_FALSE(entry.at("delete"));
      EXPECT_EQ(hop.Destination(), before);
    }
    node_.RemoveService(ours);
    node_.RemoveService(others);
  }

  // A flow to an address that becomes a Service's, and that nobody has answered.
  void ExpectUntranslated(const json& entry) {
    const Protocol protocol = ProtocolOf(entry.at("proto"));
    Service service = Put({kPort, protocol}, 0, {serving_.On(9090)});
    node_.RemoveService(service);
    const Packet request = FromClient(protocol, FrontOf(entry, service));
    EXPECT_EQ(node_.FromPod(client_, request).Destination(), request.destination());
    node_.ChangeService(service);
    const bool is_ours = request.destination().port == kPort;
    EXPECT_EQ(is_ours, entry.at("delete").get<bool>());
    EXPECT_EQ(node_.FromPod(client_, request).Destination(),
              is_ours ? serving_.On(9090) : request.destination());
    node_.RemoveService(service);
  }

  Node node_{GetParam()};
  Pod serving_ = node_.AddPod("serving");
  Pod not_serving_ = node_.AddPod("not serving");
  Pod deleted_ = node_.AddPod("deleted");
  Pod client_ = node_.AddPod("client");
  IpAddress external_ip_ = Ip(GetParam(), kExternalIp, "2001:db8:250::1");
  IpAddress balancer_ = Ip(GetParam(), kBalancer, "2001:db8:80::1");
  int services_ = 0;
  uint16_t client_port_ = 40000;
};

TEST_P(Cleanup, A11_51_every_entry_of_kube_proxys_own_test_ends_where_it_should) {
  std::ifstream file(FAIRLEAD_TEST_DATA "/conntrack-cleanup.json");
  const json cases = json::parse(file);
  ASSERT_EQ(cases.at("entries").size(), 72u);
  for (const json& entry : cases.at("entries")) {
    SCOPED_TRACE(entry.dump());
    if (entry.at("reply_src") == entry.at("orig_dst")) {
      ExpectUntranslated(entry);
    } else {
      ExpectTranslated(entry);
    }
  }
}

TEST_P(Cleanup, A11_51_who_is_only_out_of_the_set_keeps_what_it_has) {
  const Peer peer = node_.AddPeer("there");
  Service dns = node_.AddService("dns", UdpPort(53), {peer.Pod(1, 53)});
  const Packet query = FromClient(Protocol::kUdp, dns.Front());
  node_.FromPod(client_, query);
  node_.FromNetwork(query.To(peer.Pod(1, 53)).Reply());
  node_.FromPod(client_, query);
  dns.local_only = true;
  node_.ChangeService(dns);
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), peer.Pod(1, 53));
  EXPECT_THAT(node_.FromPod(client_, FromClient(Protocol::kUdp, dns.Front())),
              Drops(DROP_NO_LOCAL_BACKEND));
}

TEST_P(Cleanup, A11_52_the_last_endpoint_goes_and_the_next_one_is_used) {
  const Service dns = node_.AddService("dns", UdpPort(53), {serving_.On(53)});
  const Packet query = FromClient(Protocol::kUdp, dns.Front());
  Converse(query, serving_, serving_.On(53));
  node_.SetEndpoints(dns, {});
  EXPECT_EQ(node_.FromPod(client_, query).reason, DROP_NO_BACKEND);
  node_.SetEndpoints(dns, {not_serving_.On(53)});
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), not_serving_.On(53));
}

TEST_P(Cleanup, A11_52_what_a_service_had_does_not_reach_the_next_tenant) {
  const Service dns = node_.AddService("dns", UdpPort(53), {serving_.On(53)});
  node_.SetServiceCidrs({Cidr::Make(dns.vip, 24)});
  const Packet query = FromClient(Protocol::kUdp, dns.Front());
  Converse(query, serving_, serving_.On(53));
  node_.RemoveService(dns);
  node_.ReplacePod(serving_, "heir");
  EXPECT_THAT(node_.FromPod(client_, query), Drops(DROP_NO_SUCH_SERVICE));
}

TEST_P(Cleanup, A11_52_another_target_port_is_another_endpoint) {
  const Service dns = node_.AddService(
      {.name = "dns", .vip = {}, .port = UdpPort(53), .node_port = kNodePort}, {serving_.On(53)});
  const Packet query = FromClient(Protocol::kUdp, node_.On(kNodePort));
  Converse(query, serving_, serving_.On(53));
  node_.SetEndpoints(dns, {serving_.On(5353)});
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), serving_.On(5353));
}

TEST_P(Cleanup, A11_53_a_flow_that_is_older_than_its_service_belongs_to_it) {
  const Packet query = FromClient(Protocol::kUdp, {ServiceAddress(GetParam(), 1), 53});
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), query.destination());
  const Service dns = node_.AddService("dns", UdpPort(53), {serving_.On(53)});
  ASSERT_EQ(dns.Front(), query.destination());
  const Packet forwarded = query.To(serving_.On(53));
  EXPECT_THAT(node_.FromPod(client_, query), Delivers(forwarded, serving_));
  EXPECT_THAT(node_.FromPod(serving_, forwarded.Reply()), Delivers(query.Reply(), client_));
}

// Nobody's living conversation is broken (docs/deviations.md).
TEST_P(Cleanup, A11_53_who_has_answered_before_goes_on) {
  const IpAddress address = node_.World(9, 53).address;
  const Packet query = FromClient(Protocol::kUdp, {address, 53});
  for (int i = 0; i < 3; ++i) {
    const Hop out = node_.FromPod(client_, query);
    EXPECT_THAT(node_.FromNetwork(query.From(out.Source()).Reply()),
                Delivers(query.Reply(), client_));
  }
  node_.AddService({.name = "dns", .vip = {}, .port = UdpPort(53), .external_ips = {address}},
                   {serving_.On(53)});
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), query.destination());
  node_.TimePasses(std::chrono::seconds(121));
  EXPECT_EQ(node_.FromPod(client_, query).Destination(), serving_.On(53));
}

FAIRLEAD_BOTH_FAMILIES(Cleanup);

}  // namespace
}  // namespace fairlead::testing
