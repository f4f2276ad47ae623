// SPDX-License-Identifier: Apache-2.0
//
// Host ports of this node's pods → frontends like those of Services, each with
// the one pod as its backend.
//
//   pod shop/web, hostPort 8080 → 80     0.0.0.0:8080 → 10.1.0.5:80
//                                           [::]:8080 → [fd00:1::5]:80
//
// The unspecified address stands for every address of the node, and for
// 127.0.0.1 and ::1 to its own processes.
#ifndef FAIRLEAD_LOADER_PLAN_HOST_PORT_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_HOST_PORT_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {

// What a pod has asked for.
struct HostPort {
  Protocol protocol = Protocol::kTcp;
  uint16_t host_port = 0;
  uint16_t container_port = 0;
  std::optional<IpAddress> host_ip = std::nullopt;  // none or unspecified: every address
};

struct HostPortPod {
  std::string name_space;
  std::string name;
  uint64_t serial = 0;  // grows with every pod of this node
  std::optional<IpAddress> ip4 = std::nullopt;
  std::optional<IpAddress> ip6 = std::nullopt;
  std::vector<HostPort> ports;
};

// Of two pods that want one port of one address the older has it; the younger
// gets it when that one goes. An address that is neither one of `own` nor
// loopback is a problem: a pod could take other people's traffic with it.
ServicePlan MakeHostPortPlan(const std::vector<HostPortPod>& pods,
                             const std::vector<IpAddress>& own);

// Adds the host ports to the Services. One that has a Service's very address
// and port is a problem, and the Service stays.
void AddHostPorts(const ServicePlan& host_ports, ServicePlan& services);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_HOST_PORT_PLAN_H_
