// SPDX-License-Identifier: Apache-2.0
//
// Peers → the kernel routes by which processes of the host reach remote pods.
// Packets of pods do not use them: from_pod sends to the peer directly.
#ifndef FAIRLEAD_LOADER_PLAN_ROUTE_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_ROUTE_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ip.h"
#include "loader/plan/node_plan.h"

namespace fairlead::plan {

struct PlannedRoute {
  Cidr destination;
  std::optional<IpAddress> gateway;  // none: the link itself
  uint32_t link = 0;                 // none: unreachable
  std::optional<IpAddress> source;   // the node's own address of the family

  friend auto operator<=>(const PlannedRoute&, const PlannedRoute&) = default;
};

// `link_to` gives the device on whose subnet an address is, or 0. A peer that
// shares no link is left to the fabric's routes, one behind a tunnel is reached
// by `tunnel_link` (0: there is no such device now). Our own blocks are
// unreachable but for the pods in them, so that a packet to a pod that is gone
// does not leave by the default route. Sorted.
std::vector<PlannedRoute> MakeRoutePlan(const NodePlan& nodes,
                                        const std::function<uint32_t(const IpAddress&)>& link_to,
                                        uint32_t tunnel_link = 0);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_ROUTE_PLAN_H_
