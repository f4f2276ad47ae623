// SPDX-License-Identifier: Apache-2.0
//
// Nodes → whose pods are where: this node's own address blocks and, for every
// peer, the blocks behind it and the addresses it is reached by.
#ifndef FAIRLEAD_LOADER_PLAN_NODE_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_NODE_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/node.h"
#include "loader/kube/object_map.h"
#include "loader/plan/plan_problem.h"

namespace fairlead::plan {

// A node's first InternalIP of each family.
struct NodeAddresses {
  std::optional<IpAddress> ip4;
  std::optional<IpAddress> ip6;
  Family first = Family::kIpv4;  // of the InternalIP that the Node lists first

  const std::optional<IpAddress>& Of(Family family) const {
    return family == Family::kIpv4 ? ip4 : ip6;
  }
  friend bool operator==(const NodeAddresses&, const NodeAddresses&) = default;
};

struct OwnNode {
  std::string name;
  std::vector<Cidr> pod_cidrs;
  NodeAddresses addresses;
  std::string zone;  // topology.kubernetes.io/zone; empty: none
  // It has neither object nor flags now: addresses and zone are those last known. No block is
  // known: it may be another node's by now.
  bool recalled = false;

  friend bool operator==(const OwnNode&, const OwnNode&) = default;
};

// No block in pod_cidrs overlaps another node's, and after PlanReach (reach_plan.h) each can be
// reached. Blocks that had to be left out are in NodePlan::problems instead.
struct PeerNode {
  std::string name;
  std::vector<Cidr> pod_cidrs;
  std::optional<IpAddress> ip4;
  std::optional<IpAddress> ip6;
  std::optional<IpAddress> tunnel = std::nullopt;  // one of the two; none: reached natively
  // Where clients outside are relayed to it, by tunnel in any case; none: they are not.
  std::optional<IpAddress> relay = std::nullopt;

  const std::optional<IpAddress>& Of(Family family) const {
    return family == Family::kIpv4 ? ip4 : ip6;
  }
  friend bool operator==(const PeerNode&, const PeerNode&) = default;
};

struct NodePlan {
  std::optional<OwnNode> own;   // absent: neither a Node of our name (yet) nor flags
  std::vector<PeerNode> peers;  // sorted by name
  std::vector<PlanProblem> problems;

  // What this node is, and not only what it was.
  bool KnowsOwn() const { return own.has_value() && !own->recalled; }
};

// What the command line says of this node. It is stronger than the Node object, family by
// family, and stands for it while there is none.
struct OwnFlags {
  std::vector<Cidr> pod_cidrs = {};
  std::vector<IpAddress> node_ips = {};
};

// Of two overlapping blocks the own node's wins, then the older node's, then the first by name.
NodePlan MakeNodePlan(const kube::ObjectMap<kube::Node>& nodes, const std::string& own_name,
                      const OwnFlags& flags = {});

// Where pods are another network's: this node's own addresses and zone, and nothing of pods.
NodePlan WithoutPods(NodePlan plan);

// Where this node has no object: addresses and zone as last known, unless flags say others.
NodePlan Recall(NodePlan plan, const OwnNode& known);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_NODE_PLAN_H_
