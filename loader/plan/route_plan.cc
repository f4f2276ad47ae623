// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/route_plan.h"

#include <algorithm>

namespace fairlead::plan {

std::vector<PlannedRoute> MakeRoutePlan(const NodePlan& nodes,
                                        const std::function<uint32_t(const IpAddress&)>& link_to,
                                        uint32_t tunnel_link) {
  std::vector<PlannedRoute> routes;
  for (const PeerNode& peer : nodes.peers) {
    for (const Cidr& cidr : peer.pod_cidrs) {
      const bool by_tunnel = peer.tunnel.has_value();
      const std::optional<IpAddress> gateway = by_tunnel ? std::nullopt : peer.Of(cidr.family());
      const uint32_t link = by_tunnel ? tunnel_link : (gateway.has_value() ? link_to(*gateway) : 0);
      if (link == 0) continue;
      routes.push_back(
          {cidr, gateway, link,
           nodes.own.has_value() ? nodes.own->addresses.Of(cidr.family()) : std::nullopt});
    }
  }
  if (nodes.own.has_value()) {
    for (const Cidr& cidr : nodes.own->pod_cidrs) routes.push_back({cidr, {}, 0, {}});
  }
  std::ranges::sort(routes);
  return routes;
}

}  // namespace fairlead::plan
