// SPDX-License-Identifier: Apache-2.0
//
// Contract E: whom a client gets. Traffic policies, terminating endpoints, zones and session
// affinity, with clients that are pods, the nodes themselves and outside.
#include <fmt/format.h>

#include <cerrno>

#include "lab/objects.h"
#include "tests/contract/host_client.h"
#include "tests/contract/http_client.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kCheck = 32100;

class Policies : public HostClient {
 protected:
  static std::function<void(lab::Object&)> With(const std::string& field,
                                                const std::string& policy) {
    return [=](lab::Object& service) {
      service["spec"][field] = policy;
      if (policy == "Local") service["spec"]["healthCheckNodePort"] = kCheck;
    };
  }
  int Check(int number) { return HttpGet(Outside(), {AddressOf(node(number)), kCheck}, "/").code; }
  std::set<std::string> ServersOf(const std::string& client, const Endpoint& front, int count) {
    std::set<std::string> servers;
    for (int i = 0; i < count; ++i) servers.insert(TcpServerOf(client, front));
    return servers;
  }
};

TEST_P(Policies, A6_30_E7_the_external_policy_is_switched) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web", With("externalTrafficPolicy", "Local"));
  const auto expect_local = [&] {
    EXPECT_TRUE(Fails(Outside(), NodePortOf(1), ETIMEDOUT));
    EXPECT_TRUE(Reaches(Outside(), NodePortOf(2), "web"));
    EXPECT_TRUE(Comes([&] { return Check(2) == 200 && Check(1) == 503; }));
  };
  expect_local();
  const auto client = TcpClient::Open(Outside(), NodePortOf(2));
  FL_ASSERT_OK(client.status());
  EXPECT_EQ(client->seen_as(), OutsideAddress());
  // The node itself is not outside, but to another node it is.
  EXPECT_EQ(TcpServerOf(Host(1), NodePortOf(1)), "web");
  EXPECT_EQ(ConnectError(Host(2), NodePortOf(1), kShortPatienceMilliseconds), ETIMEDOUT);

  PutService("web", With("externalTrafficPolicy", "Cluster"));
  EXPECT_TRUE(Reaches(Outside(), NodePortOf(1), "web"));
  EXPECT_TRUE(Reaches(Outside(), NodePortOf(2), "web"));
  EXPECT_TRUE(Comes([&] { return Check(1) == 0 && Check(2) == 0; }));
  PutService("web", With("externalTrafficPolicy", "Local"));
  expect_local();
}

TEST_P(Policies, E8_the_internal_policy_leaves_others_without_an_answer) {
  const lab::Pod web = AddPod(2, "web", "web"), near = AddPod(2, "near", "client"),
                 far = AddPod(1, "far", "client");
  Serve(web);
  PutService("web", With("internalTrafficPolicy", "Local"));
  EXPECT_TRUE(Reaches(near.network_namespace(), ClusterIp(), "web"));
  EXPECT_TRUE(Reaches(Host(2), ClusterIp(), "web"));
  EXPECT_TRUE(Fails(far.network_namespace(), ClusterIp(), ETIMEDOUT));
  EXPECT_TRUE(Reaches(far.network_namespace(), NodePortOf(1), "web"));

  // An endpoint of the host's network.
  const TcpServer process("process", Host(2), {AddressOf(node(2)), kPodPort});
  PutServiceByHand("web", With("internalTrafficPolicy", "Local"));
  PutSlice("web", {EndpointAt(AddressOf(node(2)), "node2")});
  EXPECT_TRUE(Reaches(near.network_namespace(), ClusterIp(), "process"));
  EXPECT_TRUE(Reaches(Host(2), ClusterIp(), "process"));
  EXPECT_TRUE(Fails(far.network_namespace(), ClusterIp(), ETIMEDOUT));
}

