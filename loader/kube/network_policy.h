// SPDX-License-Identifier: Apache-2.0
//
// networking.k8s.io/v1 NetworkPolicy, whole. Nobody plans it yet.
#ifndef FAIRLEAD_LOADER_KUBE_NETWORK_POLICY_H_
#define FAIRLEAD_LOADER_KUBE_NETWORK_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/label_selector.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

// ipBlock
struct IpBlock {
  Cidr cidr;
  std::vector<Cidr> except;  // inside of it

  friend bool operator==(const IpBlock&, const IpBlock&) = default;
};

// from[], to[]. Either a block, or pods: `pods` in the namespaces that `namespaces` selects; in the
// policy's own where that is absent; all of them where `pods` is.
struct PolicyPeer {
  std::optional<LabelSelector> pods;
  std::optional<LabelSelector> namespaces;
  std::optional<IpBlock> block;

  friend bool operator==(const PolicyPeer&, const PolicyPeer&) = default;
};

// ports[]
struct PolicyPort {
  Protocol protocol = Protocol::kTcp;
  std::string name;       // of a container's port; empty: by number
  uint16_t port = 0;      // 0, and no name: all of the protocol
  uint16_t end_port = 0;  // the last of a range; 0: `port` alone

  friend bool operator==(const PolicyPort&, const PolicyPort&) = default;
};

// ingress[], egress[]: what matches one of the ports and one of the peers is allowed.
struct PolicyRule {
  std::vector<PolicyPort> ports;  // none: every port
  std::vector<PolicyPeer> peers;  // none: everybody

  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

struct NetworkPolicy {
  ObjectMeta meta;
  LabelSelector pods;            // of the policy's namespace
  bool isolates_ingress = true;  // policyTypes, as the API server fills them in
  bool isolates_egress = false;
  std::vector<PolicyRule> ingress;
  std::vector<PolicyRule> egress;

  friend bool operator==(const NetworkPolicy&, const NetworkPolicy&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_NETWORK_POLICY_H_
