// SPDX-License-Identifier: Apache-2.0
//
// UDP sockets of the node's processes that are connected, and Services → which
// of them must be connected anew. The kernel asks no program of ours when such a
// socket sends, so its backend is as it was when it was connected.
#ifndef FAIRLEAD_LOADER_PLAN_SOCKET_PLAN_H_
#define FAIRLEAD_LOADER_PLAN_SOCKET_PLAN_H_

#include <optional>
#include <vector>

#include "base/ip.h"
#include "loader/plan/service_plan.h"

namespace fairlead::plan {

struct HostSocket {
  Endpoint peer;                  // whom it sends to
  std::optional<Endpoint> named;  // whom the process believes to send to; none: just that
};

// The address to connect the socket to once more; nullopt: it is right where it is. Anew goes:
// - one whose backend is gone, to the Service it has named,
// - one whose Service is gone, to the address alone: the backend's may be another pod's soon,
// - one that has named a Service which had no backend, or did not exist, then, and has one now.
std::optional<Endpoint> ConnectAnew(const HostSocket& socket, const ServicePlan& plan,
                                    const std::vector<IpAddress>& node_addresses);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_SOCKET_PLAN_H_