TEST_P(Policies, E9_terminating_endpoints_serve_while_there_are_no_others) {
  const lab::Pod dying = AddPod(2, "dying", "web"), fresh = AddPod(1, "fresh", "web"),
                 near = AddPod(2, "near", "client"), far = AddPod(1, "far", "client");
  Serve(dying);
  Serve(fresh);
  const lab::Object terminates = {
      {"conditions", {{"ready", false}, {"serving", true}, {"terminating", true}}}};
  const lab::Object last = EndpointAt(AddressOf(dying), "node2", terminates);
  PutServiceByHand("web");
  PutSlice("web", {last});
  EXPECT_TRUE(Reaches(near.network_namespace(), ClusterIp(), "dying"));
  EXPECT_TRUE(Reaches(far.network_namespace(), ClusterIp(), "dying"));
  EXPECT_TRUE(Reaches(Outside(), NodePortOf(1), "dying"));
  EXPECT_TRUE(Reaches(Outside(), NodePortOf(2), "dying"));

  PutServiceByHand("web", [](lab::Object& service) {
    With("internalTrafficPolicy", "Local")(service);
    With("externalTrafficPolicy", "Local")(service);
  });
  EXPECT_TRUE(Fails(far.network_namespace(), ClusterIp(), ETIMEDOUT));
  EXPECT_TRUE(Fails(Outside(), NodePortOf(1), ETIMEDOUT));
  EXPECT_TRUE(Reaches(near.network_namespace(), ClusterIp(), "dying"));
  EXPECT_TRUE(Reaches(Outside(), NodePortOf(2), "dying"));
  EXPECT_TRUE(Comes([&] { return Check(2) == 503; }));  // balancers look elsewhere

  PutServiceByHand("web");
  PutSlice("web", {last, EndpointAt(AddressOf(fresh), "node1")});
  EXPECT_TRUE(Reaches(near.network_namespace(), ClusterIp(), "fresh"));
  EXPECT_THAT(ServersOf(near.network_namespace(), ClusterIp(), 12),
              ::testing::ElementsAre("fresh"));
}

TEST_P(Policies, A1_3_E26_traffic_stays_in_the_zone_or_on_the_node) {
  const lab::Pod client = AddPod(1, "client", "client"), a = AddPod(1, "a", "web"),
                 b = AddPod(2, "b", "web");
  const std::string from = client.network_namespace();
  Serve(a);
  Serve(b);
  PutServiceByHand("web");
  const auto hints = [](const std::string& zone, const std::string& node) {
    lab::Object both = {{"forZones", lab::Object::array({{{"name", zone}}})}};
    if (!node.empty()) both["forNodes"] = lab::Object::array({{{"name", node}}});
    return lab::Object{{"hints", both}};
  };
  const auto live_in = [&](const std::string& zone) {
    ChangeNode([&](lab::Object& node) {
      node["metadata"]["labels"]["topology.kubernetes.io/zone"] = zone;
    });
  };
  const auto only = [&](const std::string& server) {
    return Comes([&] { return ServersOf(from, ClusterIp(), 12) == std::set{server}; });
  };
  live_in("east");
  PutSlice("web", {EndpointAt(AddressOf(a), "node1", hints("west", "")),
                   EndpointAt(AddressOf(b), "node2", hints("east", ""))});
  EXPECT_TRUE(only("b"));
  live_in("west");
  EXPECT_TRUE(only("a"));
  live_in("south");
  EXPECT_TRUE(Comes([&] { return ServersOf(from, ClusterIp(), 12).size() == 2; }));
  // A hint for the node comes before the zone's.
  live_in("east");
  PutSlice("web", {EndpointAt(AddressOf(a), "node1", hints("west", "node1")),
                   EndpointAt(AddressOf(b), "node2", hints("east", "node2"))});
  EXPECT_TRUE(only("a"));
  PutSlice("web", {EndpointAt(AddressOf(b), "node2", hints("east", "node2"))});
  EXPECT_TRUE(only("b"));
}

TEST_P(Policies, A10_49_E5_affinity_is_switched_on_and_off) {
  const lab::Pod client = AddPod(1, "client", "client");
  for (const int number : {1, 2}) Serve(AddPod(number, fmt::format("web-{}", number), "web"));
  const std::string from = client.network_namespace();
  const auto spreads = [&] {
    return Comes([&] { return ServersOf(from, ClusterIp(), 16).size() == 2; });
  };
  PutService("web");
  ASSERT_TRUE(spreads());
  PutService("web", With("sessionAffinity", "ClientIP"));
  EXPECT_TRUE(Comes([&] { return ServersOf(from, ClusterIp(), 16).size() == 1; }));
  const std::string kept = TcpServerOf(from, ClusterIp());
  for (const Endpoint& front : {ClusterIp(), NodePortOf(1)}) {
    EXPECT_THAT(ServersOf(from, front, 15), ::testing::ElementsAre(kept)) << front;
  }
  EXPECT_EQ(ServersOf(Outside(), NodePortOf(1), 15).size(), 1u);
  PutService("web", With("sessionAffinity", "None"));
  EXPECT_TRUE(spreads());
}

FL_BOTH_FAMILIES(Policies);

}  // namespace
}  // namespace fairlead::testing
