// SPDX-License-Identifier: Apache-2.0
//
// Which endpoints may get new connections: traffic policy, topology hints and
// the fallback to terminating endpoints, exactly as kube-proxy 1.36 decides
// (pkg/proxy/topology.go, CategorizeEndpoints).
//
//   slices ──MergeEndpoints──▶ candidates ──ChooseEndpoints──▶ backends
//            one port, one family,              policy, hints,
//            duplicates removed                 ready or draining
#ifndef FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_
#define FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "loader/kube/endpoint_slice.h"
#include "loader/kube/service.h"

namespace fairlead::plan {

// The node that the plan is for.
struct PlanContext {
  std::string node_name;  // compared with endpoints[].nodeName, byte for byte
  std::string zone;       // topology.kubernetes.io/zone of the node; empty: none
};

enum class BackendState {
  kReady,     // selectable: gets new flows
  kDraining,  // serves, but is not selectable (terminating, or outside of policy or topology): gets
              // no new flows, keeps the ones it has
};

struct PlannedBackend {
  Endpoint endpoint;
  BackendState state = BackendState::kReady;
  bool local = false;  // on this node
  std::string node;    // empty: unknown

  friend bool operator==(const PlannedBackend&, const PlannedBackend&) = default;
};

// One endpoint of a service port. `source` lives as long as the slices do.
struct Candidate {
  Endpoint endpoint;
  bool local = false;
  const kube::SliceEndpoint* source = nullptr;
};

// The endpoints of all `slices` (of one Service) for the port `name`/`protocol` in one family,
// sorted, each address and port once: of duplicates the one that is not terminating, then the ready
// one, then the local one is kept. Headless-labelled slices and nil port numbers are ignored.
std::vector<Candidate> MergeEndpoints(const std::vector<const kube::EndpointSlice*>& slices,
                                      std::string_view name, Protocol protocol, Family family,
                                      const PlanContext& context);

struct ChosenEndpoints {
  std::vector<PlannedBackend> backends;  // sorted by endpoint
  // Nothing is selectable, though some node could use an endpoint: the traffic policy is the
  // reason. New flows are dropped; without any such endpoint they are rejected.
  bool has_endpoints_elsewhere = false;
};

// An endpoint that serves no more keeps its TCP and SCTP flows while it is listed: a failed
// readiness probe resets nobody. UDP is sent elsewhere at once (kube-proxy, conntrack/cleanup.go).
ChosenEndpoints ChooseEndpoints(const std::vector<Candidate>& candidates,
                                kube::TrafficPolicy policy, Protocol protocol,
                                const PlanContext& context);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_
