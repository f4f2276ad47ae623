// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/host_port_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::plan {
namespace {

kube::ObjectRef OwnerOf(const HostPortPod& pod) {
  return {kube::Kind::kPod, {pod.name_space, pod.name}};
}

class HostPortPlanner {
 public:
  explicit HostPortPlanner(const std::vector<IpAddress>& own) : own_(own) {}

  void Add(const HostPortPod& pod) {
    for (const HostPort& port : pod.ports) {
      bool placed = false;
      for (const std::optional<IpAddress>& address : {pod.ip4, pod.ip6}) {
        if (!address.has_value()) continue;
        const IpAddress vip = port.host_ip.value_or(IpAddress::Unspecified(address->family()));
        if (vip.family() != address->family()) continue;
        placed = true;
        Place(pod, {vip, port.host_port, port.protocol}, {*address, port.container_port});
      }
      if (!placed) {
        Complain(pod, fmt::format("hostPort {}: the pod has no address of the hostIP's family",
                                  port.host_port));
      }
    }
  }

  ServicePlan Take() { return std::move(plan_); }

 private:
  void Place(const HostPortPod& pod, const Frontend& frontend, const Endpoint& backend) {
    const IpAddress& vip = frontend.vip;
    if (!vip.IsUnspecified() && !vip.IsLoopback() && std::ranges::find(own_, vip) == own_.end()) {
      Complain(pod,
               fmt::format("hostPort {}: the address is not this node's", frontend.ToString()));
      return;
    }
    // Each frontend is a service port of its own: pods give no names to them.
    const ServicePortName name{.owner = OwnerOf(pod),
                               .port_name = frontend.ToString(),
                               .protocol = frontend.protocol,
                               .family = vip.family()};
    PlannedService planned;
    planned.frontends = {{.address = frontend, .kind = FrontendKind::kHostPort}};
    planned.backends = {{.endpoint = backend, .in_cluster = true, .local = true}};
    AddService(name, std::move(planned), "hostPort ", plan_);
  }

  void Complain(const HostPortPod& pod, std::string reason) {
    plan_.problems.push_back({OwnerOf(pod), std::move(reason)});
  }

  const std::vector<IpAddress>& own_;
  ServicePlan plan_;
};

}  // namespace

ServicePlan MakeHostPortPlan(const std::vector<HostPortPod>& pods,
                             const std::vector<IpAddress>& own) {
  std::vector<const HostPortPod*> in_order;
  for (const HostPortPod& pod : pods) {
    if (!pod.ports.empty()) in_order.push_back(&pod);
  }
  std::ranges::sort(in_order, [](const HostPortPod* a, const HostPortPod* b) {
    return std::tie(a->serial, a->name_space, a->name) <
           std::tie(b->serial, b->name_space, b->name);
  });
  HostPortPlanner planner(own);
  for (const HostPortPod* pod : in_order) planner.Add(*pod);
  return planner.Take();
}

void AddHostPorts(const ServicePlan& host_ports, ServicePlan& services) {
  services.problems.insert(services.problems.end(), host_ports.problems.begin(),
                           host_ports.problems.end());
  for (const auto& [name, planned] : host_ports.services) {
    AddService(name, planned, "hostPort ", services);
  }
}

}  // namespace fairlead::plan
