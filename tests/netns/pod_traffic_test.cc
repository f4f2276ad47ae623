// SPDX-License-Identifier: Apache-2.0
//
// Traffic without Services: pods of one node and of two, hosts, the world.
// Promise: addresses between pods are never changed; the world sees the node's.
#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

class PodToPod : public TwoNodes {
 protected:
  // `client` talks to `server` both ways and is seen under its own address.
  void ExpectConversation(const lab::Pod& client, const lab::Pod& server) {
    const auto serving = ServeTcp(server);
    auto connection = TcpClient::Open(client.network_namespace(), On(server));
    FL_ASSERT_OK(connection.status());
    EXPECT_EQ(connection->seen_as(), AddressOf(client));
    FL_EXPECT_OK(connection->Upload(8 * kMegabyte));
    auto second = TcpClient::Open(client.network_namespace(), On(server));
    FL_ASSERT_OK(second.status());
    FL_EXPECT_OK(second->Download(8 * kMegabyte));
  }
};

TEST_P(PodToPod, E23_talk_on_one_node_under_their_own_addresses) {
  ExpectConversation(AddPod(1, "client", "client"), AddPod(1, "server", "server"));
}

TEST_P(PodToPod, E23_talk_across_nodes_under_their_own_addresses) {
  ExpectConversation(AddPod(1, "client", "client"), AddPod(2, "server", "server"));
}

TEST_P(PodToPod, AnUnservedPortOfAPodIsRefusedByThatPod) {
  const lab::Pod client = AddPod(1, "client", "client");
  const lab::Pod near = AddPod(1, "near", "server");
  const lab::Pod far = AddPod(2, "far", "server");
  EXPECT_EQ(ConnectError(client.network_namespace(), On(near)), ECONNREFUSED);
  EXPECT_EQ(ConnectError(client.network_namespace(), On(far)), ECONNREFUSED);
}

TEST_P(PodToPod, APodMadeAnewUnderTheSameNameIsReached) {
  const lab::Pod client = AddPod(1, "client", "client");
  AddPod(2, "server", "server");
  FL_ASSERT_OK(lab().DeletePod("server"));
  ExpectConversation(client, AddPod(2, "server", "server"));
}

FL_BOTH_FAMILIES(PodToPod);

class PodToWorld : public TwoNodes {};

TEST_P(PodToWorld, TheOutsideSeesTheNodesAddress) {
  const lab::Pod client = AddPod(2, "client", "client");
  const auto serving = ServeTcpOutside();
  auto connection =
      TcpClient::Open(client.network_namespace(), Endpoint{OutsideAddress(), kPodPort});
  FL_ASSERT_OK(connection.status());
  EXPECT_EQ(connection->seen_as(), AddressOf(node(2)));
  FL_EXPECT_OK(connection->Download(8 * kMegabyte));
}

TEST_P(PodToWorld, UdpToTheOutsideIsMasqueradedAndAnswered) {
  const lab::Pod client = AddPod(1, "client", "client");
  const Endpoint outside{OutsideAddress(), kPodPort};
  const UdpServer serving("outside", lab::NamespaceName(lab().folder().lab(), "outside"), outside);
  const auto socket = UdpClient::Open(client.network_namespace(), outside);
  FL_ASSERT_OK(socket.status());
  std::string answer;
  EXPECT_EQ(socket->Ask(answer), 0);
  EXPECT_EQ(answer, "outside " + AddressOf(node(1)).ToString());
}

FL_BOTH_FAMILIES(PodToWorld);

class HostProcess : public TwoNodes {};

TEST_P(HostProcess, E23_reaches_pods_of_its_own_node_and_of_others) {
  const lab::Pod near = AddPod(1, "near", "server");
  const lab::Pod far = AddPod(2, "far", "server");
  for (const lab::Pod& pod : {near, far}) {
    const auto serving = ServeTcp(pod);
    auto connection = TcpClient::Open(node(1).network_namespace(), On(pod));
    FL_ASSERT_OK(connection.status());
    FL_EXPECT_OK(connection->Download(kMegabyte));
  }
}

TEST_P(HostProcess, E23_is_reached_by_pods_of_its_own_node_and_of_others) {
  const lab::Pod near = AddPod(1, "near", "client");
  const lab::Pod far = AddPod(2, "far", "client");
  const Endpoint host{AddressOf(node(1)), kPodPort};
  const TcpServer serving("host", node(1).network_namespace(), host);
  for (const lab::Pod& pod : {near, far}) {
    auto connection = TcpClient::Open(pod.network_namespace(), host);
    FL_ASSERT_OK(connection.status());
    FL_EXPECT_OK(connection->Upload(kMegabyte));
  }
}

TEST_P(HostProcess, TalksUdpWithPodsOfItsOwnNodeAndOfOthers) {
  const lab::Pod near = AddPod(1, "near", "server"), far = AddPod(2, "far", "server");
  for (const lab::Pod& pod : {near, far}) {
    const UdpServer serving(pod.name(), pod.network_namespace(), On(pod));
    const auto socket = UdpClient::Open(node(1).network_namespace(), On(pod));
    FL_ASSERT_OK(socket.status());
    std::string answer;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(socket->Ask(answer), 0);
    EXPECT_EQ(answer, pod.name() + " " + AddressOf(node(1)).ToString());
  }
}

TEST_P(HostProcess, IsReachedOnEveryAddressOfItsNode) {
  const lab::Pod near = AddPod(1, "near", "client"), far = AddPod(2, "far", "client");
  const bool ipv4 = GetParam() == Family::kIpv4;
  const std::string second = ipv4 ? "172.31.0.77" : "fd00:31::77";
  const auto added = lab().Run(
      "node1", {"ip", "address", "add", second + (ipv4 ? "/24" : "/64"), "dev", "eth0", "nodad"},
      std::chrono::seconds(20));
  FL_ASSERT_OK(added.status());
  ASSERT_EQ(added->exit_code, 0) << added->err;
  const Endpoint host{*IpAddress::Parse(second), kPodPort};
  const UdpServer serving("host", node(1).network_namespace(), host);
  // To another node it is an address of the world: seen there as the node that asks.
  for (const auto& [pod, seen_as] :
       {std::pair(near, AddressOf(near)), std::pair(far, AddressOf(node(2)))}) {
    const auto answered = [&, &client = pod, &expected = seen_as] {
      const auto socket =
          UdpClient::Open(client.network_namespace(), host, kShortPatienceMilliseconds);
      std::string answer;
      return socket.ok() && socket->Ask(answer) == 0 && answer == "host " + expected.ToString();
    };
    EXPECT_TRUE(lab::WaitUntil(answered, std::chrono::seconds(20))) << pod.name();
  }
}

FL_BOTH_FAMILIES(HostProcess);

}  // namespace
}  // namespace fairlead::testing
