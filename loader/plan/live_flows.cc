// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/live_flows.h"

#include <algorithm>

namespace fairlead::plan {

bool IsToAdopt(const LiveFlow& flow, const ServicePlan& plan, const WhereFlowsRun& here) {
  const auto is_ours = [&here](const IpAddress& address) {
    return std::ranges::find(here.node_addresses, address) != here.node_addresses.end();
  };
  const auto meets_us = [&](const IpAddress& address) {
    return here.is_our_pod(address) || !(is_ours(address) || here.is_of_our_block(address));
  };
  if (!meets_us(flow.client.address) || !meets_us(flow.backend.address)) return false;
  const Endpoint& front = flow.frontend;
  const auto found =
      FindFrontend(plan, {front.address, front.port, flow.protocol}, is_ours(front.address));
  return found.has_value() && HasBackend(*found->service, flow.backend);
}

}  // namespace fairlead::plan
