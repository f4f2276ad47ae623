// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/live_flows.h"

#include <algorithm>

namespace fairlead::plan {
namespace {

bool Contains(const std::vector<IpAddress>& addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

const PlannedService* FindService(const Frontend& frontend, const ServicePlan& plan) {
  const auto owner = plan.owners.find(frontend);
  if (owner == plan.owners.end()) return nullptr;
  const auto service = plan.services.find(owner->second);
  return service == plan.services.end() ? nullptr : &service->second;
}

// By its address, or as a port that every address of the node has.
const PlannedService* FindService(const LiveFlow& flow, const ServicePlan& plan,
                                  const WhereFlowsRun& here) {
  Frontend frontend{flow.frontend.address, flow.frontend.port, flow.protocol};
  const PlannedService* service = FindService(frontend, plan);
  if (service != nullptr || !Contains(here.node_addresses, frontend.vip)) return service;
  constexpr uint8_t kZero[16] = {};
  frontend.vip = IpAddress::FromBytes(frontend.vip.family(), kZero);
  return FindService(frontend, plan);
}

bool HasBackend(const PlannedService& service, const Endpoint& endpoint) {
  return std::ranges::any_of(service.backends, [&](const PlannedBackend& backend) {
    return backend.endpoint == endpoint;
  });
}

}  // namespace

std::vector<LiveFlow> FlowsToAdopt(const std::vector<LiveFlow>& flows, const ServicePlan& plan,
                                   const WhereFlowsRun& here) {
  std::vector<LiveFlow> ours;
  for (const LiveFlow& flow : flows) {
    if (Contains(here.node_addresses, flow.client.address)) continue;
    if (!here.is_our_pod(flow.backend.address)) continue;
    const PlannedService* service = FindService(flow, plan, here);
    if (service != nullptr && HasBackend(*service, flow.backend)) ours.push_back(flow);
  }
  return ours;
}

}  // namespace fairlead::plan
