// SPDX-License-Identifier: Apache-2.0
//
// Attached pods → what the plan of host ports asks about them.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_PORT_PODS_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_PORT_PODS_H_

#include <map>
#include <vector>

#include "loader/plan/host_port_plan.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// Those that have any, in no order.
std::vector<plan::HostPortPod> PodsWithHostPorts(const std::map<AttachmentId, LocalPod>& pods);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_PORT_PODS_H_
