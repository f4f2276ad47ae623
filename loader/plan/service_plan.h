// SPDX-License-Identifier: Apache-2.0
//
// Services and EndpointSlices → what the dataplane must know: every service
// port, its backends, and the frontends that lead to it. Pure: the same objects
// give the same plan, on any thread.
//
//   10.96.0.10:80  ClusterIP ──┐                     ┌─▶ 10.1.0.5:8080
//   172.31.0.11:30080 NodePort ┼─▶ shop/web:http ────┼─▶ 10.1.1.7:8080
//   192.0.2.80:80  LoadBalancer┘   (TCP, IPv4)       └─▶ 10.1.2.9:8080
#ifndef FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "loader/kube/endpoint_slice.h"
#include "loader/kube/object_store.h"
#include "loader/kube/service.h"
#include "loader/plan/plan_problem.h"
#include "loader/plan/traffic_policy.h"

namespace fairlead::plan {

struct Frontend {
  IpAddress vip;
  uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;
  // For what other nodes relay to this one; the unspecified address stands for all of theirs.
  bool relayed = false;

  std::string ToString() const;  // "10.96.0.10:80/tcp"
  friend auto operator<=>(const Frontend&, const Frontend&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Frontend& f) {
    return H::combine(std::move(h), f.vip, f.port, f.protocol, f.relayed);
  }
};
std::ostream& operator<<(std::ostream& os, const Frontend& frontend);

enum class FrontendKind : uint8_t { kClusterIp, kNodePort, kExternalIp, kLoadBalancer, kHostPort };

// A port of this node: NodePort and hostPort. Their unspecified address stands for every address
// that the node has.
bool IsOnHost(FrontendKind kind);

// One way in, and which endpoints it leads to.
struct PlannedFrontend {
  Frontend address;
  FrontendKind kind = FrontendKind::kClusterIp;
  EndpointSet inside = EndpointSet::kCluster;   // for this node's pods and processes
  EndpointSet outside = EndpointSet::kCluster;  // for everybody else
  bool relays = false;  // clients outside are sent on to the node of their backend as they are

  friend bool operator==(const PlannedFrontend&, const PlannedFrontend&) = default;
};

// What a service port is known by. `owner` is a Service, or the Pod of a hostPort.
struct ServicePortName {
  kube::ObjectRef owner;
  std::string port_name;
  Protocol protocol = Protocol::kTcp;
  Family family = Family::kIpv4;

  std::string ToString() const;  // "shop/web:http"; "shop/web" of a hostPort
  friend auto operator<=>(const ServicePortName&, const ServicePortName&) = default;
};

// No backend in the set that a frontend uses: new flows are refused, silently if
// usable_somewhere, with an answer otherwise.
struct PlannedService {
  std::vector<PlannedBackend> backends;    // sorted by endpoint, each once
  std::vector<PlannedFrontend> frontends;  // each address once
  bool usable_somewhere = false;
  uint32_t affinity_seconds = 0;  // a client keeps its backend for so long; 0: it does not
  Algorithm algorithm = Algorithm::kRandom;
  uint32_t maglev_size = 0;   // entries of its table, a prime; 0: by its backends
  std::vector<Cidr> sources;  // may use load balancer addresses; empty: everybody

  friend bool operator==(const PlannedService&, const PlannedService&) = default;
};

struct ServicePlan {
  std::map<ServicePortName, PlannedService> services;
  std::map<Frontend, ServicePortName> owners;  // of each frontend in `services`
  // Who else has asked for a frontend, and gets it should the owner give it up.
  std::map<Frontend, std::set<kube::ObjectRef>> waiting;
  // Where ClusterIPs are from: an address there that no Service has leads nowhere.
  std::vector<Cidr> service_cidrs;
  std::vector<PlanProblem> problems;
};

// Adds a service port with those of its frontends that nobody has yet; the others are a problem,
// and the older owner keeps them. `what` names a frontend in it: "hostPort ".
void AddService(const ServicePortName& name, PlannedService planned, const char* what,
                ServicePlan& plan);

// A way in, and the service port behind it.
struct FoundFrontend {
  const PlannedService* service = nullptr;
  const PlannedFrontend* frontend = nullptr;
};

// As the dataplane finds it (bpf/path/40_service.h): by the very address, or, if that is one
// `of_this_node`, as a port that every address of the node has. The plan outlives the answer.
std::optional<FoundFrontend> FindFrontend(const ServicePlan& plan, const Frontend& address,
                                          bool of_this_node);

// True for draining ones, too.
bool HasBackend(const PlannedService& service, const Endpoint& endpoint);

// True if a proxy serves it at all: it has a ClusterIP, is no ExternalName, and has not been given
// to another proxy (service.kubernetes.io/service-proxy-name).
bool IsProxied(const kube::Service& service);

// By its ClusterIPs. It has no frontend of another family, whatever its other addresses are.
bool HasFamily(const kube::Service& service, Family family);

// The service ports of one Service, in no particular order; empty if it is not proxied. `slices`
// are those whose label names this Service, of any family. Price: the endpoints, sorted, once per
// port and family.
std::vector<std::pair<ServicePortName, PlannedService>> PlanService(
    const kube::Service& service, const std::vector<const kube::EndpointSlice*>& slices,
    const PlanContext& context);

// Adds the service ports of the Services, and what is wrong with them. Of two that claim one
// frontend the older one gets it, then the first by name, as an API server would have had it.
// `slices_of` gives the slices that name a Service.
using SlicesOf =
    std::function<std::vector<const kube::EndpointSlice*>(const kube::ObjectName& service)>;
void AddServices(std::vector<const kube::Service*> services, const SlicesOf& slices_of,
                 const PlanContext& context, ServicePlan& plan);

ServicePlan MakeServicePlan(const kube::ObjectMap<kube::Service>& services,
                            const kube::ObjectMap<kube::EndpointSlice>& slices,
                            const PlanContext& context);

// The blocks of all ServiceCIDRs, each once.
std::vector<Cidr> MakeServiceCidrs(const kube::ObjectMap<kube::ServiceCidr>& service_cidrs);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_SERVICE_PLAN_H_
