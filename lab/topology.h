// SPDX-License-Identifier: Apache-2.0
//
// The wires of a lab and the addresses on them, here with two subnets:
//
//   fl-LAB-node1  fl-LAB-node3 …                 fl-LAB-node2  fl-LAB-node4 …
//    eth0 .11      eth0 .13                       eth0 .12      eth0 .14
//      │             │                              │             │
//   ┌──┴─────────────┴──────────┐                ┌──┴─────────────┴──────────┐
//   │ subnet1      172.31.0.0/24 │                │ subnet2      172.31.1.0/24 │
//   └─────────────┬─────────────┘                └─────────────┬─────────────┘
//                 │ .1                                         │ .1
//             subnet1 ────────────── fl-LAB-router ──────── subnet2
//                                        world
//                                          │ 203.0.113.1
//                          eth0 .10  fl-LAB-outside
//
// The bridges are in fl-LAB-wire. The router forwards between the subnets and
// the world, and translates nothing. `outside` is the rest of the world.
//
// The router knows a route to pods only where they are routed natively across
// subnets: those are the fabric's routes. Otherwise whoever gets an answer from
// outside his node's subnet was masqueraded, or sent through a tunnel.
#ifndef FAIRLEAD_LAB_TOPOLOGY_H_
#define FAIRLEAD_LAB_TOPOLOGY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fairlead::lab {

constexpr int kMaxNodes = 64;
constexpr int kMaxSubnets = 8;

// Addresses of the outside world, one per family.
constexpr char kOutsideIpv4[] = "203.0.113.10";
constexpr char kOutsideIpv6[] = "2001:db8:113::10";

// Names are built from the lab's, so that labs live side by side. A lab's name
// has no '-': "fl-a-" must not be the beginning of another lab's names.
absl::Status CheckLabName(const std::string& lab);
std::string NamespacePrefix(const std::string& lab);                           // "fl-LAB-"
std::string NamespaceName(const std::string& lab, const std::string& member);  // "fl-LAB-node1"

// How nodes reach each other: what `fairlead-lab up` was asked for.
struct Fabric {
  std::string routing = "native";  // native, vxlan, auto; passed to fairleadd
  // The family nodes name first in their Node objects, so that of the tunnels.
  // They have addresses of both in any case.
  std::string underlay = "ipv4";  // ipv4, ipv6
  int subnets = 1;                // nodes are dealt out to them in turn
  // Who plugs pods in: fairlead, or another network (other_network.h): bridge, ptp.
  std::string network = "fairlead";

  bool is_other_network() const { return network != "fairlead"; }
};
absl::Status CheckFabric(const Fabric& fabric);

std::string NodeName(int number);                        // 1 → "node1"
std::string NodeIpv4(const Fabric& fabric, int number);  // "172.31.0.11"
std::string NodeIpv6(const Fabric& fabric, int number);  // "fd00:31::11"
std::vector<std::string> NodePodCidrs(int number);       // "10.244.1.0/24", "fd00:10:244:1::/64"

// Makes the subnets, the router and the outside; nodes come after it.
absl::Status LayWires(const std::string& lab, const Fabric& fabric);
// Makes a node's namespace, up and addressed, and plugs it into its subnet.
absl::Status PlugNode(const std::string& lab, const Fabric& fabric, int number);
// Takes it out again. Nobody may live in the namespace.
absl::Status UnplugNode(const std::string& lab, const Fabric& fabric, int number);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_TOPOLOGY_H_
