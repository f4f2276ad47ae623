// SPDX-License-Identifier: Apache-2.0
//
// The one VXLAN device of the node. It is made, mended and removed here; where
// its packets go is said by the programs on it and the tables they read.
#ifndef FAIRLEAD_LOADER_DAEMON_TUNNEL_DEVICE_H_
#define FAIRLEAD_LOADER_DAEMON_TUNNEL_DEVICE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/plan/reach_plan.h"

namespace fairlead {

inline constexpr char kTunnelDevice[] = "fl_vxlan";

// Its index. A right one that is there is adopted, a wrong one replaced. A new
// one is down: it must carry nothing before the hooks are on it.
absl::StatusOr<uint32_t> EnsureTunnelDevice(NetlinkSocket& netlink,
                                            const plan::RoutingOptions& options, uint32_t mtu);

// Once the hooks are attached. The error names the remedy if the port is taken.
absl::Status RaiseTunnelDevice(NetlinkSocket& netlink, const plan::RoutingOptions& options);

// Absent is OK; a device of the name that is no VXLAN device is not ours.
absl::Status RemoveTunnelDevice(NetlinkSocket& netlink);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_TUNNEL_DEVICE_H_
