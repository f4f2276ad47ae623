// SPDX-License-Identifier: Apache-2.0
//
// A number that changes when the host's own routes do: flows to the world then
// look for their way out again. Routes of fairlead and to its pods do not count.
#ifndef FAIRLEAD_LOADER_DAEMON_ROUTE_FINGERPRINT_H_
#define FAIRLEAD_LOADER_DAEMON_ROUTE_FINGERPRINT_H_

#include <cstddef>

#include "loader/daemon/problem_log.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

size_t FingerprintRoutes(NetlinkSocket& netlink, ProblemLog& problems);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_ROUTE_FINGERPRINT_H_
