// SPDX-License-Identifier: Apache-2.0
//
//   outside ──▶ node1:30080, or an external IP ──▶ a pod here, a pod there, a process of node1
//
// Promise: a Service is reached from outside over every kind of frontend and
// whatever its backend is; large datagrams and errors find their way, too.
#include "tests/netns/datagrams.h"
#include "tests/netns/from_outside.h"

namespace fairlead::testing {
namespace {

TEST_P(FromOutside, A6_26_a_pod_here_sees_the_client) {
  const lab::Pod web = AddPod(1, "web", "web");
  const auto serving = ServeTcp(web);
  RouteVip();
  Serve(On(web), "node1", {});
  ExpectReached(Door(), "web", OutsideAddress());
  ExpectReached(Vip(), "web", OutsideAddress());
}

TEST_P(FromOutside, A6_26_a_pod_there_sees_the_node) {
  const lab::Pod web = AddPod(2, "web", "web");
  const auto serving = ServeTcp(web);
  RouteVip();
  Serve(On(web), "node2", {});
  ExpectReached(Door(), "web", AddressOf(node(1)));
  ExpectReached(Vip(), "web", AddressOf(node(1)));
}

TEST_P(FromOutside, AProcessOfTheNodeSeesTheClient) {
  const Endpoint process{AddressOf(node(1)), kProcessPort};
  const TcpServer serving("process", node(1).network_namespace(), process);
  RouteVip();
  Serve(process, "node1", {});
  ExpectReached(Door(), "process", OutsideAddress());
  ExpectReached(Vip(), "process", OutsideAddress());
}

TEST_P(FromOutside, A6_27_A6_28_E7_a_local_policy_is_silent_without_a_pod_here) {
  const lab::Pod here = AddPod(1, "here", "web"), there = AddPod(2, "there", "web");
  const auto serving = ServeTcp(here), also_serving = ServeTcp(there);
  Serve(On(here), "node1", {.local_only = true});
  ExpectReached(Door(), "here", OutsideAddress());
  Serve(On(there), "node2", {.local_only = true});
  EXPECT_TRUE(lab::WaitUntil(
      [&] { return ConnectError(Outside(), Door(), kShortPatienceMilliseconds) == ETIMEDOUT; },
      std::chrono::seconds(20)));
  // The pods of node1 are not outside.
  const auto client = TcpClient::Open(here.network_namespace(), Door());
  FL_ASSERT_OK(client.status());
  EXPECT_EQ(client->server(), "there");
}

TEST_P(FromOutside, UdpToAPodThereAndToAProcess) {
  const lab::Pod web = AddPod(2, "web", "web");
  const UdpServer answering("web", web.network_namespace(), On(web));
  const Endpoint process{AddressOf(node(1)), kProcessPort};
  const UdpServer process_answering("process", node(1).network_namespace(), process);
  const struct {
    Endpoint backend;
    std::string node, answer;
  } cases[] = {{On(web), "node2", "web " + AddressOf(node(1)).ToString()},
               {process, "node1", "process " + OutsideAddress().ToString()}};
  for (const auto& each : cases) {
    Serve(each.backend, each.node, {.protocol = "UDP"});
    std::string answer;
    EXPECT_TRUE(lab::WaitUntil(
        [&] {
          const auto client = UdpClient::Open(Outside(), Door(), kShortPatienceMilliseconds);
          return client.ok() && client->Ask(answer) == 0 && answer == each.answer;
        },
        std::chrono::seconds(20)))
        << answer;
  }
}

TEST_P(FromOutside, A11_56_E13_two_thousand_bytes_of_udp_to_a_pod_there_and_to_a_process) {
  const lab::Pod web = AddPod(2, "web", "web");
  const UdpEcho pod(web.network_namespace(), On(web));
  const Endpoint on_process{AddressOf(node(1)), kProcessPort};
  const UdpEcho process(node(1).network_namespace(), on_process);
  RouteVip();
  for (const auto& [backend, name] : {std::pair{On(web), "node2"}, {on_process, "node1"}}) {
    Serve(backend, name, {.protocol = "UDP"});
    for (const Endpoint& door : {Door(), Vip()}) ExpectEchoed(door, 2000);
  }
}

TEST_P(FromOutside, A5_22_E6_is_refused_without_endpoints) {
  const lab::Pod web = AddPod(1, "web", "web");
  Serve(On(web), "node1", {.ready = false});
  EXPECT_TRUE(lab::WaitUntil(
      [&] { return ConnectError(Outside(), Door(), kShortPatienceMilliseconds) == ECONNREFUSED; },
      std::chrono::seconds(20)));
}

FL_BOTH_FAMILIES(FromOutside);

class FromOutsideByTunnel : public FromOutside {
 protected:
  lab::Fabric LabFabric() const override { return {.routing = "vxlan", .subnets = 2}; }
};

// The router says to node1 what the pod on node2 has to know.
TEST_P(FromOutsideByTunnel, ANarrowPathToTheClientIsFoundOut) {
  const lab::Pod web = AddPod(2, "web", "web");
  const auto serving = ServeTcp(web);
  RouteVip();
  Serve(On(web), "node2", {});
  ExpectReached(Door(), "web", AddressOf(node(1)));
  Ip("router", "link set world mtu 1300\n");
  for (const Endpoint& door : {Door(), Vip()}) {
    absl::StatusOr<TcpClient> client = TcpClient::Open(Outside(), door);
    FL_ASSERT_OK(client.status());
    FL_EXPECT_OK(client->Download(kMegabyte));
  }
}

FL_BOTH_FAMILIES(FromOutsideByTunnel);

}  // namespace
}  // namespace fairlead::testing
