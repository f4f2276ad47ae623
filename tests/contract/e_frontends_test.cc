// SPDX-License-Identifier: Apache-2.0
//
//   pods of both nodes, outside ──▶ every frontend ──▶ a pod
//
// Contract E: what the upstream tests of sig-network ask of Services that change their type, their
// labels, their ports and their families while they are used.
#include <fmt/format.h>

#include <cerrno>

#include "lab/objects.h"
#include "tests/contract/host_client.h"

namespace fairlead::testing {
namespace {

class Frontends : public HostClient {
 protected:
  // A route to an address of a Service, as a fabric or a balancer has it.
  void LeadToNode1(const Endpoint& front) {
    const std::string to = front.address.ToString();
    Ip("outside", fmt::format("route add {} via {}\n", to,
                              GetParam() == Family::kIpv4 ? "203.0.113.1" : "2001:db8:113::1"));
    Ip("router", fmt::format("route add {} via {}\n", to, AddressOf(node(1)).ToString()));
  }
  bool IsServed(const std::string& client, const Endpoint& front, const std::string& server) {
    return Reaches(client, front, server) && UdpServerOf(client, front) == server;
  }
};

TEST_P(Frontends, A8_40_E1_E15_E16_are_reached_by_both_protocols_over_changes_of_type) {
  const lab::Pod web = AddPod(2, "web", "web"), near = AddPod(1, "near", "client"),
                 far = AddPod(2, "far", "client");
  Serve(web);
  PutService("web");
  for (const lab::Pod* pod : {&near, &far, &web}) {  // web reaches itself
    for (const Endpoint& front :
         {ClusterIp(), NodePortOf(1), NodePortOf(2), ExternalIp(), Balancer()}) {
      EXPECT_TRUE(IsServed(pod->network_namespace(), front, "web")) << pod->name() << " " << front;
    }
  }
  LeadToNode1(ExternalIp());
  LeadToNode1(Balancer());
  for (const Endpoint& front : {NodePortOf(1), NodePortOf(2), ExternalIp(), Balancer()}) {
    EXPECT_TRUE(IsServed(Outside(), front, "web")) << "outside " << front;
  }

  // allocateLoadBalancerNodePorts: false.
  PutService("web", [](lab::Object& service) {
    for (lab::Object& port : service["spec"]["ports"]) port.erase("nodePort");
  });
  EXPECT_TRUE(Fails(near.network_namespace(), NodePortOf(1), ECONNREFUSED));
  EXPECT_TRUE(IsServed(near.network_namespace(), Balancer(), "web"));
  EXPECT_TRUE(IsServed(Outside(), Balancer(), "web"));

  PutService("web", [](lab::Object& service) {
    service["spec"]["type"] = "NodePort";
    service.erase("status");
  });
  EXPECT_TRUE(IsServed(Outside(), NodePortOf(1), "web"));
  PutService("web", [](lab::Object& service) { service["spec"]["type"] = "ClusterIP"; });
  EXPECT_TRUE(Fails(near.network_namespace(), NodePortOf(1), ECONNREFUSED));
  EXPECT_TRUE(Fails(Outside(), NodePortOf(1), ECONNREFUSED));
  EXPECT_TRUE(IsServed(near.network_namespace(), ClusterIp(), "web"));
}

TEST_P(Frontends, E3_E20_each_port_has_the_endpoints_and_the_numbers_of_its_slices) {
  const lab::Pod client = AddPod(1, "client", "client"), a = AddPod(1, "a", "a"),
                 b = AddPod(2, "b", "b");
  const TcpServer serving_a("a:8080", a.network_namespace(), {AddressOf(a), 8080});
  const TcpServer other_of_a("a:8081", a.network_namespace(), {AddressOf(a), 8081});
  const TcpServer serving_b("b:9090", b.network_namespace(), {AddressOf(b), 9090});
  PutServiceByHand("web", [](lab::Object& service) {
    service["spec"]["ports"].push_back({{"name", "other"}, {"protocol", "TCP"}, {"port", 81}});
  });
  const auto with_ports = [](const std::string& name, const lab::Object& ports) {
    return [name, ports](lab::Object& slice) {
      slice["metadata"]["name"] = name;
      slice["ports"] = ports;
    };
  };
  PutSlice("web", {EndpointAt(AddressOf(a), "node1")},
           with_ports("one", lab::Object::array({{{"name", "main"}, {"port", 8080}},
                                                 {{"name", "other"}, {"port", 8081}}})));
  PutSlice("web", {EndpointAt(AddressOf(b), "node2")},
           with_ports("two", lab::Object::array({{{"name", "main"}, {"port", 9090}}})));
  std::set<std::string> main, other;
  EXPECT_TRUE(Comes([&] {
    main.insert(TcpServerOf(client.network_namespace(), ClusterIp()));
    return main.contains("a:8080") && main.contains("b:9090");
  }));
  for (int i = 0; i < 10; ++i) {
    other.insert(TcpServerOf(client.network_namespace(), {ClusterIp().address, 81}));
  }
  EXPECT_THAT(other, ::testing::ElementsAre("a:8081"));
}

TEST_P(Frontends, E4_E14_names_and_labels_come_and_go) {
  const lab::Pod client = AddPod(1, "client", "client"), web = AddPod(2, "web", "web");
  const std::string from = client.network_namespace();
  Serve(web);
  PutServiceByHand("web");
  PutSlice("web", {EndpointAt(AddressOf(web), "node2")});
  ASSERT_TRUE(Reaches(from, ClusterIp(), "web"));

  PutServiceByHand("web", [](lab::Object& service) {
    service["spec"]["type"] = "ExternalName";
    service["spec"]["externalName"] = "a.example";
  });
  EXPECT_TRUE(Comes([&] { return TcpServerOf(from, ClusterIp()).empty(); }));
  EXPECT_TRUE(Fails(from, NodePortOf(1), ECONNREFUSED));
  PutServiceByHand("web", [](lab::Object& service) { service["spec"]["type"] = "NodePort"; });
  EXPECT_TRUE(Reaches(from, ClusterIp(), "web"));
  EXPECT_TRUE(Reaches(from, NodePortOf(1), "web"));

  PutServiceByHand("web", [](lab::Object& service) {
    service["metadata"]["labels"]["service.kubernetes.io/service-proxy-name"] = "another";
  });
  EXPECT_TRUE(Comes([&] { return TcpServerOf(from, ClusterIp()).empty(); }));
  PutServiceByHand("web");
  EXPECT_TRUE(Reaches(from, ClusterIp(), "web"));

  PutSlice("web", {EndpointAt(AddressOf(web), "node2")}, [](lab::Object& slice) {
    slice["metadata"]["labels"]["service.kubernetes.io/headless"] = "";
  });
  EXPECT_TRUE(Fails(from, ClusterIp(), ECONNREFUSED));
  PutSlice("web", {EndpointAt(AddressOf(web), "node2")});
  EXPECT_TRUE(Reaches(from, ClusterIp(), "web"));
}

// GetParam() is the family that comes later.
TEST_P(Frontends, E25_the_second_family_comes_later) {
  const bool ipv4 = GetParam() == Family::kIpv4;
  const lab::Pod client = AddPod(1, "client", "client"), web = AddPod(2, "web", "web");
  Serve(web);
  const TcpServer in_first_family("web", web.network_namespace(),
                                  {*IpAddress::Parse(ipv4 ? web.ipv6() : web.ipv4()), kPodPort});
  const std::string address = ipv4 ? "fd00:96::60" : "10.96.0.60";
  const auto with = [&](const lab::Object& families, const lab::Object& addresses) {
    return [=](lab::Object& service) {
      service["spec"]["ipFamilies"] = families;
      service["spec"]["clusterIP"] = address;
      service["spec"]["clusterIPs"] = addresses;
    };
  };
  const lab::Object first = ipv4 ? "IPv6" : "IPv4";
  PutService("web", with(lab::Object::array({first}), lab::Object::array({address})));
  ASSERT_TRUE(
      Reaches(client.network_namespace(), {*IpAddress::Parse(address), kServicePort}, "web"));
  EXPECT_EQ(TcpServerOf(client.network_namespace(), ClusterIp()), "");
  PutService("web", with(lab::Object::array({first, FamilyName(GetParam())}),
                         lab::Object::array({address, ClusterIp().address.ToString()})));
  EXPECT_TRUE(IsServed(client.network_namespace(), ClusterIp(), "web"));
  EXPECT_TRUE(IsServed(client.network_namespace(), NodePortOf(1), "web"));
}

FL_BOTH_FAMILIES(Frontends);

}  // namespace
}  // namespace fairlead::testing
