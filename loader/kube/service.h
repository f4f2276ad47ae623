// SPDX-License-Identifier: Apache-2.0
//
// core/v1 Service, as far as a service proxy reads it. Ignored by design:
// selector, targetPort (EndpointSlices carry the answer), loadBalancerIP and
// -Class, trafficDistribution (hints carry the answer), appProtocol.
#ifndef FAIRLEAD_LOADER_KUBE_SERVICE_H_
#define FAIRLEAD_LOADER_KUBE_SERVICE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/kube/object_meta.h"

namespace fairlead::kube {

// Any value: the Service belongs to another proxy.
inline constexpr char kServiceProxyNameLabel[] = "service.kubernetes.io/service-proxy-name";

enum class ServiceType : uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };
enum class TrafficPolicy : uint8_t { kCluster, kLocal };
enum class SessionAffinity : uint8_t { kNone, kClientIp };

// spec.ports[]
struct ServicePort {
  std::string name;  // empty for the only port of a Service
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;
  uint16_t node_port = 0;  // 0: none

  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

// status.loadBalancer.ingress[]; entries with only a hostname are left out.
struct LoadBalancerIngress {
  IpAddress ip;
  bool proxied = false;  // ipMode: Proxy — the node must not intercept this address

  friend bool operator==(const LoadBalancerIngress&, const LoadBalancerIngress&) = default;
};

struct Service {
  ObjectMeta meta;
  ServiceType type = ServiceType::kClusterIp;
  bool headless = false;               // clusterIP: None
  std::vector<IpAddress> cluster_ips;  // clusterIPs[], or clusterIP where that is absent
  std::vector<ServicePort> ports;
  std::vector<IpAddress> external_ips;
  TrafficPolicy internal_traffic_policy = TrafficPolicy::kCluster;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  SessionAffinity session_affinity = SessionAffinity::kNone;
  uint32_t affinity_timeout_seconds = 10800;  // of kClientIp
  std::vector<Cidr> load_balancer_source_ranges;
  std::vector<LoadBalancerIngress> load_balancer_ingress;
  uint16_t health_check_node_port = 0;  // 0: none

  friend bool operator==(const Service&, const Service&) = default;
};

}  // namespace fairlead::kube

#endif  // FAIRLEAD_LOADER_KUBE_SERVICE_H_
