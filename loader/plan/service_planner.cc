// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/service_planner.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "loader/plan/frontends.h"
#include "loader/plan/host_port_plan.h"

namespace fairlead::plan {
namespace {

using ServicePorts = std::map<ServicePortName, PlannedService>;

// Those of one owner, which stand side by side.
template <typename Visit>
void ForEachOf(const kube::ObjectRef& owner, const ServicePorts& ports, const Visit& visit) {
  for (auto it = ports.lower_bound({.owner = owner, .port_name = ""});
       it != ports.end() && it->first.owner == owner; ++it) {
    visit(*it);
  }
}

// What of `some` is not, or not so, in `others`.
void NoteDifference(const ServicePorts& some, const ServicePorts& others,
                    ServicePlanner::Difference& difference) {
  for (const auto& [name, planned] : some) {
    const auto other = others.find(name);
    if (other != others.end() && other->second == planned) continue;
    difference.names.insert(name);
    difference.in_frontends |=
        other == others.end() || other->second.frontends != planned.frontends;
  }
}

ServicePlanner::Difference Compare(const ServicePorts& before, const ServicePorts& after) {
  ServicePlanner::Difference difference;
  NoteDifference(before, after, difference);
  NoteDifference(after, before, difference);
  return difference;
}

}  // namespace

bool ServicePlanner::Difference::HasDatagrams() const {
  return std::ranges::any_of(
      names, [](const ServicePortName& name) { return name.protocol == Protocol::kUdp; });
}

ServicePlanner::Difference ServicePlanner::PlanAll(const kube::ObjectStore& store,
                                                   const PlanContext& context,
                                                   const ServicePlan& host_ports) {
  context_ = context;
  host_ports_ = host_ports;
  const ServicePlan before = std::move(plan_);
  plan_ = MakeServicePlan(store.services(), store.endpoint_slices(), context_);
  plan_.service_cidrs = MakeServiceCidrs(store.service_cidrs());
  AddHostPorts(host_ports_, plan_);
  return Compare(before.services, plan_.services);
}

ServicePlanner::Difference ServicePlanner::Replan(const kube::ObjectChanges::Names& services,
                                                  const kube::ObjectStore& store) {
  const Owners concerned = Concerned(services, store);
  const ServicePorts before = Withdraw(concerned);
  Add(concerned, store);
  ServicePorts after;
  for (const kube::ObjectRef& owner : concerned) {
    ForEachOf(owner, plan_.services, [&after](const auto& port) { after.insert(port); });
  }
  return Compare(before, after);
}

// Its owner, and who waits for it.
void ServicePlanner::AddRivals(const Frontend& frontend, Owners& owners) const {
  if (const auto owner = plan_.owners.find(frontend); owner != plan_.owners.end()) {
    owners.insert(owner->second.owner);
  }
  if (const auto waiting = plan_.waiting.find(frontend); waiting != plan_.waiting.end()) {
    owners.insert(waiting->second.begin(), waiting->second.end());
  }
}

// Rivals for what the Services had, and for what they want now. The rivals' own rivals are not
// concerned: between them nothing changes.
ServicePlanner::Owners ServicePlanner::Concerned(const kube::ObjectChanges::Names& services,
                                                 const kube::ObjectStore& store) const {
  Owners concerned;
  for (const kube::ObjectName& name : services) {
    const kube::ObjectRef ref{kube::Kind::kService, name};
    concerned.insert(ref);
    ForEachOf(ref, plan_.services, [&](const auto& port) {
      for (const PlannedFrontend& had : port.second.frontends) AddRivals(had.address, concerned);
    });
    const auto service = store.services().find(name);
    if (service == store.services().end() || !IsProxied(*service->second)) continue;
    for (const kube::ServicePort& port : service->second->ports) {
      for (const Family family : {Family::kIpv4, Family::kIpv6}) {
        for (const auto& wants : FrontendsOf(*service->second, port, family, context_)) {
          AddRivals(wants.address, concerned);
        }
      }
    }
  }
  return concerned;
}

// Takes all out of the plan that is theirs, and returns their service ports.
ServicePorts ServicePlanner::Withdraw(const Owners& owners) {
  ServicePorts withdrawn;
  for (const kube::ObjectRef& owner : owners) {
    ForEachOf(owner, plan_.services, [&](const auto& port) {
      for (const PlannedFrontend& frontend : port.second.frontends) {
        plan_.owners.erase(frontend.address);
      }
      withdrawn.insert(port);
    });
  }
  for (const auto& [name, planned] : withdrawn) plan_.services.erase(name);
  for (auto it = plan_.waiting.begin(); it != plan_.waiting.end();) {
    std::erase_if(it->second,
                  [&owners](const kube::ObjectRef& owner) { return owners.contains(owner); });
    it = it->second.empty() ? plan_.waiting.erase(it) : std::next(it);
  }
  std::erase_if(plan_.problems,
                [&owners](const PlanProblem& problem) { return owners.contains(problem.object); });
  return withdrawn;
}

// In the order of MakeServicePlan and AddHostPorts.
void ServicePlanner::Add(const Owners& owners, const kube::ObjectStore& store) {
  std::vector<const kube::Service*> services;
  ServicePlan host_ports;
  for (const kube::ObjectRef& owner : owners) {
    if (owner.kind == kube::Kind::kPod) {
      ForEachOf(owner, host_ports_.services,
                [&](const auto& port) { host_ports.services.insert(port); });
      std::ranges::copy_if(host_ports_.problems, std::back_inserter(host_ports.problems),
                           [&owner](const auto& problem) { return problem.object == owner; });
    } else if (const auto service = store.services().find(owner.name);
               service != store.services().end()) {
      services.push_back(service->second.get());
    }
  }
  AddServices(
      std::move(services), [&store](const kube::ObjectName& name) { return store.SlicesOf(name); },
      context_, plan_);
  AddHostPorts(host_ports, plan_);
}

}  // namespace fairlead::plan
