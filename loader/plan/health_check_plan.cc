// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/health_check_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "loader/plan/frontends.h"
#include "loader/plan/service_plan.h"
#include "loader/plan/traffic_policy.h"

namespace fairlead::plan {
namespace {

using kube::EndpointSlice;
using kube::Service;
using kube::TrafficPolicy;
using Slices = std::vector<const EndpointSlice*>;

bool HasFamily(const Service& service, Family family) {
  return std::ranges::any_of(service.cluster_ips,
                             [family](const IpAddress& ip) { return ip.family() == family; });
}

// Whatever the slices call their ports: an endpoint counts once, by its address.
size_t CountLocalReady(const Slices& slices, Family family, const PlanContext& context) {
  std::set<std::pair<std::string, Protocol>> ports;
  for (const EndpointSlice* slice : slices) {
    for (const kube::SlicePort& port : slice->ports) ports.emplace(port.name, port.protocol);
  }
  std::set<IpAddress> ready;
  for (const auto& [name, protocol] : ports) {
    for (const Candidate& candidate : MergeEndpoints(slices, name, protocol, family, context)) {
      if (candidate.local && candidate.source->ready) ready.insert(candidate.endpoint.address);
    }
  }
  return ready.size();
}

// The traffic policy is the reason that there is none to choose from.
bool IsWithoutLocal(const Slices& slices, const kube::ServicePort& port, Family family,
                    const PlanContext& context) {
  const ChosenEndpoints chosen =
      ChooseEndpoints(MergeEndpoints(slices, port.name, port.protocol, family, context),
                      {.local = true}, port.protocol, context);
  return chosen.usable_somewhere &&
         std::ranges::none_of(chosen.backends, &PlannedBackend::in_local);
}

bool IsReachedFromOutside(const Service& service) {
  return HasNodePorts(service) || !service.external_ips.empty();
}

}  // namespace

HealthCheckPlan MakeHealthCheckPlan(const kube::ObjectStore& store, const std::string& node_name) {
  HealthCheckPlan plan;
  const PlanContext context{node_name, ""};
  for (const auto& [name, object] : store.services()) {
    const Service& service = *object;
    const bool internal = service.internal_traffic_policy == TrafficPolicy::kLocal;
    const bool external =
        service.external_traffic_policy == TrafficPolicy::kLocal && IsReachedFromOutside(service);
    if (!IsProxied(service) || (!internal && !external)) continue;
    const Slices slices = store.SlicesOf(name);
    const bool is_checked = service.health_check_node_port != 0 && external &&
                            service.type == kube::ServiceType::kLoadBalancer;
    HealthCheck check{name, service.health_check_node_port, std::nullopt, std::nullopt};
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (!HasFamily(service, family)) continue;
      if (is_checked) {
        (family == Family::kIpv4 ? check.local_ready4 : check.local_ready6) =
            CountLocalReady(slices, family, context);
      }
      for (const kube::ServicePort& port : service.ports) {
        if (!IsWithoutLocal(slices, port, family, context)) continue;
        plan.WithoutLocal(family).internal += internal ? 1 : 0;
        plan.WithoutLocal(family).external += external ? 1 : 0;
      }
    }
    if (is_checked) plan.checks.push_back(check);
  }
  return plan;
}

}  // namespace fairlead::plan
