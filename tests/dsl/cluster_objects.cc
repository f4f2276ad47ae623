// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/cluster_objects.h"

#include <algorithm>

#include "loader/plan/algorithm.h"
#include "tests/dsl/address_plan.h"

namespace fairlead::testing {
namespace {

constexpr char kNamespace[] = "shop";

}  // namespace

void ClusterObjects::PutNode(const std::string& name, int number, bool has_address) {
  auto node = std::make_shared<kube::Node>();
  node->meta.name = {"", name};
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    node->pod_cidrs.push_back(PodCidr(family, number));
    if (has_address) node->internal_ips.push_back(NodeAddress(family, number));
  }
  nodes_.Put(node);
}

void ClusterObjects::PutService(const Service& service) {
  auto object = std::make_shared<kube::Service>();
  object->meta.name = {kNamespace, service.name};
  object->cluster_ips = {service.vip};
  object->ports = {{.name = "",
                    .protocol = service.port.protocol,
                    .port = service.port.number,
                    .node_port = service.node_port}};
  object->external_ips = service.external_ips;
  for (const IpAddress& ip : service.load_balancer_ips) {
    object->load_balancer_ingress.push_back({ip, /*proxied=*/false});
  }
  object->load_balancer_source_ranges = service.source_ranges;
  if (service.affinity_seconds != 0) {
    object->session_affinity = kube::SessionAffinity::kClientIp;
    object->affinity_timeout_seconds = service.affinity_seconds;
  }
  if (!service.algorithm.empty()) {
    object->meta.annotations.Set(plan::kAlgorithmAnnotation, service.algorithm);
  }
  if (service.node_port != 0) object->type = kube::ServiceType::kNodePort;
  if (!service.load_balancer_ips.empty()) object->type = kube::ServiceType::kLoadBalancer;
  if (service.local_only) object->internal_traffic_policy = kube::TrafficPolicy::kLocal;
  if (service.outside_local_only) object->external_traffic_policy = kube::TrafficPolicy::kLocal;
  services_.Put(object);
}

void ClusterObjects::RemoveService(const Service& service) {
  services_.Erase({kNamespace, service.name});
}

void ClusterObjects::PutEndpoints(const Service& service, const std::vector<Endpoint>& ready,
                                  const std::vector<Endpoint>& draining) {
  for (auto it = slices_.begin(); it != slices_.end();) {
    it = kube::ServiceOf(*it->second).name == service.name ? slices_.Erase(it) : std::next(it);
  }
  for (const Endpoint& endpoint : ready) PutEndpoint(service, endpoint, true);
  for (const Endpoint& endpoint : draining) PutEndpoint(service, endpoint, false);
}

// A slice has one endpoint here; planning merges them anyway.
void ClusterObjects::PutEndpoint(const Service& service, const Endpoint& endpoint, bool ready) {
  auto slice = std::make_shared<kube::EndpointSlice>();
  slice->meta.name = {kNamespace, fmt::format("{}-{}", service.name, slices_.size())};
  slice->meta.labels.Set(kube::kServiceNameLabel, service.name);
  if (const auto weight = service.weights.find(endpoint); weight != service.weights.end()) {
    slice->meta.annotations.Set(plan::kWeightAnnotation, fmt::format("{}", weight->second));
  }
  slice->address_type = endpoint.address.family() == Family::kIpv4 ? kube::AddressType::kIpv4
                                                                   : kube::AddressType::kIpv6;
  slice->ports = {{.name = "", .protocol = service.port.protocol, .port = endpoint.port}};
  kube::SliceEndpoint entry;
  entry.address = endpoint.address;
  entry.ready = ready;
  entry.terminating = !ready;
  for (const auto& [name, node] : nodes_) {
    const bool here =
        std::ranges::any_of(node->pod_cidrs,
                            [&](const Cidr& c) { return c.Contains(endpoint.address); }) ||
        std::ranges::find(node->internal_ips, endpoint.address) != node->internal_ips.end();
    if (here) entry.node_name = name.name;
  }
  slice->endpoints.push_back(entry);
  slices_.Put(slice);
}

}  // namespace fairlead::testing
