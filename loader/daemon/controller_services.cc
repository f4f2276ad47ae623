// SPDX-License-Identifier: Apache-2.0
//
// Controller's share in Services: what has changed is planned and applied, and
// whoever depends on it is told.
#include <string>

#include "base/log.h"
#include "loader/daemon/controller.h"
#include "loader/daemon/host_port_pods.h"
#include "loader/plan/host_port_plan.h"

namespace fairlead {
namespace {

Outcome OutcomeOf(const ProblemLog& problems) {
  if (!problems.failed()) return Outcome::kDone;
  return problems.broken() ? Outcome::kFailed : Outcome::kLacksRoom;
}

}  // namespace

// What was known to an earlier run may only be missing because a file, or an
// object, is broken: nothing is deleted before all have been read without an error.
apply::Unasked Controller::unasked() const {
  return complete_ ? apply::Unasked::kDelete : apply::Unasked::kKeep;
}

void Controller::ApplyServices() {
  const auto began = ProxyRecord::Instant::Now();
  service_problems_.Begin();
  planned_context_ = context_;
  const auto difference = planner_.PlanAll(store_, context_, PlanHostPorts());
  BeginTakeover(difference);
  service_problems_.Note(dataplane_->ApplyServices(planner_.plan(), unasked()), "apply services");
  health_checks_.PlanAll(store_, options_.node_name);
  TellHealthChecks();
  ServicesApplied(difference, began);
}

void Controller::ServicesChanged(const kube::ObjectChanges& changes) {
  if (service_problems_.failed() || !changes.service_cidrs.empty()) {
    ApplyServices();
  } else if (!changes.affected_services.empty()) {
    ApplyOnly(changes.affected_services);
  }
}

// At a price that does not depend on how many other Services there are.
void Controller::ApplyOnly(const kube::ObjectChanges::Names& services) {
  const auto began = ProxyRecord::Instant::Now();
  service_problems_.Begin();
  const auto difference = planner_.Replan(services, store_);
  BeginTakeover(difference);
  service_problems_.Note(dataplane_->ApplyServicePorts(difference.names, planner_.plan()),
                         "apply services");
  if (health_checks_.Replan(services, store_)) TellHealthChecks();
  ServicesApplied(difference, began);
}

void Controller::ServicesApplied(const plan::ServicePlanner::Difference& difference,
                                 const ProxyRecord::Instant& began) {
  service_problems_.Note(planner_.plan().problems);
  // Twice: a socket may have been connected by the old tables while we looked.
  if (difference.HasDatagrams()) socket_looks_ = 2;
  FollowSockets();
  record_.Applied(OutcomeOf(service_problems_), began, ProxyRecord::Instant::Now());
  EndTakeover();
  if (difference.in_frontends) NamesChanged();
}

plan::ServicePlan Controller::PlanHostPorts() {
  planned_changes_ = pods_->changes();
  return plan::MakeHostPortPlan(PodsWithHostPorts(pods_->attachments()), context_.node_addresses);
}

// Of the pods that come and go, most have nothing to do with host ports.
void Controller::FollowHost() {
  if (context_ == planned_context_) {
    if (pods_->changes() == planned_changes_) return;
    const plan::ServicePlan wanted = PlanHostPorts();
    const plan::ServicePlan& planned = planner_.host_ports();
    if (wanted.services == planned.services && wanted.problems == planned.problems) return;
  }
  ApplyServices();
}

}  // namespace fairlead
