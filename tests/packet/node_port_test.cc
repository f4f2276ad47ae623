// SPDX-License-Identifier: Apache-2.0
//
//   pod ──(1) to node:30080, external IP, load balancer ──▶ [from_pod] ──▶ any endpoint
//   outside ──(2) to node:30080 ──▶ [from_network] ──▶ endpoint here
//
// Promise: every frontend of a Service leads pods to its endpoints; who asks
// from outside gets those that externalTrafficPolicy allows.
#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {
namespace {

class NodePort : public ::testing::TestWithParam<Family> {
 protected:
  Service Web(bool outside_local_only = false) {
    return {.name = "web",
            .vip = {},
            .port = TcpPort(80),
            .node_port = 30080,
            .outside_local_only = outside_local_only,
            .external_ips = {Ip(GetParam(), "192.0.2.250", "2001:db8:250::1")},
            .load_balancer_ips = {Ip(GetParam(), "192.0.2.80", "2001:db8:80::1")}};
  }

  Node node_{GetParam()};
  Pod web_ = node_.AddPod("web");
  Pod client_ = node_.AddPod("client");
  Peer peer_ = node_.AddPeer("there");
};

TEST_P(NodePort, A8_40_a_pod_reaches_every_frontend) {
  const Service web = node_.AddService(Web(), {web_.On(8080)});
  uint16_t port = 40000;
  for (const Endpoint& front : {web.Front(), node_.On(30080), Endpoint{web.external_ips[0], 80},
                                Endpoint{web.load_balancer_ips[0], 80}}) {
    const Packet request = Tcp(client_.On(port++), front);
    const Packet inside = request.To(web_.On(8080));
    EXPECT_THAT(node_.FromPod(client_, request.Syn()), Delivers(inside.Syn(), web_));
    EXPECT_THAT(node_.FromPod(web_, inside.Reply().SynAck()),
                Delivers(request.Reply().SynAck(), client_));
  }
  EXPECT_THAT(node_, HasNoDrops());
}

TEST_P(NodePort, A6_28_a_local_policy_for_outside_is_not_for_pods) {
  node_.AddService(Web(/*outside_local_only=*/true), {peer_.Pod(1, 8080)});
  const Packet request = Tcp(client_.On(40000), node_.On(30080)).Syn();
  EXPECT_THAT(node_.FromPod(client_, request), SendsToPeer(request.To(peer_.Pod(1, 8080))));
}

TEST_P(NodePort, A6_27_outside_gets_local_endpoints_only_if_the_policy_says_so) {
  node_.AddService(Web(/*outside_local_only=*/true), {peer_.Pod(1, 8080), web_.On(8080)});
  for (uint16_t port = 40000; port < 40016; ++port) {
    const Packet request = Tcp(node_.World(1, port), node_.On(30080)).Syn();
    EXPECT_THAT(node_.FromNetwork(request), Delivers(request.To(web_.On(8080)), web_));
  }
}

TEST_P(NodePort, A5_23_without_local_endpoints_outside_is_dropped_silently) {
  node_.AddService(Web(/*outside_local_only=*/true), {peer_.Pod(1, 8080)});
  const Packet request = Tcp(node_.World(1, 40000), node_.On(30080)).Syn();
  EXPECT_THAT(node_.FromNetwork(request), Drops(DROP_NO_LOCAL_BACKEND));
}

TEST_P(NodePort, A8_37_is_served_on_the_chosen_addresses_only) {
  NodeOptions options;
  options.node_port_addresses = {"192.168.0.0/16", "fd00:192:168::/64"};
  Node other(GetParam(), options);
  const Pod web = other.AddPod("web");
  other.AddService(Web(), {web.On(8080)});
  const Packet request = Tcp(other.World(1, 40000), other.On(30080)).Syn();
  EXPECT_THAT(other.FromNetwork(request), LeavesAlone(request));
}

TEST_P(NodePort, A8_37_a_block_of_the_other_family_takes_nothing_from_this_one) {
  NodeOptions options;
  options.node_port_addresses = {GetParam() == Family::kIpv4 ? "fd00:192:168::/64"
                                                             : "192.168.0.0/16"};
  Node other(GetParam(), options);
  const Pod web = other.AddPod("web");
  other.AddService(Web(), {web.On(8080)});
  const Packet request = Tcp(other.World(1, 40000), other.On(30080)).Syn();
  EXPECT_THAT(other.FromNetwork(request), Delivers(request.To(web.On(8080)), web));
}

TEST_P(NodePort, A8_37_on_all_addresses_is_on_the_nodes_own) {
  NodeOptions options;
  options.node_port_addresses = {"all"};
  Node other(GetParam(), options);
  const Pod web = other.AddPod("web");
  other.AddService(Web(), {web.On(8080)});
  const Packet request = Tcp(other.World(1, 40000), other.On(30080)).Syn();
  EXPECT_THAT(other.FromNetwork(request), Delivers(request.To(web.On(8080)), web));
}

FAIRLEAD_BOTH_FAMILIES(NodePort);

}  // namespace
}  // namespace fairlead::testing
