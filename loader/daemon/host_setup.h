// SPDX-License-Identifier: Apache-2.0
//
// The routes by which the host's own kernel reaches the pods of other nodes.
// Each step that fails is noted; the others are done.
#ifndef FAIRLEAD_LOADER_DAEMON_HOST_SETUP_H_
#define FAIRLEAD_LOADER_DAEMON_HOST_SETUP_H_

#include "loader/apply/reconcile.h"
#include "loader/daemon/problem_log.h"
#include "loader/daemon/uplinks.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/plan/node_plan.h"

namespace fairlead {

// Routes to peers' blocks and the refusal of our own unused addresses. A route
// of somebody else with the same destination is left alone and named.
void SetUpRoutes(NetlinkSocket& netlink, const plan::NodePlan& nodes, const HostNetwork& host,
                 uint32_t tunnel_link, apply::Unasked unasked, ProblemLog& problems);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_HOST_SETUP_H_
