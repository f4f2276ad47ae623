// SPDX-License-Identifier: Apache-2.0
//
// ServicePlanner: a ServicePlan kept in step with the cluster. When a Service or
// a slice changes, it plans that Service again, and those that want the same
// frontends, and no other: what a change costs does not depend on how many
// Services there are.
#ifndef FAIRLEAD_LOADER_PLAN_SERVICE_PLANNER_H_
#define FAIRLEAD_LOADER_PLAN_SERVICE_PLANNER_H_

#include <map>
#include <set>

#include "loader/kube/object_store.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {

class ServicePlanner {
 public:
  struct Difference {
    std::set<ServicePortName> names;  // of what is new, has gone, or is otherwise than before
    bool in_frontends = false;        // not only backends

    bool HasDatagrams() const;  // some of them serve UDP
  };

  // Everything anew: the context, the host ports or the ServiceCIDRs have changed.
  Difference PlanAll(const kube::ObjectStore& store, const PlanContext& context,
                     const ServicePlan& host_ports);

  // These Services have changed in the store since, or slices of theirs, and nothing else.
  Difference Replan(const kube::ObjectChanges::Names& services, const kube::ObjectStore& store);

  const ServicePlan& plan() const { return plan_; }
  const ServicePlan& host_ports() const { return host_ports_; }  // as they are in the plan

 private:
  using Owners = std::set<kube::ObjectRef>;
  using ServicePorts = std::map<ServicePortName, PlannedService>;

  void AddRivals(const Frontend& frontend, Owners& owners) const;
  Owners Concerned(const kube::ObjectChanges::Names& services,
                   const kube::ObjectStore& store) const;
  ServicePorts Withdraw(const Owners& owners);
  void Add(const Owners& owners, const kube::ObjectStore& store);

  ServicePlan plan_;
  ServicePlan host_ports_;
  PlanContext context_;
};

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_SERVICE_PLANNER_H_
