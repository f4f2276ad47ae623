// SPDX-License-Identifier: Apache-2.0
//
//   outside ──▶ node1:30080 ──▶ [node1] ──tunnel──▶ [node2] ──▶ pod, or a process of node2
//   outside ◀── from node1:30080 ───────────────── node2's uplink
//
// Promise: with --load-balancer-mode dsr a backend on another node sees the client, and its
// answers do not pass the first node; full-size segments, large datagrams and path MTU discovery
// work, with tunnels for pods or without.
#include <nlohmann/json.hpp>

#include "tests/netns/datagrams.h"
#include "tests/netns/from_outside.h"

namespace fairlead::testing {
namespace {

class DirectReturn : public FromOutside {
 protected:
  std::vector<std::string> DaemonFlags() const override { return {"--load-balancer-mode", "dsr"}; }

  // What a node has sent by its uplink so far.
  uint64_t BytesSentBy(const lab::Node& node) const {
    const absl::StatusOr<lab::Finished> shown =
        lab::Run({.argv = {"ip", "-json", "-stats", "link", "show", "eth0"},
                  .network_namespace = node.network_namespace(),
                  .input = {}},
                 std::chrono::seconds(20));
    EXPECT_TRUE(shown.ok()) << shown.status();
    if (!shown.ok()) return 0;
    return nlohmann::json::parse(shown->out).at(0).at("stats64").at("tx").at("bytes");
  }

  // The answers leave by node2: node1 sends on no more than acknowledgements.
  void ExpectAnswersPastNode1(const Endpoint& door) {
    absl::StatusOr<TcpClient> client = TcpClient::Open(Outside(), door);
    FL_ASSERT_OK(client.status());
    const uint64_t before1 = BytesSentBy(node(1)), before2 = BytesSentBy(node(2));
    FL_EXPECT_OK(client->Download(4 * kMegabyte));
    EXPECT_GT(BytesSentBy(node(2)) - before2, 4 * kMegabyte);
    EXPECT_LT(BytesSentBy(node(1)) - before1, kMegabyte);
  }

  // A pod of node2 is reached by both doors, sees the client and answers it.
  void ExpectPodThereServed() {
    const lab::Pod web = AddPod(2, "web", "web");
    const auto serving = ServeTcp(web);
    RouteVip();
    Serve(On(web), "node2", {});
    for (const Endpoint& door : {Door(), Vip()}) {
      ExpectReached(door, "web", OutsideAddress());
      ExpectAnswersPastNode1(door);
    }
  }
};

TEST_P(DirectReturn, APodThereSeesTheClientAndAnswersIt) { ExpectPodThereServed(); }

TEST_P(DirectReturn, AProcessThereToo) {
  const Endpoint process{AddressOf(node(2)), kProcessPort};
  const TcpServer serving("process", node(2).network_namespace(), process);
  RouteVip();
  Serve(process, "node2", {});
  for (const Endpoint& door : {Door(), Vip()}) {
    ExpectReached(door, "process", OutsideAddress());
    ExpectAnswersPastNode1(door);
  }
}

TEST_P(DirectReturn, DatagramsOfEverySizePass) {
  const lab::Pod web = AddPod(2, "web", "web");
  const UdpEcho pod(web.network_namespace(), On(web));
  RouteVip();
  Serve(On(web), "node2", {.protocol = "UDP"});
  for (const Endpoint& door : {Door(), Vip()}) {
    for (const size_t bytes : {100, 1420, 1452, 2000}) ExpectEchoed(door, bytes);
    EXPECT_EQ(pod.last_client().address, OutsideAddress());
  }
}

// The router cannot send on what node2 answers, and says so to the address that node1 has.
TEST_P(DirectReturn, ANarrowPathToTheClientIsFoundOut) {
  const lab::Pod web = AddPod(2, "web", "web");
  const auto serving = ServeTcp(web);
  RouteVip();
  Serve(On(web), "node2", {});
  ExpectReached(Door(), "web", OutsideAddress());
  Ip("router", "link set world mtu 1300\n");
  for (const Endpoint& door : {Door(), Vip()}) {
    absl::StatusOr<TcpClient> client = TcpClient::Open(Outside(), door);
    FL_ASSERT_OK(client.status());
    FL_EXPECT_OK(client->Download(kMegabyte));
  }
}

TEST_P(DirectReturn, AConnectionIsResetWhenItsBackendGoes) {
  const lab::Pod there = AddPod(2, "there", "web"), here = AddPod(1, "here", "web");
  const auto serving = ServeTcp(there), also_serving = ServeTcp(here);
  Serve(On(there), "node2", {});
  ExpectReached(Door(), "there", OutsideAddress());
  absl::StatusOr<TcpClient> client = TcpClient::Open(Outside(), Door());
  FL_ASSERT_OK(client.status());
  Serve(On(here), "node1", {});
  ExpectReached(Door(), "here", OutsideAddress());
  EXPECT_FALSE(client->Upload(kMegabyte).ok());
}

// By its address the endpoint is node2's, by its name it is not: what node1 relays, node2 does not
// find among its own. It is served from there, without a loop.
TEST_P(DirectReturn, AnEndpointThatNoNodeOwnsIsServedAllTheSame) {
  const lab::Pod there = AddPod(2, "there", "web");
  const auto serving = ServeTcp(there);
  Serve(On(there), "elsewhere", {});
  ExpectReached(Door(), "there", OutsideAddress());
}

FL_BOTH_FAMILIES(DirectReturn);

class DirectReturnByTunnel : public DirectReturn {
 protected:
  lab::Fabric LabFabric() const override { return {.routing = "vxlan", .subnets = 2}; }
};

TEST_P(DirectReturnByTunnel, IsTheSame) { ExpectPodThereServed(); }

FL_BOTH_FAMILIES(DirectReturnByTunnel);

}  // namespace
}  // namespace fairlead::testing
