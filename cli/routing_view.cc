// SPDX-License-Identifier: Apache-2.0
#include "cli/routing_view.h"

#include <fmt/format.h>

#include "cli/live_program.h"

namespace fairlead::cli {
namespace {

struct Ways {
  uint32_t native = 0, by_tunnel = 0;  // nodes
  uint32_t tunnel_ifindex = 0;         // 0: no node is reached by tunnel
};

Ways CountWays(const Tables& tables) {
  Ways ways;
  for (uint32_t slot = 0; slot < tables.nodes.size(); ++slot) {
    const ::node& entry = tables.nodes[slot];
    if (entry.ifindex == 0) continue;
    ++(entry.way == NODE_NATIVE ? ways.native : ways.by_tunnel);
    if (entry.way != NODE_NATIVE) ways.tunnel_ifindex = entry.ifindex;
  }
  if (ways.tunnel_ifindex == 0) ways.tunnel_ifindex = tables.v4.node_state[0].tunnel_ifindex;
  return ways;
}

}  // namespace

Json RoutingJson(const Tables& tables) {
  const Ways ways = CountWays(tables);
  return {{"native", ways.native},
          {"by_tunnel", ways.by_tunnel},
          {"tunnel_device", OrNull(DeviceName(ways.tunnel_ifindex))}};
}

std::string RoutingText(const Tables& tables, const hook_config& config) {
  const Ways ways = CountWays(tables);
  std::string text = fmt::format("{} nodes natively", ways.native);
  if (config.tunnel_port == 0) return text;
  const std::string device = DeviceName(ways.tunnel_ifindex);
  return text + fmt::format(", {} by {} (UDP port {}, VNI {}){}", ways.by_tunnel,
                            device.empty() ? "tunnel" : device, config.tunnel_port, config.vni,
                            config.direct_return != 0 ? ", clients outside relayed (dsr)" : "");
}

}  // namespace fairlead::cli
