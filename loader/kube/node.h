// SPDX-License-Identifier: Apache-2.0
//
// core/v1 Node: its pod address blocks and how peers reach it.
#ifndef FAIRLEAD_LOADER_KUBE_NODE_H_
#define FAIRLEAD_LOADER_KUBE_NODE_H_

#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

inline constexpr char kZoneLabel[] = "topology.kubernetes.io/zone";

// spec.taints[]
struct Taint {
  std::string key;
  std::string value;
  std::string effect;

  friend bool operator==(const Taint&, const Taint&) = default;
};

struct Node {
  ObjectMeta meta;
  std::vector<Cidr> pod_cidrs;          // spec.podCIDRs, or podCIDR where that is absent
  std::vector<IpAddress> internal_ips;  // status.addresses[] of type InternalIP, in API order
  std::vector<Taint> taints;

  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_NODE_H_
