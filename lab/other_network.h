// SPDX-License-Identifier: Apache-2.0
//
// Another network in fairlead's place, for `fairleadd --mode proxy`: the plugins of
// containernetworking as clusters run them, with the node's part of flannel's host-gw.
//
//   bridge   pods are ports of cni0, which has the gateway's address
//   ptp      each pod has a link of its own, and the node a route to it
#ifndef FAIRLEAD_LAB_OTHER_NETWORK_H_
#define FAIRLEAD_LAB_OTHER_NETWORK_H_

#include <string>

#include "absl/status/status.h"
#include "lab/objects.h"
#include "lab/topology.h"

namespace fairlead::lab {

// What runs on ADD and DEL, and its configuration. `data_folder` is for its addresses.
std::string OtherPlugin(const Fabric& fabric);
Object OtherConfiguration(const Fabric& fabric, int node, const std::string& data_folder);

// Forwarding, masquerade and routes to the nodes that are there already, and from them.
absl::Status JoinOtherNetwork(const std::string& lab, const Fabric& fabric, int node);

}  // namespace fairlead::lab

#endif  // FAIRLEAD_LAB_OTHER_NETWORK_H_
