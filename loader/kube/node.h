// SPDX-License-Identifier: Apache-2.0
//
// core/v1 Node: its pod address blocks and how peers reach it.
#ifndef FAIRLEAD_LOADER_KUBE_NODE_H_
#define FAIRLEAD_LOADER_KUBE_NODE_H_

#include <algorithm>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

inline constexpr char kZoneLabel[] = "topology.kubernetes.io/zone";

// Lists, separated by commas, for clusters that allocate no podCIDRs, and for nodes whose
// status lists other addresses than those the pod network shall use.
inline constexpr char kPodCidrsAnnotation[] = "fairlead.dev/pod-cidrs";
inline constexpr char kNodeIpsAnnotation[] = "fairlead.dev/node-ips";

// Takes `stronger` for the families that it names, and leaves the others as they are.
template <typename T>
void ReplaceFamilies(std::vector<T>& values, const std::vector<T>& stronger) {
  std::erase_if(values, [&](const T& value) {
    return std::ranges::any_of(stronger,
                               [&](const T& other) { return other.family() == value.family(); });
  });
  values.insert(values.end(), stronger.begin(), stronger.end());
}

// spec.taints[]
struct Taint {
  std::string key;
  std::string value;
  std::string effect;

  friend bool operator==(const Taint&, const Taint&) = default;
};

struct Node {
  ObjectMeta meta;
  std::vector<Cidr> pod_cidrs;  // the annotation's; spec.podCIDRs, or podCIDR where that is absent
  // The annotation's; status.addresses[] of type InternalIP, in API order. An ExternalIP is for
  // clients outside of the cluster: no node may have it on a device.
  std::vector<IpAddress> internal_ips;
  std::vector<Taint> taints;

  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_NODE_H_
