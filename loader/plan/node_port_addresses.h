// SPDX-License-Identifier: Apache-2.0
//
// Where NodePorts are served, as kube-proxy's --nodeport-addresses says it:
// words and address blocks, mixed.
//
//   primary     the Node's own InternalIPs, one of each family
//   localhost   127.0.0.1 and ::1: for this node's processes
//   all         every address of the node, loopback included
//   CIDR        those of the node's addresses that are in it, loopback included
//
// A family of which nothing is said, as only blocks of the other are there, has every address.
#ifndef FAIRLEAD_LOADER_PLAN_NODE_PORT_ADDRESSES_H_
#define FAIRLEAD_LOADER_PLAN_NODE_PORT_ADDRESSES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "loader/plan/node_plan.h"

namespace fairlead::plan {

// InvalidArgument, naming the first that is none of the above.
absl::Status CheckNodePortAddresses(const std::vector<std::string>& wanted);

// The addresses that checked words mean on this node, sorted; the unspecified address stands for
// every one of its family. A block that covers its whole family means all of it, as to kube-proxy.
// `present`: what the node's devices have.
std::vector<IpAddress> ResolveNodePortAddresses(const std::vector<std::string>& wanted,
                                                const NodeAddresses& own,
                                                const std::vector<IpAddress>& present);

}  // namespace fairlead::plan

#endif  // FAIRLEAD_LOADER_PLAN_NODE_PORT_ADDRESSES_H_
