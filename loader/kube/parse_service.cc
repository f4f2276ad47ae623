// SPDX-License-Identifier: Apache-2.0
//
// Service: defaults and limits follow k8s.io/api/core/v1 and its validation.
#include <algorithm>

#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

constexpr int kMaxPort = 65535;
constexpr int kMaxAffinitySeconds = 86400;
constexpr int kDefaultAffinitySeconds = 10800;

void ReadClusterIps(const FieldReader& spec, Service& service) {
  const auto read = [&service](const FieldReader& field) {
    const std::string text = field.Text();
    if (text == "None") {
      service.headless = true;
    } else if (!text.empty()) {
      service.cluster_ips.push_back(field.Address());
    }
  };
  spec.Field("clusterIPs").ForEachItem(read);
  if (service.cluster_ips.empty() && !service.headless) read(spec.Field("clusterIP"));
}

std::vector<ServicePort> ReadPorts(const FieldReader& spec) {
  std::vector<ServicePort> ports;
  spec.Field("ports").ForEachItem([&](const FieldReader& item) {
    ServicePort port;
    port.name = item.Field("name").Text();
    port.protocol = item.Field("protocol").TransportProtocol();
    const FieldReader number = item.Field("port");
    if (!number.present()) number.Fail("is required");
    port.port = static_cast<uint16_t>(number.Integer(1, kMaxPort, 0));
    port.node_port = static_cast<uint16_t>(item.Field("nodePort").Integer(0, kMaxPort, 0));
    const bool taken = std::any_of(ports.begin(), ports.end(), [&](const ServicePort& other) {
      return other.port == port.port && other.protocol == port.protocol;
    });
    if (taken) number.Fail("is already a port of this Service with the same protocol");
    ports.push_back(std::move(port));
  });
  return ports;
}

TrafficPolicy ReadPolicy(const FieldReader& field) {
  return field.OneOf<TrafficPolicy>(
      {{"Cluster", TrafficPolicy::kCluster}, {"Local", TrafficPolicy::kLocal}},
      TrafficPolicy::kCluster);
}

void ReadAffinity(const FieldReader& spec, Service& service) {
  service.session_affinity = spec.Field("sessionAffinity")
                                 .OneOf<SessionAffinity>({{"None", SessionAffinity::kNone},
                                                          {"ClientIP", SessionAffinity::kClientIp}},
                                                         SessionAffinity::kNone);
  const FieldReader config = spec.Field("sessionAffinityConfig");
  const FieldReader client_ip = config.Field("clientIP");
  service.affinity_timeout_seconds = static_cast<uint32_t>(
      client_ip.Field("timeoutSeconds").Integer(1, kMaxAffinitySeconds, kDefaultAffinitySeconds));
}

void ReadIngress(const FieldReader& status, Service& service) {
  const FieldReader load_balancer = status.Field("loadBalancer");
  load_balancer.Field("ingress").ForEachItem([&](const FieldReader& item) {
    const FieldReader ip = item.Field("ip");
    if (ip.Text().empty()) return;  // only a hostname
    const bool proxied = item.Field("ipMode").OneOf<bool>({{"VIP", false}, {"Proxy", true}}, false);
    service.load_balancer_ingress.push_back({ip.Address(), proxied});
  });
}

}  // namespace

absl::StatusOr<Service> ParseService(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  Service service;
  service.meta = ReadMeta(root, Kind::kService);
  const FieldReader spec = root.Field("spec");
  service.type =
      spec.Field("type").OneOf<ServiceType>({{"ClusterIP", ServiceType::kClusterIp},
                                             {"NodePort", ServiceType::kNodePort},
                                             {"LoadBalancer", ServiceType::kLoadBalancer},
                                             {"ExternalName", ServiceType::kExternalName}},
                                            ServiceType::kClusterIp);
  ReadClusterIps(spec, service);
  service.ports = ReadPorts(spec);
  spec.Field("externalIPs").ForEachItem([&](const FieldReader& item) {
    service.external_ips.push_back(item.Address());
  });
  service.internal_traffic_policy = ReadPolicy(spec.Field("internalTrafficPolicy"));
  service.external_traffic_policy = ReadPolicy(spec.Field("externalTrafficPolicy"));
  ReadAffinity(spec, service);
  spec.Field("loadBalancerSourceRanges").ForEachItem([&](const FieldReader& item) {
    service.load_balancer_source_ranges.push_back(item.Block());
  });
  service.health_check_node_port =
      static_cast<uint16_t>(spec.Field("healthCheckNodePort").Integer(0, kMaxPort, 0));
  ReadIngress(root.Field("status"), service);
  FL_RETURN_IF_ERROR(error);
  return service;
}

}  // namespace fairlead::kube
