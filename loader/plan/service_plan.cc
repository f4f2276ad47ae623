// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/service_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"

namespace fairlead::plan {
namespace {

// One way into a Service: addresses that share a port and a traffic policy. ClusterIPs are one;
// node ports, external IPs and load balancer addresses would be others.
struct Entrance {
  std::vector<IpAddress> vips;
  kube::TrafficPolicy policy;
};

std::vector<Entrance> EntrancesOf(const kube::Service& service) {
  return {{service.cluster_ips, service.internal_traffic_policy}};
}

}  // namespace

std::string Frontend::ToString() const {
  return fmt::format("{}/{}", Endpoint{vip, port}.ToString(),
                     ProtocolName(static_cast<uint8_t>(protocol)));
}

std::ostream& operator<<(std::ostream& os, const Frontend& frontend) {
  return os << frontend.ToString();
}

bool IsProxied(const kube::Service& service) {
  return service.type != kube::ServiceType::kExternalName && !service.headless &&
         !service.cluster_ips.empty() &&
         kube::FindLabel(service.meta, kube::kServiceProxyNameLabel) == nullptr;
}

std::vector<std::pair<Frontend, PlannedService>> PlanService(
    const kube::Service& service, const std::vector<const kube::EndpointSlice*>& slices,
    const PlanContext& context) {
  std::vector<std::pair<Frontend, PlannedService>> frontends;
  if (!IsProxied(service)) return frontends;
  const std::vector<Entrance> entrances = EntrancesOf(service);
  for (const kube::ServicePort& port : service.ports) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      std::vector<Candidate> candidates;
      bool merged = false;
      for (const Entrance& entrance : entrances) {
        for (const IpAddress& vip : entrance.vips) {
          if (vip.family() != family) continue;
          if (!std::exchange(merged, true)) {
            candidates = MergeEndpoints(slices, port.name, port.protocol, family, context);
          }
          ChosenEndpoints chosen =
              ChooseEndpoints(candidates, entrance.policy, port.protocol, context);
          frontends.emplace_back(
              Frontend{vip, port.port, port.protocol},
              PlannedService{service.meta.name.name_space, service.meta.name.name, port.name,
                             std::move(chosen.backends), chosen.has_endpoints_elsewhere});
        }
      }
    }
  }
  return frontends;
}

bool HasPrecedence(const kube::Service& a, const kube::Service& b) {
  return std::tie(a.meta.creation_timestamp, a.meta.name) <
         std::tie(b.meta.creation_timestamp, b.meta.name);
}

ServicePlan MakeServicePlan(const kube::ObjectMap<kube::Service>& services,
                            const kube::ObjectMap<kube::EndpointSlice>& slices,
                            const PlanContext& context) {
  absl::flat_hash_map<kube::ObjectName, std::vector<const kube::EndpointSlice*>> slices_of;
  for (const auto& [name, slice] : slices) slices_of[ServiceOf(*slice)].push_back(slice.get());

  std::vector<const kube::Service*> in_order;
  in_order.reserve(services.size());
  for (const auto& [name, service] : services) in_order.push_back(service.get());
  std::sort(in_order.begin(), in_order.end(),
            [](const kube::Service* a, const kube::Service* b) { return HasPrecedence(*a, *b); });

  ServicePlan plan;
  for (const kube::Service* service : in_order) {
    for (auto& [frontend, planned] :
         PlanService(*service, slices_of[service->meta.name], context)) {
      const auto [entry, added] = plan.services.try_emplace(frontend, std::move(planned));
      if (added) continue;
      const kube::ObjectName holder{entry->second.name_space, entry->second.name};
      plan.problems.push_back({{kube::Kind::kService, service->meta.name},
                               fmt::format("{} already belongs to Service {}", frontend.ToString(),
                                           holder.ToString())});
    }
  }
  return plan;
}

}  // namespace fairlead::plan
