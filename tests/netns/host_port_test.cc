// SPDX-License-Identifier: Apache-2.0
//
//   outside, another node, pods, the node itself ──▶ node1:8080 ──▶ web:8080
//
// Promise: a hostPort is reached from everywhere, on every address of the node
// and on its loopback, by the real daemons and the real CNI plugin.
#include <fmt/format.h>

#include "tests/netns/two_nodes.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kTcpPort = 18080;
constexpr uint16_t kUdpPort = 15353;

class HostPort : public TwoNodes {
 protected:
  lab::Pod AddHostPortPod(const std::string& name, const std::string& node) {
    const lab::Object object = {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata", {{"name", name}, {"namespace", "default"}, {"labels", {{"app", name}}}}},
        {"spec",
         {{"nodeName", node},
          {"containers",
           {{{"name", "main"},
             {"ports",
              {{{"containerPort", kPodPort}, {"hostPort", kTcpPort}, {"protocol", "TCP"}},
               {{"containerPort", kPodPort}, {"hostPort", kUdpPort}, {"protocol", "UDP"}}}}}}}}}};
    absl::StatusOr<std::vector<lab::Pod>> pods = lab().AddPods({object});
    if (!pods.ok()) {
      ADD_FAILURE() << pods.status();
      std::abort();
    }
    return pods->front();
  }
  Endpoint Front(uint16_t port) const { return {AddressOf(node(1)), port}; }
  Endpoint Loopback(uint16_t port) const {
    return {*IpAddress::Parse(GetParam() == Family::kIpv4 ? "127.0.0.1" : "::1"), port};
  }
  // Who answers, and as whom it saw us.
  void ExpectReached(const std::string& network_namespace, const Endpoint& front,
                     const IpAddress& seen_as) const {
    absl::StatusOr<TcpClient> client = TcpClient::Open(network_namespace, front);
    ASSERT_TRUE(client.ok()) << front << ": " << client.status();
    EXPECT_EQ(client->server(), "web");
    EXPECT_EQ(client->seen_as(), seen_as);
    FL_EXPECT_OK(client->Download(kMegabyte));
  }
  void ExpectAnswered(const std::string& network_namespace, const Endpoint& front,
                      const IpAddress& seen_as) const {
    const absl::StatusOr<UdpClient> client = UdpClient::Open(network_namespace, front);
    ASSERT_TRUE(client.ok()) << client.status();
    for (int i = 0; i < 3; ++i) {
      std::string answer;
      ASSERT_EQ(client->Ask(answer), 0) << front;
      EXPECT_EQ(answer, "web " + seen_as.ToString());
    }
  }
};

TEST_P(HostPort, E2_is_reached_from_everywhere) {
  const lab::Pod web = AddHostPortPod("web", "node1");
  const lab::Pod near = AddPod(1, "near", "client"), far = AddPod(2, "far", "client");
  const auto serving = ServeTcp(web);
  const UdpServer answering("web", web.network_namespace(), On(web));
  const struct {
    std::string network_namespace;
    IpAddress seen_as;
  } clients[] = {{near.network_namespace(), AddressOf(near)},
                 {far.network_namespace(), AddressOf(far)},
                 {node(2).network_namespace(), AddressOf(node(2))},
                 {node(1).network_namespace(), AddressOf(node(1))}};
  for (const auto& client : clients) {
    ExpectReached(client.network_namespace, Front(kTcpPort), client.seen_as);
    ExpectAnswered(client.network_namespace, Front(kUdpPort), client.seen_as);
  }
  ExpectReached(node(1).network_namespace(), Loopback(kTcpPort), AddressOf(node(1)));
  ExpectAnswered(node(1).network_namespace(), Loopback(kUdpPort), AddressOf(node(1)));
  ExpectReached(Outside(), Front(kTcpPort), OutsideAddress());
  ExpectAnswered(Outside(), Front(kUdpPort), OutsideAddress());
  // Another node's loopback is another thing.
  EXPECT_EQ(ConnectError(node(2).network_namespace(), Loopback(kTcpPort)), ECONNREFUSED);
}

TEST_P(HostPort, IsRefusedWhenItsPodHasGone) {
  const lab::Pod web = AddHostPortPod("web", "node1");
  {
    const auto serving = ServeTcp(web);
    ExpectReached(node(2).network_namespace(), Front(kTcpPort), AddressOf(node(2)));
  }
  FL_ASSERT_OK(lab().DeletePod("web"));
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        return ConnectError(node(2).network_namespace(), Front(kTcpPort),
                            kShortPatienceMilliseconds) == ECONNREFUSED &&
               ConnectError(node(1).network_namespace(), Loopback(kTcpPort)) == ECONNREFUSED;
      },
      std::chrono::seconds(20)));
}

TEST_P(HostPort, OutlivesTheDaemonAndItsRestart) {
  const lab::Pod web = AddHostPortPod("web", "node1");
  const auto serving = ServeTcp(web);
  FL_ASSERT_OK(lab().StopDaemon(node(1), SIGKILL));
  ExpectReached(node(1).network_namespace(), Loopback(kTcpPort), AddressOf(node(1)));
  ExpectReached(node(2).network_namespace(), Front(kTcpPort), AddressOf(node(2)));
  FL_ASSERT_OK(lab().StartDaemon(node(1)));
  ExpectReached(node(1).network_namespace(), Loopback(kTcpPort), AddressOf(node(1)));
}

TEST_P(HostPort, OfTwoPodsBelongsToTheOlder) {
  const lab::Pod web = AddHostPortPod("web", "node1");
  const lab::Pod other = AddHostPortPod("other", "node1");
  const auto serving = ServeTcp(web), serving_other = ServeTcp(other);
  ExpectReached(node(2).network_namespace(), Front(kTcpPort), AddressOf(node(2)));
  FL_ASSERT_OK(lab().DeletePod("web"));
  EXPECT_TRUE(lab::WaitUntil(
      [&] {
        const auto client = TcpClient::Open(node(2).network_namespace(), Front(kTcpPort),
                                            kShortPatienceMilliseconds);
        return client.ok() && client->server() == "other";
      },
      std::chrono::seconds(20)));
}

FL_BOTH_FAMILIES(HostPort);

}  // namespace
}  // namespace fairlead::testing
