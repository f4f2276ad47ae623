// SPDX-License-Identifier: Apache-2.0
#include "tests/dsl/cluster_objects.h"

#include <algorithm>
#include <map>

#include "tests/dsl/address_plan.h"

namespace fairlead::testing {
namespace {

constexpr char kNamespace[] = "shop";

}  // namespace

void ClusterObjects::PutNode(const std::string& name, int number) {
  auto node = std::make_shared<kube::Node>();
  node->meta.name = {"", name};
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    node->pod_cidrs.push_back(PodCidr(family, number));
    node->internal_ips.push_back(NodeAddress(family, number));
  }
  nodes_[node->meta.name] = node;
}

void ClusterObjects::PutService(const Service& service) {
  auto object = std::make_shared<kube::Service>();
  object->meta.name = {kNamespace, service.name};
  object->cluster_ips = {service.vip};
  object->ports = {{.name = "", .protocol = service.port.protocol, .port = service.port.number}};
  if (service.local_only) object->internal_traffic_policy = kube::TrafficPolicy::kLocal;
  services_[object->meta.name] = object;
}

void ClusterObjects::PutEndpoints(const Service& service, const std::vector<Endpoint>& endpoints) {
  const auto is_of_service = [&](const auto& entry) {
    return kube::ServiceOf(*entry.second).name == service.name;
  };
  for (auto it = slices_.begin(); it != slices_.end();) {
    it = is_of_service(*it) ? slices_.erase(it) : std::next(it);
  }
  std::map<uint16_t, std::shared_ptr<kube::EndpointSlice>> by_port;
  for (const Endpoint& endpoint : endpoints) {
    std::shared_ptr<kube::EndpointSlice>& slice = by_port[endpoint.port];
    if (slice == nullptr) {
      slice = std::make_shared<kube::EndpointSlice>();
      slice->meta.name = {kNamespace, fmt::format("{}-{}", service.name, endpoint.port)};
      slice->meta.labels[kube::kServiceNameLabel] = service.name;
      slice->address_type = endpoint.address.family() == Family::kIpv4 ? kube::AddressType::kIpv4
                                                                       : kube::AddressType::kIpv6;
      slice->ports = {{.name = "", .protocol = service.port.protocol, .port = endpoint.port}};
    }
    kube::SliceEndpoint entry;
    entry.address = endpoint.address;
    for (const auto& [name, node] : nodes_) {
      const bool here =
          std::ranges::any_of(node->pod_cidrs,
                              [&](const Cidr& c) { return c.Contains(endpoint.address); }) ||
          std::ranges::find(node->internal_ips, endpoint.address) != node->internal_ips.end();
      if (here) entry.node_name = name.name;
    }
    slice->endpoints.push_back(entry);
  }
  for (const auto& [port, slice] : by_port) slices_[slice->meta.name] = slice;
}

}  // namespace fairlead::testing
