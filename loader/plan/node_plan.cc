// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/node_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/btree_map.h"

namespace fairlead::plan {
namespace {

using kube::Node;

NodeAddresses AddressesOf(const Node& node) {
  NodeAddresses addresses;
  for (const IpAddress& ip : node.internal_ips) {
    auto& slot = ip.family() == Family::kIpv4 ? addresses.ip4 : addresses.ip6;
    if (!slot) slot = ip;
  }
  if (!node.internal_ips.empty()) addresses.first = node.internal_ips.front().family();
  return addresses;
}

bool IsPodBlock(const Cidr& block) {
  const uint8_t first = block.address().bytes()[0];
  const bool is_v4 = block.family() == Family::kIpv4;
  const bool multicast = is_v4 ? (first & 0xf0) == 0xe0 : first == 0xff;
  const bool loopback = is_v4 && first == 127;
  return block.prefix_length() > 0 && !block.address().IsUnspecified() && !multicast && !loopback;
}

// The blocks taken so far. They never overlap, so whoever overlaps a new one is its neighbour.
class TakenBlocks {
 public:
  // The node that has an overlapping block, or nullptr.
  const std::string* Overlapping(const Cidr& block) const {
    auto next = blocks_.upper_bound(block.address());
    if (next != blocks_.end() && block.Contains(next->first)) return &next->second.second;
    if (next == blocks_.begin()) return nullptr;
    --next;
    return next->second.first.Contains(block.address()) ? &next->second.second : nullptr;
  }
  void Add(const Cidr& block, const std::string& node) { blocks_[block.address()] = {block, node}; }

 private:
  absl::btree_map<IpAddress, std::pair<Cidr, std::string>> blocks_;
};

class NodePlanner {
 public:
  explicit NodePlanner(const std::string& own_name) : own_name_(own_name) {}

  void Add(const Node& node) {
    const NodeAddresses addresses = AddressesOf(node);
    const bool own = node.meta.name.name == own_name_;
    std::vector<Cidr> blocks;
    for (const Cidr& block : node.pod_cidrs) {
      const std::string reason = WhyNot(block);
      if (reason.empty()) {
        taken_.Add(block, node.meta.name.name);
        blocks.push_back(block);
      } else {
        plan_.problems.push_back(
            {{kube::Kind::kNode, node.meta.name},
             fmt::format("pod address block {} {}", block.ToString(), reason)});
      }
    }
    if (own) {
      plan_.own = {.name = own_name_,
                   .pod_cidrs = std::move(blocks),
                   .addresses = addresses,
                   .zone = std::string(node.meta.labels.Find(kube::kZoneLabel).value_or(""))};
    } else {
      plan_.peers.push_back({node.meta.name.name, std::move(blocks), addresses.ip4, addresses.ip6});
    }
  }

  NodePlan Take() {
    std::sort(plan_.peers.begin(), plan_.peers.end(),
              [](const PeerNode& a, const PeerNode& b) { return a.name < b.name; });
    return std::move(plan_);
  }

 private:
  // Why the block cannot be used; empty: it can.
  std::string WhyNot(const Cidr& block) const {
    if (!IsPodBlock(block)) return "cannot be given to pods";
    if (const std::string* node = taken_.Overlapping(block)) {
      return fmt::format("overlaps one of Node {}", *node);
    }
    return "";
  }

  const std::string& own_name_;
  TakenBlocks taken_;
  NodePlan plan_;
};

// This node as object and flags together describe it; nullopt if neither does.
std::optional<Node> FindOwn(const kube::ObjectMap<Node>& nodes, const std::string& own_name,
                            const OwnFlags& flags) {
  const auto object = nodes.find({"", own_name});
  if (object == nodes.end() && flags.pod_cidrs.empty() && flags.node_ips.empty()) {
    return std::nullopt;
  }
  Node own;
  own.meta.name = {"", own_name};
  if (object != nodes.end()) own = *object->second;
  kube::ReplaceFamilies(own.pod_cidrs, flags.pod_cidrs);
  kube::ReplaceFamilies(own.internal_ips, flags.node_ips);
  return own;
}

}  // namespace

NodePlan MakeNodePlan(const kube::ObjectMap<Node>& nodes, const std::string& own_name,
                      const OwnFlags& flags) {
  std::vector<const Node*> in_order;
  in_order.reserve(nodes.size() + 1);
  for (const auto& [name, node] : nodes) {
    if (name.name != own_name) in_order.push_back(node.get());
  }
  const std::optional<Node> own = FindOwn(nodes, own_name, flags);
  if (own.has_value()) in_order.push_back(&*own);
  std::sort(in_order.begin(), in_order.end(), [&](const Node* a, const Node* b) {
    const bool a_is_peer = a->meta.name.name != own_name;
    const bool b_is_peer = b->meta.name.name != own_name;
    return std::tie(a_is_peer, a->meta.creation_timestamp, a->meta.name) <
           std::tie(b_is_peer, b->meta.creation_timestamp, b->meta.name);
  });
  NodePlanner planner(own_name);
  for (const Node* node : in_order) planner.Add(*node);
  return planner.Take();
}

NodePlan WithoutPods(NodePlan plan) {
  plan.peers.clear();
  plan.problems.clear();
  if (plan.own.has_value()) plan.own->pod_cidrs.clear();
  return plan;
}

NodePlan Recall(NodePlan plan, const OwnNode& known) {
  if (!plan.own.has_value()) {
    plan.own.emplace();
    plan.own->name = known.name;
    plan.own->recalled = true;
  }
  NodeAddresses addresses = known.addresses;
  if (plan.own->addresses.ip4.has_value()) addresses.ip4 = plan.own->addresses.ip4;
  if (plan.own->addresses.ip6.has_value()) addresses.ip6 = plan.own->addresses.ip6;
  plan.own->addresses = addresses;
  plan.own->zone = known.zone;
  return plan;
}

}  // namespace fairlead::plan
