// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/service_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "loader/plan/frontends.h"

namespace fairlead::plan {
namespace {

std::string Join(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const IpAddress& address : addresses) texts.push_back(address.ToString());
  return fmt::format("{}", fmt::join(texts, ", "));
}

UsedSets SetsUsedBy(const std::vector<PlannedFrontend>& frontends) {
  UsedSets used;
  for (const PlannedFrontend& frontend : frontends) {
    for (const EndpointSet set : {frontend.inside, frontend.outside}) {
      (set == EndpointSet::kCluster ? used.cluster : used.local) = true;
    }
  }
  return used;
}

// What is relayed here is for the backends here. Where there are none any more it goes on as if it
// had come from outside, but to no third node's choice: the programs do not relay it again.
void ServeRelayed(PlannedService& planned) {
  const bool has_local = std::ranges::any_of(planned.backends, &PlannedBackend::in_local);
  for (PlannedFrontend& frontend : planned.frontends) {
    if (frontend.address.relayed && !has_local) frontend.outside = EndpointSet::kCluster;
  }
}

}  // namespace

std::string Frontend::ToString() const {
  return fmt::format("{}/{}{}", Endpoint{vip, port}.ToString(),
                     ProtocolName(static_cast<uint8_t>(protocol)), relayed ? " relayed" : "");
}

std::ostream& operator<<(std::ostream& os, const Frontend& frontend) {
  return os << frontend.ToString();
}

bool IsOnHost(FrontendKind kind) {
  return kind == FrontendKind::kNodePort || kind == FrontendKind::kHostPort;
}

std::string ServicePortName::ToString() const {
  if (owner.kind == kube::Kind::kPod || port_name.empty()) return owner.name.ToString();
  return fmt::format("{}:{}", owner.name.ToString(), port_name);
}

void AddService(const ServicePortName& name, PlannedService planned, const char* what,
                ServicePlan& plan) {
  if (plan.services.contains(name)) {
    plan.problems.push_back({name.owner, fmt::format("has two ports {}", name.ToString())});
    return;
  }
  std::erase_if(planned.frontends, [&](const PlannedFrontend& frontend) {
    const auto [owner, added] = plan.owners.try_emplace(frontend.address, name);
    if (added) return false;
    plan.waiting[frontend.address].insert(name.owner);
    if (frontend.address.relayed) return true;  // and so is what it is relayed for
    plan.problems.push_back(
        {name.owner, fmt::format("{}{} already belongs to {}", what, frontend.address.ToString(),
                                 owner->second.owner.ToString())});
    return true;
  });
  if (planned.frontends.empty()) return;
  plan.services.emplace(name, std::move(planned));
}

std::optional<FoundFrontend> FindFrontend(const ServicePlan& plan, const Frontend& address,
                                          bool of_this_node) {
  const auto owner = plan.owners.find(address);
  if (owner != plan.owners.end()) {
    const PlannedService& service = plan.services.at(owner->second);
    return FoundFrontend{
        &service, &*std::ranges::find(service.frontends, address, &PlannedFrontend::address)};
  }
  if (!of_this_node || address.vip.IsUnspecified()) return std::nullopt;
  return FindFrontend(
      plan, {IpAddress::Unspecified(address.vip.family()), address.port, address.protocol}, false);
}

bool HasBackend(const PlannedService& service, const Endpoint& endpoint) {
  return std::ranges::find(service.backends, endpoint, &PlannedBackend::endpoint) !=
         service.backends.end();
}

bool IsProxied(const kube::Service& service) {
  return service.type != kube::ServiceType::kExternalName && !service.headless &&
         !service.cluster_ips.empty() &&
         !service.meta.labels.Find(kube::kServiceProxyNameLabel).has_value();
}

bool HasFamily(const kube::Service& service, Family family) {
  return std::ranges::any_of(service.cluster_ips,
                             [family](const IpAddress& ip) { return ip.family() == family; });
}

std::vector<std::pair<ServicePortName, PlannedService>> PlanService(
    const kube::Service& service, const std::vector<const kube::EndpointSlice*>& slices,
    const PlanContext& context) {
  std::vector<std::pair<ServicePortName, PlannedService>> services;
  if (!IsProxied(service)) return services;
  for (const kube::ServicePort& port : service.ports) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (!HasFamily(service, family)) continue;
      PlannedService planned;
      planned.frontends = FrontendsOf(service, port, family, context);
      if (planned.frontends.empty()) continue;
      ChosenEndpoints chosen =
          ChooseEndpoints(MergeEndpoints(slices, port.name, port.protocol, family, context),
                          SetsUsedBy(planned.frontends), port.protocol, context);
      planned.backends = std::move(chosen.backends);
      ServeRelayed(planned);
      planned.usable_somewhere = chosen.usable_somewhere;
      if (service.session_affinity == kube::SessionAffinity::kClientIp) {
        planned.affinity_seconds = service.affinity_timeout_seconds;
      }
      planned.algorithm = AlgorithmOf(service, context.algorithm);
      planned.maglev_size = context.maglev_size;
      planned.sources = SourcesOf(service, family, context);
      services.emplace_back(
          ServicePortName{
              {kube::Kind::kService, service.meta.name}, port.name, port.protocol, family},
          std::move(planned));
    }
  }
  return services;
}

void AddServices(std::vector<const kube::Service*> services, const SlicesOf& slices_of,
                 const PlanContext& context, ServicePlan& plan) {
  std::ranges::sort(services, [](const kube::Service* a, const kube::Service* b) {
    return std::tie(a->meta.creation_timestamp, a->meta.name) <
           std::tie(b->meta.creation_timestamp, b->meta.name);
  });
  for (const kube::Service* service : services) {
    const std::vector<const kube::EndpointSlice*> slices = slices_of(service->meta.name);
    for (auto& [name, planned] : PlanService(*service, slices, context)) {
      AddService(name, std::move(planned), "", plan);
    }
    if (!IsProxied(*service)) continue;
    NoteAlgorithmProblems(*service, slices, context.algorithm, plan.problems);
    if (const auto impossible = ImpossibleAddresses(*service); !impossible.empty()) {
      plan.problems.push_back({{kube::Kind::kService, service->meta.name},
                               fmt::format("not an address of a Service: {}", Join(impossible))});
    }
  }
}

ServicePlan MakeServicePlan(const kube::ObjectMap<kube::Service>& services,
                            const kube::ObjectMap<kube::EndpointSlice>& slices,
                            const PlanContext& context) {
  absl::flat_hash_map<kube::ObjectName, std::vector<const kube::EndpointSlice*>> slices_of;
  for (const auto& [name, slice] : slices) slices_of[ServiceOf(*slice)].push_back(slice.get());
  std::vector<const kube::Service*> all;
  all.reserve(services.size());
  for (const auto& [name, service] : services) all.push_back(service.get());
  ServicePlan plan;
  AddServices(
      std::move(all), [&slices_of](const kube::ObjectName& name) { return slices_of[name]; },
      context, plan);
  return plan;
}

std::vector<Cidr> MakeServiceCidrs(const kube::ObjectMap<kube::ServiceCidr>& service_cidrs) {
  std::set<Cidr> blocks;
  for (const auto& [name, object] : service_cidrs) {
    blocks.insert(object->cidrs.begin(), object->cidrs.end());
  }
  return {blocks.begin(), blocks.end()};
}

}  // namespace fairlead::plan
