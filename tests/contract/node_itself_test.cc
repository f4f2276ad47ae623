// SPDX-License-Identifier: Apache-2.0
//
//   a process of node1 ──▶ any frontend of a Service ──▶ a pod of any node
//
// The contract for clients in the node's own network namespace: its processes,
// and pods with hostNetwork.
#include <sys/socket.h>

#include <cerrno>

#include "lab/objects.h"
#include "tests/contract/host_client.h"

namespace fairlead::testing {
namespace {

using NodeItself = HostClient;

TEST_P(NodeItself, A8_40_ReachesEveryFrontend) {
  const lab::Pod web = AddPod(1, "web", "web");
  Serve(web);
  PutService("web");
  ASSERT_TRUE(Comes([&] { return TcpServerOf(ClusterIp()) == "web"; }));
  for (const Endpoint& front : Fronts()) ExpectServes(front, "web", AddressOf(node(1)));
}

TEST_P(NodeItself, A8_38_ReachesNodePortsOnLoopback) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web");
  ASSERT_TRUE(Comes([&] { return TcpServerOf(Loopback()) == "web"; }));
  ExpectServes(Loopback(), "web", AddressOf(node(1)));
}

TEST_P(NodeItself, E30_ReachesBackendsInTheNodesOwnNamespace) {
  const TcpServer there("node2", Host(2), {AddressOf(node(2)), kPodPort});
  const TcpServer here("node1", Host(1), {AddressOf(node(1)), kPodPort});
  PutServiceByHand("hosts");
  PutSlice("hosts",
           {EndpointAt(AddressOf(node(1)), "node1"), EndpointAt(AddressOf(node(2)), "node2")});
  std::set<std::string> reached;
  EXPECT_TRUE(Comes([&] {
    reached.insert(TcpServerOf(ClusterIp()));
    return reached.contains("node1") && reached.contains("node2");
  }));
}

TEST_P(NodeItself, A5_22_E6_IsRefusedAtOnceWithoutEndpoints) {
  PutService("web");
  ASSERT_TRUE(Comes([&] { return ConnectError(Host(1), ClusterIp()) == ECONNREFUSED; }));
  const int64_t before = Counted("node1", "on_connect", "NO_BACKEND");
  EXPECT_GT(before, 0);
  for (const Endpoint& front : Fronts()) {
    EXPECT_EQ(ConnectError(Host(1), front), ECONNREFUSED) << front;
    EXPECT_EQ(LooseSocket(Host(1), Domain()).Ask(front).error, ECONNREFUSED) << front;
    int error = 0;
    Connect(Host(1), SOCK_DGRAM, front, error);
    EXPECT_EQ(error, ECONNREFUSED) << front;
  }
  EXPECT_EQ(Counted("node1", "on_connect", "NO_BACKEND") - before,
            3 * static_cast<int64_t>(Fronts().size()));
}

TEST_P(NodeItself, A5_23_E8_IsNotLedElsewhereByAnInternalPolicyLocal) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web",
             [](lab::Object& service) { service["spec"]["internalTrafficPolicy"] = "Local"; });
  // External frontends do not follow that policy.
  ASSERT_TRUE(Comes([&] { return TcpServerOf(NodePortOf(1)) == "web"; }));
  EXPECT_EQ(ConnectError(Host(1), ClusterIp()), EHOSTUNREACH);
  EXPECT_EQ(LooseSocket(Host(1), Domain()).Ask(ClusterIp()).error, EHOSTUNREACH);
  EXPECT_EQ(Counted("node1", "on_connect", "NO_LOCAL_BACKEND"), 2);
  const lab::Pod near = AddPod(1, "near", "web");
  Serve(near);
  EXPECT_TRUE(Comes([&] { return TcpServerOf(ClusterIp()) == "near"; }));
}

TEST_P(NodeItself, A6_29_UsesClusterEndpoints) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web",
             [](lab::Object& service) { service["spec"]["externalTrafficPolicy"] = "Local"; });
  ASSERT_TRUE(Comes([&] { return TcpServerOf(NodePortOf(1)) == "web"; }));
  for (const Endpoint& front : Fronts()) ExpectServes(front, "web", AddressOf(node(1)));
}

