// SPDX-License-Identifier: Apache-2.0
//
//   client ──▶ web, maglev             ──▶ the backend that its ports lead to, on every node
//   client ──▶ web, least-connections  ──▶ the backend that has fewer flows
//
// Promise: a Service chooses as it says, for as long as it says so.
#include <set>

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

using std::chrono::seconds;

constexpr char kMaglev[] = "maglev";
constexpr char kLeast[] = "least-connections";

NodeOptions WithRoomForTables() {
  NodeOptions options;
  options.sizes.runs = 16384;
  options.sizes.half_open_buckets = 1024;
  return options;
}

// By the port they come from.
using Choices = std::map<uint16_t, Endpoint>;

size_t Differences(const Choices& a, const Choices& b) {
  size_t differences = 0;
  for (const auto& [port, backend] : a) differences += b.at(port) != backend ? 1 : 0;
  return differences;
}

class Algorithm : public ::testing::TestWithParam<Family> {
 protected:
  static constexpr uint16_t kFirstPort = 20000;

  // Backends of a Service on a peer.
  static std::vector<Endpoint> On(const Peer& peer, int count) {
    std::vector<Endpoint> backends;
    for (int pod = 1; pod <= count; ++pod) backends.push_back(peer.Pod(pod, 8080));
    return backends;
  }
  Service Web(const char* algorithm) const {
    return {.name = "web",
            .vip = {},
            .port = TcpPort(80),
            .external_ips = {WorldAddress(GetParam(), 9)},
            .algorithm = algorithm};
  }
  // Whom new connections of a client outside get.
  static Choices FromOutside(Node& node, const Endpoint& front, uint16_t count) {
    Choices choices;
    for (uint16_t port = kFirstPort; port < kFirstPort + count; ++port) {
      choices[port] = node.FromNetwork(Tcp(node.World(1, port), front).Syn()).Destination();
    }
    node.TimePasses(seconds(70));  // nobody answers
    return choices;
  }
  Choices FromOutside(uint16_t count) { return FromOutside(node_, External(), count); }
  Endpoint External() const { return {WorldAddress(GetParam(), 9), 80}; }

  Node node_{GetParam(), WithRoomForTables()};
  Peer peer_ = node_.AddPeer("there");
};

TEST_P(Algorithm, MaglevLeadsAConnectionToTheSameBackendOnEveryNode) {
  Node other(GetParam(), WithRoomForTables());
  const Peer there = other.AddPeer("there");
  const std::vector<Endpoint> backends = On(peer_, 5);
  node_.AddService(Web(kMaglev), backends);
  // Other numbers, another order.
  other.AddService("before", TcpPort(81), On(there, 3));
  other.AddService(Web(kMaglev), {backends.rbegin(), backends.rend()});
  const Choices choices = FromOutside(64);
  EXPECT_EQ(choices, FromOutside(other, External(), 64));
  std::set<Endpoint> chosen;
  for (const auto& [port, backend] : choices) chosen.insert(backend);
  EXPECT_EQ(chosen.size(), 5U);
}

TEST_P(Algorithm, MaglevKeepsConnectionsThatLoseTheirNode) {
  node_.AddService(Web(kMaglev), On(peer_, 5));
  const Choices choices = FromOutside(32);
  EXPECT_EQ(choices, FromOutside(32));  // nothing is remembered by now
}

TEST_P(Algorithm, MaglevMovesLittleWhenABackendGoesAndComesBack) {
  const std::vector<Endpoint> backends = On(peer_, 6);
  const Service web = node_.AddService(Web(kMaglev), backends);
  const Choices before = FromOutside(200);
  node_.SetEndpoints(web, {backends.begin() + 1, backends.end()});
  size_t of_gone = 0;
  for (const auto& [port, backend] : before) of_gone += backend == backends[0] ? 1 : 0;
  EXPECT_GT(of_gone, 0U);
  EXPECT_LE(Differences(before, FromOutside(200)), of_gone + 10);
  node_.SetEndpoints(web, backends);
  EXPECT_EQ(before, FromOutside(200));
}

TEST_P(Algorithm, MaglevSharesFollowTheWeightsOfSlices) {
  const std::vector<Endpoint> backends = On(peer_, 2);
  Service web = Web(kMaglev);
  web.weights[backends[1]] = 3;
  node_.AddService(web, backends);
  int heavy = 0;
  // 300 ± 8.7 of 400, four sigma.
  for (const auto& [port, backend] : FromOutside(400)) heavy += backend == backends[1] ? 1 : 0;
  EXPECT_NEAR(heavy, 300, 35);
}

TEST_P(Algorithm, IsChangedLive) {
  const Service web = node_.AddService(Web(""), On(peer_, 5));
  EXPECT_NE(FromOutside(32), FromOutside(32));
  Service changed = web;
  changed.algorithm = kMaglev;
  node_.ChangeService(changed);
  EXPECT_EQ(FromOutside(32), FromOutside(32));
  node_.ChangeService(web);
  EXPECT_NE(FromOutside(32), FromOutside(32));
}

