// SPDX-License-Identifier: Apache-2.0
//
// What load balancers ask a node: is there a ready endpoint of this Service here?
// And how many Services have none where their traffic policy wants one.
#ifndef FAIRLEAD_LOADER_PLAN_HEALTH_CHECK_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_HEALTH_CHECK_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_store.h"

namespace fairlead::plan {

// A Service of type LoadBalancer with externalTrafficPolicy Local: kube-proxy serves its
// healthCheckNodePort.
struct HealthCheck {
  kube::ObjectName service;
  uint16_t port = 0;
  // Addresses of local endpoints that are ready. One that is terminating is not, though it may
  // still be given packets: the load balancer is to go elsewhere. nullopt: the Service is not of
  // this family.
  std::optional<size_t> local_ready4;
  std::optional<size_t> local_ready6;

  const std::optional<size_t>& LocalReady(Family family) const {
    return family == Family::kIpv4 ? local_ready4 : local_ready6;
  }
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

// Service ports for which a traffic policy of Local leaves nothing, though there are endpoints.
struct WithoutLocalEndpoints {
  size_t internal = 0;
  size_t external = 0;

  WithoutLocalEndpoints& operator+=(const WithoutLocalEndpoints& other) {
    internal += other.internal;
    external += other.external;
    return *this;
  }
  friend bool operator==(const WithoutLocalEndpoints&, const WithoutLocalEndpoints&) = default;
};

struct HealthCheckPlan {
  std::vector<HealthCheck> checks;  // by Service
  WithoutLocalEndpoints without_local4;
  WithoutLocalEndpoints without_local6;

  const WithoutLocalEndpoints& WithoutLocal(Family family) const {
    return family == Family::kIpv4 ? without_local4 : without_local6;
  }
  friend bool operator==(const HealthCheckPlan&, const HealthCheckPlan&) = default;
};

HealthCheckPlan MakeHealthCheckPlan(const kube::ObjectStore& store, const std::string& node_name);

// Keeps the plan in step with the store at the price of what changes.
class HealthCheckPlanner {
 public:
  void PlanAll(const kube::ObjectStore& store, const std::string& node_name);
  // These Services have changed since, or slices of theirs. False if the plan is as it was.
  bool Replan(const kube::ObjectChanges::Names& services, const kube::ObjectStore& store);

  HealthCheckPlan plan() const;

 private:
  // What one Service adds to the plan.
  struct Share {
    std::optional<HealthCheck> check;
    WithoutLocalEndpoints without_local4;
    WithoutLocalEndpoints without_local6;

    friend bool operator==(const Share&, const Share&) = default;
  };
  static std::optional<Share> ShareOf(const kube::Service& service, const kube::ObjectStore& store,
                                      const std::string& node_name);

  std::string node_name_;
  std::map<kube::ObjectName, Share> shares_;  // of Services with a policy of Local
};

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_HEALTH_CHECK_PLAN_H_