// It has no port yet when it is asked, so the hash of Maglev would always be the same.
TEST_P(NodeItself, IsSpreadOverAMaglevTable) {
  for (const char* name : {"a", "b", "c"}) Serve(AddPod(1, name, "web"));
  PutService("web", [](lab::Object& service) {
    service["metadata"]["annotations"]["fairlead.dev/algorithm"] = "maglev";
  });
  std::set<std::string> reached;
  EXPECT_TRUE(Comes([&] {
    reached.insert(TcpServerOf(ClusterIp()));
    return reached.contains("a") && reached.contains("b") && reached.contains("c");
  }));
}

TEST_P(NodeItself, A10_50_IsOneClient) {
  for (const char* name : {"a", "b", "c"}) Serve(AddPod(1, name, "web"));
  PutService("web");
  std::set<std::string> all;
  ASSERT_TRUE(Comes([&] {
    all.insert(TcpServerOf(ClusterIp()));
    return all.contains("a") && all.contains("b") && all.contains("c");
  }));
  PutService("web", [](lab::Object& service) { service["spec"]["sessionAffinity"] = "ClientIP"; });
  std::set<std::string> kept;
  ASSERT_TRUE(Comes([&] {
    kept.clear();
    for (int i = 0; i < 12; ++i) kept.insert(TcpServerOf(ClusterIp()));
    return kept.size() == 1;
  }));
  for (const Endpoint& front : Fronts()) EXPECT_EQ(TcpServerOf(front), *kept.begin()) << front;
}

TEST_P(NodeItself, A9_43_ComesToBalancersFromItsOwnAddress) {
  const lab::Pod web = AddPod(1, "web", "web");
  Serve(web);
  const auto only_from = [](std::vector<std::string> ranges) {
    return [ranges](lab::Object& service) { service["spec"]["loadBalancerSourceRanges"] = ranges; };
  };
  PutService("web", only_from({"198.51.100.0/24", "2001:db8:51::/48"}));
  ASSERT_TRUE(Comes([&] { return TcpServerOf(ClusterIp()) == "web"; }));
  EXPECT_EQ(ConnectError(Host(1), Balancer()), EHOSTUNREACH);
  EXPECT_EQ(Counted("node1", "on_connect", "SOURCE_NOT_ALLOWED"), 1);
  PutService("web", only_from({node(1).ipv4() + "/32", node(1).ipv6() + "/128"}));
  EXPECT_TRUE(Comes([&] { return TcpServerOf(Balancer()) == "web"; }));
}

TEST_P(NodeItself, A8_41_KeepsItsOtherPortsAndAddresses) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web");
  ASSERT_TRUE(Comes([&] { return TcpServerOf(ClusterIp()) == "web"; }));
  // The port is a Service's, but on another address.
  const TcpServer own("own", Host(2), {AddressOf(node(2)), kServicePort});
  EXPECT_EQ(TcpServerOf({AddressOf(node(2)), kServicePort}), "own");
  // A socket of another namespace on this machine is none of ours.
  EXPECT_NE(ConnectError(Outside(), Loopback()), 0);
}

// What the process has named is what it is told, and IPv4 in a socket of IPv6 is IPv4.
TEST_P(NodeItself, A8_40_IsToldTheAddressItHasNamed) {
  const lab::Pod web = AddPod(2, "web", "web");
  Serve(web);
  PutService("web");
  ASSERT_TRUE(Comes([&] { return TcpServerOf(ClusterIp()) == "web"; }));
  int error = 0;
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const UniqueFd connected = Connect(Host(1), type, ClusterIp(), error);
    ASSERT_EQ(error, 0);
    SocketAddress peer;
    ASSERT_EQ(::getpeername(connected.get(), peer.get(), &peer.size), 0);
    EXPECT_EQ(peer.ToEndpoint(), ClusterIp());
  }
  const LooseSocket mapped(Host(1), AF_INET6);
  for (int i = 0; i < 3; ++i) {
    const DatagramAnswer answer = mapped.Ask(ClusterIp());
    EXPECT_EQ(answer.text, "web " + AddressOf(node(1)).ToString());
    EXPECT_EQ(answer.from, ClusterIp());
  }
}

FL_BOTH_FAMILIES(NodeItself);

}  // namespace
}  // namespace fairlead::testing
