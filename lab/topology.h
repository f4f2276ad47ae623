// SPDX-License-Identifier: Apache-2.0
//
// The wires of a lab and the addresses on them:
//
//        fl-LAB-node1   fl-LAB-node2  …          fl-LAB-outside
//         eth0 .11       eth0 .12                 eth0 .1, lo 203.0.113.10
//           │              │                        │
//        ┌──┴──────────────┴────────────────────────┴──┐
//        │ br0 (fl-LAB-wire)         172.31.0.0/24      │
//        └─────────────────────────────────────────────┘
//
// `outside` is the nodes' default gateway and the rest of the world. It has no
// route to any pod: whoever gets an answer from there was masqueraded.
#ifndef FAIRLEAD_LAB_TOPOLOGY_H_
#define FAIRLEAD_LAB_TOPOLOGY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fairlead::lab {

constexpr int kMaxNodes = 64;

// Addresses of the outside world, one per family.
constexpr char kOutsideIpv4[] = "203.0.113.10";
constexpr char kOutsideIpv6[] = "2001:db8:113::10";

// Names are built from the lab's, so that labs live side by side. A lab's name
// has no '-': "fl-a-" must not be the beginning of another lab's names.
absl::Status CheckLabName(const std::string& lab);
std::string NamespacePrefix(const std::string& lab);                           // "fl-LAB-"
std::string NamespaceName(const std::string& lab, const std::string& member);  // "fl-LAB-node1"

std::string NodeName(int number);                   // 1 → "node1"
std::string NodeIpv4(int number);                   // "172.31.0.11"
std::string NodeIpv6(int number);                   // "fd00:31::11"
std::vector<std::string> NodePodCidrs(int number);  // "10.244.1.0/24", "fd00:10:244:1::/64"

// Makes the wire, the outside and `nodes` nodes, all up and addressed.
absl::Status LayWires(const std::string& lab, int nodes);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_TOPOLOGY_H_
