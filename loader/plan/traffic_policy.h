// SPDX-License-Identifier: Apache-2.0
//
// Which endpoints may get new connections: topology hints, locality and the
// fallback to terminating endpoints, exactly as kube-proxy 1.36 decides
// (pkg/proxy/topology.go, CategorizeEndpoints).
//
//   slices ──MergeEndpoints──▶ candidates ──ChooseEndpoints──▶ backends
//            one port, one family,              in the Cluster set, the
//            duplicates removed                 Local set, both or none
#ifndef FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_
#define FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "loader/kube/endpoint_slice.h"
#include "loader/kube/service.h"
#include "loader/plan/algorithm.h"

namespace fairlead::plan {

// The node that the plan is for.
struct PlanContext {
  std::string node_name;  // compared with endpoints[].nodeName, byte for byte
  std::string zone;       // topology.kubernetes.io/zone of the node; empty: none
  // Of Services that do not say: their algorithm, and the size of their Maglev tables, a prime.
  Algorithm algorithm = Algorithm::kRandom;
  uint32_t maglev_size = 0;  // 0: by the number of backends
  // Where NodePorts are served (node_port_addresses.h). Unspecified: on every address.
  std::vector<IpAddress> node_port_addresses = {};
  std::vector<IpAddress> node_addresses = {};  // all that the node has
  bool has_guests = false;     // its pods are another network's, and answer through its stack
  bool direct_return = false;  // nodes relay clients outside to each other

  friend bool operator==(const PlanContext&, const PlanContext&) = default;
};

// A service port has two sets of endpoints, each with a fallback of its own.
enum class EndpointSet : uint8_t {
  kCluster,  // of all nodes, as topology hints say
  kLocal,    // of this node, whatever hints say
};

struct PlannedBackend {
  Endpoint endpoint;
  uint32_t weight = 1;  // its share, 1 to kMaxWeight; nothing to Algorithm::kRandom
  // The sets of which it may get new flows. None: it drains, keeping the flows that it has.
  bool in_cluster = false;
  bool in_local = false;
  bool local = false;  // on this node
  // A process of this node itself: hostNetwork, or no pod at all. With guests all are as well:
  // their answers are known by their port in the same way.
  bool on_host = false;

  bool In(EndpointSet set) const { return set == EndpointSet::kCluster ? in_cluster : in_local; }
  friend bool operator==(const PlannedBackend&, const PlannedBackend&) = default;
};

// One endpoint of a service port. `source` lives as long as the slices do.
struct Candidate {
  Endpoint endpoint;
  bool local = false;
  const kube::SliceEndpoint* source = nullptr;
  uint32_t weight = 1;
};

// The endpoints of all `slices` (of one Service) for the port `name`/`protocol` in one family,
// sorted, each address and port once: of duplicates the one that is not terminating, then the ready
// one, then the local one is kept, with the largest weight of all. Headless-labelled slices and nil
// port numbers are ignored.
std::vector<Candidate> MergeEndpoints(const std::vector<const kube::EndpointSlice*>& slices,
                                      std::string_view name, Protocol protocol, Family family,
                                      const PlanContext& context);

// The sets that some frontend uses.
struct UsedSets {
  bool cluster = false;
  bool local = false;
};

struct ChosenEndpoints {
  std::vector<PlannedBackend> backends;  // sorted by endpoint
  // Some node could use an endpoint: if a set is empty, the traffic policy is the reason, and new
  // flows are dropped. Without any such endpoint they are rejected.
  bool usable_somewhere = false;
};

// An endpoint that serves no more keeps its TCP and SCTP flows while it is listed: a failed
// readiness probe resets nobody. UDP is sent elsewhere at once (kube-proxy, conntrack/cleanup.go).
ChosenEndpoints ChooseEndpoints(const std::vector<Candidate>& candidates, UsedSets used,
                                Protocol protocol, const PlanContext& context);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_TRAFFIC_POLICY_H_
