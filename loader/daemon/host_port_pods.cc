// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/host_port_pods.h"

namespace fairlead {

std::vector<plan::HostPortPod> PodsWithHostPorts(const std::map<AttachmentId, LocalPod>& pods) {
  std::vector<plan::HostPortPod> result;
  for (const auto& [id, pod] : pods) {
    if (pod.port_mappings.empty()) continue;
    plan::HostPortPod& asked = result.emplace_back();
    asked.name_space = pod.name_space;
    asked.name = pod.name;
    asked.serial = pod.serial;
    asked.ip4 = pod.ip4;
    asked.ip6 = pod.ip6;
    for (const PortMapping& mapping : pod.port_mappings) {
      asked.ports.push_back({.protocol = mapping.protocol,
                             .host_port = mapping.host_port,
                             .container_port = mapping.container_port,
                             .host_ip = mapping.host_ip});
    }
  }
  return result;
}

}  // namespace fairlead