TEST_P(Algorithm, SessionAffinityComesFirst) {
  Service web = Web(kMaglev);
  web.affinity_seconds = 600;
  node_.AddService(web, On(peer_, 5));
  std::set<Endpoint> chosen;
  for (const auto& [port, backend] : FromOutside(32)) chosen.insert(backend);
  EXPECT_EQ(chosen.size(), 1U);
}

// Connections between pods of the node.
class LeastConnections : public ::testing::TestWithParam<Family> {
 protected:
  Endpoint Establish(const Service& service) {
    const Packet request = Tcp(client_.On(next_port_++), service.Front()).Syn();
    const Endpoint chosen = node_.FromPod(client_, request).Destination();
    const Pod& backend = chosen.address == one_.address ? one_ : two_;
    node_.FromPod(backend, request.To(chosen).Reply().SynAck());
    node_.FromPod(client_, request.Ack());
    return chosen;
  }
  int Flows(const Pod& pod) const { return node_.CountedFlows(pod.On(8080)); }
  Service Web() const {
    return {.name = "web", .vip = {}, .port = TcpPort(80), .algorithm = kLeast};
  }

  Node node_{GetParam()};
  Pod one_ = node_.AddPod("one");
  Pod two_ = node_.AddPod("two");
  Pod client_ = node_.AddPod("client");
  uint16_t next_port_ = 40000;
};

TEST_P(LeastConnections, ALongLivedSkewIsLevelled) {
  const Service web = node_.AddService(Web(), {one_.On(8080)});
  for (int i = 0; i < 10; ++i) Establish(web);
  EXPECT_EQ(Flows(one_), 10);
  node_.SetEndpoints(web, {one_.On(8080), two_.On(8080)});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Establish(web), two_.On(8080)) << i;
  for (int i = 0; i < 20; ++i) Establish(web);
  EXPECT_EQ(Flows(one_), 20);
  EXPECT_EQ(Flows(two_), 20);
}

TEST_P(LeastConnections, FlowsCountForTheWeightOfTheirBackend) {
  Service web = Web();
  web.weights[two_.On(8080)] = 3;
  web = node_.AddService(web, {one_.On(8080), two_.On(8080)});
  for (int i = 0; i < 40; ++i) Establish(web);
  EXPECT_NEAR(Flows(one_), 10, 1);
  EXPECT_NEAR(Flows(two_), 30, 1);
}

TEST_P(LeastConnections, FlowsAreCountedWhateverTheAlgorithm) {
  Service web = Web();
  web.algorithm = "random";
  web = node_.AddService(web, {one_.On(8080)});
  for (int i = 0; i < 4; ++i) Establish(web);
  EXPECT_EQ(Flows(one_), 4);
}

TEST_P(LeastConnections, AFlowThatEndsIsCountedNoMore) {
  const Service web = node_.AddService(Web(), {one_.On(8080)});
  Establish(web);
  Establish(web);
  EXPECT_EQ(Flows(one_), 2);
  const Packet first = Tcp(client_.On(40000), web.Front());
  node_.FromPod(client_, first.Fin());
  node_.FromPod(one_, first.To(one_.On(8080)).Reply().Fin());
  EXPECT_EQ(Flows(one_), 2);
  node_.FromPod(client_, first.Syn());  // the tuple once more: what was is forgotten
  EXPECT_EQ(Flows(one_), 1);
}

TEST_P(LeastConnections, ANewBackendBeginsWithNoneWhateverNumberItGets) {
  const Service web = node_.AddService(Web(), {one_.On(8080)});
  for (int i = 0; i < 5; ++i) Establish(web);
  // Of 256 numbers each is somebody else's in the end.
  for (uint16_t round = 0; round < 64; ++round) {
    std::vector<Endpoint> others;
    for (uint16_t port = 1; port <= 8; ++port) {
      others.push_back(two_.On(static_cast<uint16_t>(round * 8 + port)));
    }
    node_.SetEndpoints(web, others);
    for (const Endpoint& other : others) EXPECT_EQ(node_.CountedFlows(other), 0);
  }
  node_.SetEndpoints(web, {one_.On(8080)});
  EXPECT_EQ(Flows(one_), 0);
  // The flows of the old backend go without taking anything from anybody.
  for (uint16_t port = 40000; port < 40005; ++port) {
    node_.FromPod(client_, Tcp(client_.On(port), web.Front()).Syn());
  }
  EXPECT_EQ(Flows(one_), 0);
}

TEST_P(LeastConnections, AnAdoptedConnectionCounts) {
  Service web = Web();
  web.node_port = 30080;
  node_.AddService(web, {one_.On(8080)});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(30080));
  const Packet inside = request.From(node_.On(50000)).To(one_.On(8080));
  ASSERT_TRUE(node_.Adopt(request, inside).ok());
  ASSERT_TRUE(node_.Adopt(request, inside).ok());
  EXPECT_EQ(Flows(one_), 1);
}

FAIRLEAD_BOTH_FAMILIES(Algorithm);
FAIRLEAD_BOTH_FAMILIES(LeastConnections);

}  // namespace
}  // namespace fairlead::testing
