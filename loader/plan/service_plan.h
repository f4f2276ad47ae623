// SPDX-License-Identifier: Apache-2.0
//
// Services and EndpointSlices → what the dataplane must know: every frontend
// (address, port, protocol) and its backends. Pure: the same objects give the
// same plan, on any thread. Plans ClusterIP frontends of both families.
#ifndef FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "loader/kube/any_object.h"
#include "loader/plan/plan_problem.h"
#include "loader/plan/traffic_policy.h"

namespace fairlead::plan {

struct Frontend {
  IpAddress vip;
  uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;

  std::string ToString() const;  // "10.96.0.10:80/tcp"
  friend auto operator<=>(const Frontend&, const Frontend&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Frontend& f) {
    return H::combine(std::move(h), f.vip, f.port, f.protocol);
  }
};
std::ostream& operator<<(std::ostream& os, const Frontend& frontend);

// What is behind one frontend. No kReady backend: new flows are refused, silently if
// has_endpoints_elsewhere, with an answer otherwise.
struct PlannedService {
  std::string name_space;
  std::string name;
  std::string port_name;
  std::vector<PlannedBackend> backends;  // sorted by endpoint, each once
  bool has_endpoints_elsewhere = false;
  bool on_host = false;  // a port of this node; an unspecified address: of every address it has

  friend bool operator==(const PlannedService&, const PlannedService&) = default;
};

struct ServicePlan {
  std::map<Frontend, PlannedService> services;
  std::vector<PlanProblem> problems;
};

// True if a proxy serves it at all: it has a ClusterIP, is no ExternalName, and has not been given
// to another proxy (service.kubernetes.io/service-proxy-name).
bool IsProxied(const kube::Service& service);

// The frontends of one Service, in no particular order; empty if it is not proxied. `slices` are
// those whose label names this Service, of any family. Price: the endpoints, sorted, once per port
// and family.
std::vector<std::pair<Frontend, PlannedService>> PlanService(
    const kube::Service& service, const std::vector<const kube::EndpointSlice*>& slices,
    const PlanContext& context);

// True if, of two Services that claim one frontend, `a` gets it: the older one, then the first by
// name, as an API server would have had it.
bool HasPrecedence(const kube::Service& a, const kube::Service& b);

ServicePlan MakeServicePlan(const kube::ObjectMap<kube::Service>& services,
                            const kube::ObjectMap<kube::EndpointSlice>& slices,
                            const PlanContext& context);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_
