// SPDX-License-Identifier: Apache-2.0
//
// The source ports that this host leaves to masquerading. Read once, at start:
// they are part of the programs.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_PORTS_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_PORTS_H_

#include "absl/status/statusor.h"
#include "loader/daemon/options.h"
#include "loader/plan/masquerade_ports.h"

namespace fairlead {

// --masquerade-ports, or what the sysctls of the calling thread's namespace and
// --service-node-port-range leave. Logs the choice.
absl::StatusOr<plan::PortRange> FindMasqueradePorts(const Options& options);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_PORTS_H_
