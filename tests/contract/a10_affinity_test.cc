// SPDX-License-Identifier: Apache-2.0
//
// Contract A10. Promise: a client keeps its backend, whatever port it comes from
// and whichever frontend of the service port it comes to, for as long as it does
// not stay away too long and the backend may still be chosen.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

constexpr uint16_t kClients = 16;  // connections, of which chance would send some elsewhere

class Affinity : public ::testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    web_ = node_.AddService({.name = "web",
                             .vip = {},
                             .port = TcpPort(80),
                             .node_port = 30080,
                             .affinity_seconds = 600},
                            Backends(8));
  }

  std::vector<Endpoint> Backends(int count) const {
    std::vector<Endpoint> backends;
    for (int i = 0; i < count; ++i)
      backends.push_back(backend_.On(static_cast<uint16_t>(8000 + i)));
    return backends;
  }

  // Whom a new connection from that port gets.
  Endpoint Ask(const Pod& client, const Endpoint& front) {
    return node_.FromPod(client, Tcp(client.On(next_port_++), front).Syn()).Destination();
  }

  // How many backends many connections get.
  size_t Spread(const Pod& client, const Endpoint& front) {
    std::set<Endpoint> backends;
    for (int i = 0; i < kClients; ++i) backends.insert(Ask(client, front));
    return backends.size();
  }

  Node node_{GetParam()};
  Pod backend_ = node_.AddPod("web");
  Pod client_ = node_.AddPod("client");
  Pod other_ = node_.AddPod("other");
  Service web_;
  uint16_t next_port_ = 40000;
};

TEST_P(Affinity, A10_48_aClientKeepsItsBackendOnEveryPortAndFrontend) {
  const Endpoint backend = Ask(client_, web_.Front());
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(Ask(client_, web_.Front()), backend);
    EXPECT_EQ(Ask(client_, node_.On(30080)), backend);
  }
}

TEST_P(Affinity, A10_48_aClientOutsideKeepsItsBackendToo) {
  std::set<Endpoint> backends;
  for (uint16_t port = 50000; port < 50000 + kClients; ++port) {
    for (const Endpoint& front : {node_.On(30080), web_.Front()}) {
      backends.insert(node_.FromNetwork(Tcp(node_.World(1, port), front).Syn()).Destination());
    }
  }
  EXPECT_EQ(backends.size(), 1U);
}

TEST_P(Affinity, A10_48_itIsOfAServicePortAndOfAClient) {
  std::set<Endpoint> of_clients;
  for (int i = 0; i < 6; ++i) {
    const Pod client = node_.AddPod("another");
    of_clients.insert(Ask(client, web_.Front()));
  }
  EXPECT_GT(of_clients.size(), 1U);
  const Service plain = node_.AddService("plain", TcpPort(80), Backends(8));
  EXPECT_GT(Spread(client_, plain.Front()), 1U);
}

TEST_P(Affinity, A10_48_itEndsAfterTheTimeoutAndEachNewConnectionRefreshesIt) {
  const Endpoint backend = Ask(client_, web_.Front());
  for (int i = 0; i < 8; ++i) {
    node_.TimePasses(std::chrono::seconds(595));
    EXPECT_EQ(Ask(client_, web_.Front()), backend);
  }
  std::set<Endpoint> later;
  for (int i = 0; i < 8; ++i) {
    node_.TimePasses(std::chrono::seconds(601));
    later.insert(Ask(client_, web_.Front()));
  }
  EXPECT_GT(later.size(), 1U);
}

TEST_P(Affinity, A10_49_itIsTurnedOffAndOnLive) {
  EXPECT_EQ(Spread(client_, web_.Front()), 1U);
  Service changed = web_;
  changed.affinity_seconds = 0;
  node_.ChangeService(changed);
  EXPECT_GT(Spread(client_, web_.Front()), 1U);
  node_.ChangeService(web_);
  EXPECT_EQ(Spread(client_, web_.Front()), 1U);
}

TEST_P(Affinity, A10_49_aBackendThatDrainsOrGoesIsReplaced) {
  const Endpoint backend = Ask(client_, web_.Front());
  std::vector<Endpoint> others = Backends(8);
  std::erase(others, backend);
  node_.SetEndpoints(web_, others, {backend});
  const Endpoint second = Ask(client_, web_.Front());
  EXPECT_NE(second, backend);
  EXPECT_EQ(Ask(client_, web_.Front()), second);
  std::erase(others, second);
  node_.SetEndpoints(web_, others);
  EXPECT_NE(Ask(client_, web_.Front()), second);
  EXPECT_EQ(Spread(client_, web_.Front()), 1U);
}

TEST_P(Affinity, A10_49_itIsForUdpToo) {
  const Service dns = node_.AddService(
      {.name = "dns", .vip = {}, .port = UdpPort(53), .affinity_seconds = 10}, Backends(8));
  std::set<Endpoint> backends;
  for (uint16_t port = 50000; port < 50016; ++port) {
    backends.insert(node_.FromPod(client_, Udp(client_.On(port), dns.Front())).Destination());
  }
  EXPECT_EQ(backends.size(), 1U);
}

TEST_P(Affinity, A10_49_aBackendOutsideOfTheSetInUseIsNotKept) {
  const Peer peer = node_.AddPeer("there");
  const Service web = node_.AddService({.name = "both",
                                        .vip = {},
                                        .port = TcpPort(81),
                                        .local_only = true,
                                        .node_port = 30081,
                                        .affinity_seconds = 600},
                                       {peer.Pod(1, 80), backend_.On(80)});
  for (int i = 0; i < kClients; ++i) {
    Ask(client_, node_.On(30081));
    EXPECT_EQ(Ask(client_, web.Front()), backend_.On(80));
  }
}

FAIRLEAD_BOTH_FAMILIES(Affinity);

}  // namespace
}  // namespace fairlead::testing
