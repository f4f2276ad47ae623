// SPDX-License-Identifier: Apache-2.0
//
// A node, another one, and a Service that a client in the world asks for by its NodePort, its
// external IP and its load balancer's address.
#ifndef FAIRLEAD_TESTS_PACKET_ASKED_FROM_OUTSIDE_H_
#define FAIRLEAD_TESTS_PACKET_ASKED_FROM_OUTSIDE_H_

#include "tests/dsl/address_plan.h"
#include "tests/dsl/matchers.h"

namespace fairlead::testing {

constexpr uint16_t kNodePort = 30080;

class AskedFromOutside : public ::testing::TestWithParam<Family> {
 protected:
  explicit AskedFromOutside(const NodeOptions& options = {}) : node_(GetParam(), options) {}

  IpAddress Virtual(int number) const {
    return Ip(GetParam(), "192.0.2.0", "2001:db8:2::").Plus(static_cast<uint64_t>(number));
  }
  Service Web(const std::vector<Endpoint>& endpoints, Port port = TcpPort(80),
              bool local_only = false) {
    return node_.AddService({.name = "web",
                             .vip = {},
                             .port = port,
                             .node_port = kNodePort,
                             .outside_local_only = local_only,
                             .external_ips = {Virtual(1)},
                             .load_balancer_ips = {Virtual(2)}},
                            endpoints);
  }
  // Every address and port that the service has on the node whose NodePort is `node_port`.
  std::vector<Endpoint> Doors(const Endpoint& node_port) const {
    return {node_port, {Virtual(1), 80}, {Virtual(2), 80}};
  }
  Endpoint client() const { return node_.World(1, 40000); }

  Node node_;
  Pod local_ = node_.AddPod("local");
  Peer peer_ = node_.AddPeer("there");
  Endpoint remote_ = peer_.Pod(1, 8080);
};

}  // namespace fairlead::testing

#endif  // FAIRLEAD_TESTS_PACKET_ASKED_FROM_OUTSIDE_H_
