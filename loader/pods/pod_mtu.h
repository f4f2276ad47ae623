// SPDX-License-Identifier: Apache-2.0
//
// The MTU of pods that are attached already. The host end is at hand; the pod's
// own end is looked for where the host end says that it is.
#ifndef FAIRLEAD_LOADER_PODS_POD_MTU_H_
#define FAIRLEAD_LOADER_PODS_POD_MTU_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// Sets the MTU of both ends of each pair. Returns the slots of pods whose own
// end was out of sight and so keeps its MTU; their host end has the new one.
// A pod whose pair is gone meanwhile is no error: its DEL is on the way.
absl::StatusOr<std::vector<uint32_t>> SetPodMtu(NetlinkSocket& host,
                                                const std::vector<LocalPod>& pods, uint32_t mtu);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_MTU_H_
