// SPDX-License-Identifier: Apache-2.0
//
// Peers → by which way each is reached: natively, as the network between the
// nodes carries pods' addresses, or in a tunnel between two node addresses.
#ifndef FAIRLEAD_LOADER_PLAN_REACH_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_REACH_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "base/ip.h"
#include "loader/plan/node_plan.h"

namespace fairlead::plan {

enum class Routing : uint8_t {
  kNative,  // every peer natively
  kVxlan,   // every peer by tunnel
  kAuto,    // natively those that share a link with us, the others by tunnel
};

struct RoutingOptions {
  Routing routing = Routing::kNative;
  // None: the own node's first family that the peer has, too.
  std::optional<Family> underlay = std::nullopt;
  uint16_t tunnel_port = 8472;
  uint32_t vni = 1;
  bool direct_return = false;  // clients outside are relayed to the node of their backend

  bool has_tunnels() const { return routing != Routing::kNative; }  // for pods
  bool needs_tunnel_device() const { return has_tunnels() || direct_return; }
};

// Decides for every peer (PeerNode::tunnel, PeerNode::relay), and takes out of the plan the blocks
// that cannot be reached: natively a block needs an address of its family, by
// tunnel any one that both nodes have. `link_to` gives the device on whose
// subnet an address is, or 0.
void PlanReach(const RoutingOptions& options,
               const std::function<uint32_t(const IpAddress&)>& link_to, NodePlan& nodes);

// Bytes a packet between pods grows by on its way to the farthest peer; 0 without
// tunnels. Does not shrink when the last tunnelled peer leaves.
uint32_t TunnelOverhead(const RoutingOptions& options, const NodePlan& nodes);

// The same of what clients outside send, on its way to the node of their backend.
uint32_t RelayOverhead(const RoutingOptions& options, const NodePlan& nodes);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_REACH_PLAN_H_
