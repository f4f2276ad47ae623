// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/frontends.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fairlead::plan {
namespace {

EndpointSet SetOf(kube::TrafficPolicy policy) {
  return policy == kube::TrafficPolicy::kLocal ? EndpointSet::kLocal : EndpointSet::kCluster;
}

// Where NodePorts of this node would otherwise be taken over by a manifest.
bool IsImpossible(const IpAddress& address) {
  return address.IsUnspecified() || address.IsLoopback() || address.IsMulticast();
}

std::vector<IpAddress> LoadBalancerAddresses(const kube::Service& service) {
  std::vector<IpAddress> addresses;
  if (service.type != kube::ServiceType::kLoadBalancer) return addresses;
  for (const kube::LoadBalancerIngress& ingress : service.load_balancer_ingress) {
    if (!ingress.proxied) addresses.push_back(ingress.ip);
  }
  return addresses;
}

class Collector {
 public:
  Collector(Protocol protocol, Family family) : protocol_(protocol), family_(family) {}

  // An address may be given twice, as externalIP and by a load balancer: the first counts.
  void Add(const std::vector<IpAddress>& addresses, uint16_t port, FrontendKind kind,
           EndpointSet inside, EndpointSet outside) {
    AddAll(addresses, {{{}, port, protocol_}, kind, inside, outside});
  }
  // The same for clients outside of any node, who may be relayed.
  void AddRelaying(const std::vector<IpAddress>& addresses, uint16_t port, FrontendKind kind) {
    PlannedFrontend frontend{{{}, port, protocol_}, kind};
    frontend.relays = true;
    AddAll(addresses, frontend);
    frontend.relays = false;
    frontend.address.relayed = true;
    frontend.outside = EndpointSet::kLocal;
    AddAll(IsOnHost(kind) ? std::vector{IpAddress::Unspecified(family_)} : addresses, frontend);
  }

  std::vector<PlannedFrontend> Take() { return std::move(frontends_); }

 private:
  void AddAll(const std::vector<IpAddress>& addresses, PlannedFrontend frontend) {
    for (const IpAddress& address : addresses) {
      if (address.family() != family_) continue;
      if (!IsOnHost(frontend.kind) && IsImpossible(address)) continue;
      frontend.address.vip = address;
      const bool known = std::ranges::any_of(frontends_, [&](const PlannedFrontend& other) {
        return other.address == frontend.address;
      });
      if (!known) frontends_.push_back(frontend);
    }
  }

  Protocol protocol_;
  Family family_;
  std::vector<PlannedFrontend> frontends_;
};

}  // namespace

bool HasNodePorts(const kube::Service& service) {
  return service.type == kube::ServiceType::kNodePort ||
         service.type == kube::ServiceType::kLoadBalancer;
}

std::vector<PlannedFrontend> FrontendsOf(const kube::Service& service,
                                         const kube::ServicePort& port, Family family,
                                         const PlanContext& context) {
  const EndpointSet internal = SetOf(service.internal_traffic_policy);
  const EndpointSet external = SetOf(service.external_traffic_policy);
  Collector frontends(port.protocol, family);
  frontends.Add(service.cluster_ips, port.port, FrontendKind::kClusterIp, internal, internal);
  const auto add = [&](const std::vector<IpAddress>& addresses, uint16_t number,
                       FrontendKind kind) {
    if (context.direct_return && external == EndpointSet::kCluster) {
      frontends.AddRelaying(addresses, number, kind);
    } else {
      frontends.Add(addresses, number, kind, EndpointSet::kCluster, external);
    }
  };
  // First: its source ranges are for the address, whoever else gives it.
  add(LoadBalancerAddresses(service), port.port, FrontendKind::kLoadBalancer);
  add(service.external_ips, port.port, FrontendKind::kExternalIp);
  if (HasNodePorts(service) && port.node_port != 0) {
    add(context.node_port_addresses, port.node_port, FrontendKind::kNodePort);
  }
  return frontends.Take();
}

std::vector<IpAddress> ImpossibleAddresses(const kube::Service& service) {
  std::vector<IpAddress> impossible;
  for (const std::vector<IpAddress>& addresses :
       {service.cluster_ips, service.external_ips, LoadBalancerAddresses(service)}) {
    std::ranges::copy_if(addresses, std::back_inserter(impossible), IsImpossible);
  }
  return impossible;
}

std::vector<Cidr> SourcesOf(const kube::Service& service, Family family,
                            const PlanContext& context) {
  std::vector<Cidr> sources;
  for (const Cidr& range : service.load_balancer_source_ranges) {
    if (range.address().family() != family) continue;
    if (range.prefix_length() == 0) return {};
    sources.push_back(range);
  }
  const bool node_may_come = std::ranges::any_of(sources, [&](const Cidr& range) {
    return std::ranges::any_of(context.node_addresses,
                               [&](const IpAddress& own) { return range.Contains(own); });
  });
  if (!node_may_come) return sources;
  for (const IpAddress& address : LoadBalancerAddresses(service)) {
    if (address.family() == family) sources.push_back(Cidr::Of(address));
  }
  return sources;
}

}  // namespace fairlead::plan
