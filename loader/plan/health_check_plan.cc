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

std::optional<HealthCheckPlanner::Share> HealthCheckPlanner::ShareOf(const Service& service,
                                                                     const kube::ObjectStore& store,
                                                                     const std::string& node_name) {
  const bool internal = service.internal_traffic_policy == TrafficPolicy::kLocal;
  const bool external =
      service.external_traffic_policy == TrafficPolicy::kLocal && IsReachedFromOutside(service);
  if (!IsProxied(service) || (!internal && !external)) return std::nullopt;
  const PlanContext context{node_name, ""};
  const Slices slices = store.SlicesOf(service.meta.name);
  Share share;
  if (service.health_check_node_port != 0 && external &&
      service.type == kube::ServiceType::kLoadBalancer) {
    share.check = {service.meta.name, service.health_check_node_port, std::nullopt, std::nullopt};
  }
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    if (!HasFamily(service, family)) continue;
    const bool is_ip4 = family == Family::kIpv4;
    if (share.check.has_value()) {
      (is_ip4 ? share.check->local_ready4 : share.check->local_ready6) =
          CountLocalReady(slices, family, context);
    }
    WithoutLocalEndpoints& without = is_ip4 ? share.without_local4 : share.without_local6;
    for (const kube::ServicePort& port : service.ports) {
      if (!IsWithoutLocal(slices, port, family, context)) continue;
      without.internal += internal ? 1 : 0;
      without.external += external ? 1 : 0;
    }
  }
  return share;
}

void HealthCheckPlanner::PlanAll(const kube::ObjectStore& store, const std::string& node_name) {
  node_name_ = node_name;
  shares_.clear();
  for (const auto& [name, service] : store.services()) {
    if (auto share = ShareOf(*service, store, node_name_)) shares_.emplace(name, *share);
  }
}

bool HealthCheckPlanner::Replan(const kube::ObjectChanges::Names& services,
                                const kube::ObjectStore& store) {
  bool differs = false;
  for (const kube::ObjectName& name : services) {
    const auto service = store.services().find(name);
    const std::optional<Share> share = service == store.services().end()
                                           ? std::nullopt
                                           : ShareOf(*service->second, store, node_name_);
    const auto before = shares_.find(name);
    if (before == shares_.end() ? !share.has_value() : share == before->second) continue;
    differs = true;
    if (share.has_value()) {
      shares_.insert_or_assign(name, *share);
    } else {
      shares_.erase(before);
    }
  }
  return differs;
}

HealthCheckPlan HealthCheckPlanner::plan() const {
  HealthCheckPlan plan;
  for (const auto& [name, share] : shares_) {
    if (share.check.has_value()) plan.checks.push_back(*share.check);
    plan.without_local4 += share.without_local4;
    plan.without_local6 += share.without_local6;
  }
  return plan;
}

HealthCheckPlan MakeHealthCheckPlan(const kube::ObjectStore& store, const std::string& node_name) {
  HealthCheckPlanner planner;
  planner.PlanAll(store, node_name);
  return planner.plan();
}

}  // namespace fairlead::plan
