// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/reach_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace fairlead::plan {
namespace {

// Outer IP, UDP and VXLAN headers, and the inner Ethernet header.
constexpr uint32_t kOverheadIpv4 = 20 + 8 + 8 + 14;
constexpr uint32_t kOverheadIpv6 = 40 + 8 + 8 + 14;

uint32_t OverheadOf(Family underlay) {
  return underlay == Family::kIpv4 ? kOverheadIpv4 : kOverheadIpv6;
}

Family Other(Family family) { return family == Family::kIpv4 ? Family::kIpv6 : Family::kIpv4; }

// The family in which tunnels begin, if nothing is against it.
Family PreferredUnderlay(const RoutingOptions& options, const NodePlan& nodes) {
  if (options.underlay.has_value()) return *options.underlay;
  return nodes.own.has_value() ? nodes.own->addresses.first : Family::kIpv4;
}

class ReachPlanner {
 public:
  ReachPlanner(const RoutingOptions& options,
               const std::function<uint32_t(const IpAddress&)>& link_to, NodePlan& nodes)
      : options_(options), link_to_(link_to), nodes_(nodes) {}

  void Place(PeerNode& peer) {
    PlaceTunnel(peer);
    if (options_.direct_return) peer.relay = peer.tunnel.has_value() ? peer.tunnel : TunnelTo(peer);
  }

 private:
  void PlaceTunnel(PeerNode& peer) {
    if (options_.routing == Routing::kVxlan ||
        (options_.routing == Routing::kAuto && !SharesLinks(peer))) {
      peer.tunnel = TunnelTo(peer);
      if (!peer.tunnel.has_value()) {
        Drop(peer, [](const Cidr&) { return true; }, NoTunnel());
      }
      return;
    }
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (peer.Of(family).has_value()) continue;
      Drop(
          peer, [family](const Cidr& block) { return block.family() == family; },
          fmt::format("the node has no {} InternalIP", FamilyName(family)));
    }
  }

  // In every family of its pods.
  bool SharesLinks(const PeerNode& peer) const {
    const auto is_near = [this](const std::optional<IpAddress>& address) {
      return address.has_value() && link_to_(*address) != 0;
    };
    if (peer.pod_cidrs.empty()) return is_near(peer.ip4) || is_near(peer.ip6);
    return std::ranges::all_of(peer.pod_cidrs,
                               [&](const Cidr& block) { return is_near(peer.Of(block.family())); });
  }

  std::optional<IpAddress> TunnelTo(const PeerNode& peer) const {
    const Family preferred = PreferredUnderlay(options_, nodes_);
    for (const Family family : {preferred, Other(preferred)}) {
      if (options_.underlay.has_value() && family != *options_.underlay) continue;
      if (nodes_.own.has_value() && nodes_.own->addresses.Of(family).has_value() &&
          peer.Of(family).has_value()) {
        return peer.Of(family);
      }
    }
    return std::nullopt;
  }

  std::string NoTunnel() const {
    return options_.underlay.has_value()
               ? fmt::format("not both nodes have an {} InternalIP", FamilyName(*options_.underlay))
               : "the nodes have InternalIPs of different families";
  }

  template <typename Predicate>
  void Drop(PeerNode& peer, Predicate is_lost, const std::string& why) {
    std::erase_if(peer.pod_cidrs, [&](const Cidr& block) {
      if (!is_lost(block)) return false;
      nodes_.problems.push_back(
          {{kube::Kind::kNode, {"", peer.name}},
           fmt::format("pod address block {} is out of reach: {}", block.ToString(), why)});
      return true;
    });
  }

  const RoutingOptions& options_;
  const std::function<uint32_t(const IpAddress&)>& link_to_;
  NodePlan& nodes_;
};

uint32_t WidestOverhead(const RoutingOptions& options, const NodePlan& nodes,
                        std::optional<IpAddress> PeerNode::* end) {
  uint32_t overhead = OverheadOf(PreferredUnderlay(options, nodes));
  for (const PeerNode& peer : nodes.peers) {
    if ((peer.*end).has_value()) overhead = std::max(overhead, OverheadOf((peer.*end)->family()));
  }
  return overhead;
}

}  // namespace

void PlanReach(const RoutingOptions& options,
               const std::function<uint32_t(const IpAddress&)>& link_to, NodePlan& nodes) {
  ReachPlanner planner(options, link_to, nodes);
  for (PeerNode& peer : nodes.peers) planner.Place(peer);
}

uint32_t TunnelOverhead(const RoutingOptions& options, const NodePlan& nodes) {
  return options.has_tunnels() ? WidestOverhead(options, nodes, &PeerNode::tunnel) : 0;
}

uint32_t RelayOverhead(const RoutingOptions& options, const NodePlan& nodes) {
  return options.direct_return ? WidestOverhead(options, nodes, &PeerNode::relay) : 0;
}

}  // namespace fairlead::plan
