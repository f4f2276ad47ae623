// SPDX-License-Identifier: Apache-2.0
//
// Is a pod's wire still as PlumbPod made it? For CNI CHECK. Only looks.
#ifndef FAIRLEAD_LOADER_PODS_POD_CHECK_H_
#define FAIRLEAD_LOADER_PODS_POD_CHECK_H_

#include "absl/status/status.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/pods/cni_protocol.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// FailedPrecondition with the first thing that is wrong and what helps.
// `expected` says which addresses and routes of the pod's end count: later
// plugins of a chain may have changed the others.
absl::Status CheckWire(NetlinkSocket& host, const LocalPod& pod, const ExpectedPod& expected,
                       int netns_fd);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_CHECK_H_
