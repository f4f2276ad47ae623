// SPDX-License-Identifier: Apache-2.0
//
// What a node is. Promise: its podCIDRs and addresses may come from annotations
// as well, followed live; a pod of the host's network is the node itself.
#include <fmt/format.h>

#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class HostNetworkPod : public TwoNodes {
 protected:
  // As the kubelet reports it: its addresses are the node's.
  void AddHostPod(int number, const std::string& app) {
    const std::string name = fmt::format("host-{}", number);
    lab::Object pod = lab::MakePod(name, node(number).name(), {{"app", app}}, lab::Object::array());
    pod["spec"]["hostNetwork"] = true;
    lab::SetPodStatus(pod, {node(number).ipv4(), node(number).ipv6()}, true);
    FL_ASSERT_OK(lab().WriteManifest(name + ".json", lab::ToText(pod)));
  }
  std::unique_ptr<TcpServer> ServeOnHost(int number) {
    return std::make_unique<TcpServer>(node(number).name(), node(number).network_namespace(),
                                       Endpoint{AddressOf(node(number)), kPodPort});
  }
};

TEST_P(HostNetworkPod, A8_40_E30_of_this_node_and_of_another_serves_pods_through_a_service) {
  const lab::Pod client = AddPod(1, "client", "client");
  AddHostPod(1, "web");
  AddHostPod(2, "web");
  const TestService web = AddService("web", 10);
  const auto here = ServeOnHost(1), there = ServeOnHost(2);
  EXPECT_TRUE(Settles(client, web, {"node1", "node2"}));
  const auto connection = TcpClient::Open(client.network_namespace(), web.Front(GetParam()));
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(client));
}

TEST_P(HostNetworkPod, IsNoPodOfTheDataplane) {
  AddHostPod(1, "web");
  AddPod(1, "pod", "other");
  const auto pods =
      lab().Run("node1", {"fairlead", "pods", "-o", "json"}, std::chrono::seconds(20));
  FL_ASSERT_OK(pods.status());
  EXPECT_THAT(pods->out, ::testing::HasSubstr("default/pod"));
  EXPECT_THAT(pods->out, ::testing::Not(::testing::HasSubstr(node(1).ipv4())));
}

FL_BOTH_FAMILIES(HostNetworkPod);

class AnnotatedNode : public TwoNodes {
 protected:
  static lab::Object NodeWithoutCidrs(const lab::Node& node) {
    lab::Object object = lab::MakeNode(node.name(), {node.ipv4(), node.ipv6()}, {""});
    object.erase("spec");
    return object;
  }
  // `cidrs` of node N, with N for a `{}`.
  void Annotate(const std::string& cidrs) {
    std::vector<lab::Object> objects;
    for (const lab::Node& each : lab().nodes()) {
      lab::Object object = NodeWithoutCidrs(each);
      object["metadata"]["annotations"]["fairlead.dev/pod-cidrs"] =
          fmt::format(fmt::runtime(cidrs), objects.size() + 1);
      objects.push_back(object);
    }
    FL_ASSERT_OK(lab().WriteManifest("lab-nodes.json", lab::ToText(lab::MakeList(objects))));
  }
  // The next pod of the node gets an address from `block`; false if that does not come about.
  bool GivesAddressesOf(int number, const std::string& block) {
    const Cidr wanted = *Cidr::Parse(block);
    int tries = 0;
    return lab::WaitUntil(
        [&] {
          const auto pod = lab().AddPod(lab::NodeName(number),
                                        fmt::format("try-{}-{}", number, tries++), {{"app", "x"}});
          return pod.ok() && wanted.Contains(AddressOf(*pod));
        },
        std::chrono::seconds(20));
  }
};

TEST_P(AnnotatedNode, GivesItsPodsTheAnnotatedBlocksAndIsReachedThere) {
  Annotate("10.99.{0}.0/24, fd00:99:{0}::/64");
  const bool ipv4 = GetParam() == Family::kIpv4;
  ASSERT_TRUE(GivesAddressesOf(1, ipv4 ? "10.99.1.0/24" : "fd00:99:1::/64"));
  ASSERT_TRUE(GivesAddressesOf(2, ipv4 ? "10.99.2.0/24" : "fd00:99:2::/64"));
  const lab::Pod client = AddPod(1, "client", "client"), server = AddPod(2, "server", "server");
  const auto serving = ServeTcp(server);
  const auto connection = TcpClient::Open(client.network_namespace(), On(server));
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(client));
}

TEST_P(AnnotatedNode, KeepsWhatItHadWhenTheAnnotationIsBroken) {
  const lab::Pod server = AddPod(2, "server", "server");
  Annotate("10.99.{}.0/240");
  const auto serving = ServeTcp(server);
  const lab::Pod client = AddPod(1, "client", "client");
  EXPECT_TRUE(Cidr::Parse(GetParam() == Family::kIpv4 ? "10.244.1.0/24" : "fd00:10:244:1::/64")
                  ->Contains(AddressOf(client)));
  FL_EXPECT_OK(TcpClient::Open(client.network_namespace(), On(server)).status());
}

FL_BOTH_FAMILIES(AnnotatedNode);

}  // namespace
}  // namespace fairlead::testing
