// SPDX-License-Identifier: Apache-2.0
#include "loader/plan/host_port_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace fairlead::plan {
namespace {

IpAddress EveryAddress(Family family) {
  const uint8_t zero[16] = {};
  return IpAddress::FromBytes(family, zero);
}

bool IsLoopback(const IpAddress& address) {
  if (address.family() == Family::kIpv4) return address.bytes()[0] == 127;
  return address == EveryAddress(Family::kIpv6).Plus(1);
}

class HostPortPlanner {
 public:
  explicit HostPortPlanner(const std::vector<IpAddress>& own) : own_(own) {}

  void Add(const HostPortPod& pod) {
    for (const HostPort& port : pod.ports) {
      bool placed = false;
      for (const std::optional<IpAddress>& address : {pod.ip4, pod.ip6}) {
        if (!address.has_value()) continue;
        const IpAddress vip = port.host_ip.value_or(EveryAddress(address->family()));
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
    if (!vip.IsUnspecified() && !IsLoopback(vip) && std::ranges::find(own_, vip) == own_.end()) {
      Complain(pod,
               fmt::format("hostPort {}: the address is not this node's", frontend.ToString()));
      return;
    }
    PlannedService planned;
    planned.name_space = pod.name_space;
    planned.name = pod.name;
    planned.backends = {
        {.endpoint = backend, .state = BackendState::kReady, .local = true, .node = ""}};
    planned.on_host = true;
    const auto [entry, added] = plan_.services.try_emplace(frontend, std::move(planned));
    if (added) return;
    Complain(pod, fmt::format("hostPort {} belongs to pod {}/{} already", frontend.ToString(),
                              entry->second.name_space, entry->second.name));
  }

  void Complain(const HostPortPod& pod, std::string reason) {
    plan_.problems.push_back({{kube::Kind::kPod, {pod.name_space, pod.name}}, std::move(reason)});
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
  for (const auto& [frontend, planned] : host_ports.services) {
    const auto [entry, added] = services.services.try_emplace(frontend, planned);
    if (added) continue;
    services.problems.push_back(
        {{kube::Kind::kPod, {planned.name_space, planned.name}},
         fmt::format("hostPort {} belongs to Service {}/{} already", frontend.ToString(),
                     entry->second.name_space, entry->second.name)});
  }
}

}  // namespace fairlead::plan
