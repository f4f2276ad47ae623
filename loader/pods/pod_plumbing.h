// SPDX-License-Identifier: Apache-2.0
//
// A pod's wire: the veth pair, and what each end needs to know.
//
//        pod's namespace       ┊        node's namespace
//                              ┊
//   eth0  podIP/32, podIP/128 ─┊─ fl00042   no address
//     default via 169.254.1.1  ┊     podIP → dev fl00042, permanent neighbour
//     default via fe80::1      ┊     rp_filter 0, accept_ra 0, forwarding 1
//
// The gateway addresses exist nowhere: from_pod answers for them. The host
// end's routes and neighbours serve the node's own processes (kubelet probes);
// pods are reached by redirect.
#ifndef FAIRLEAD_LOADER_PODS_POD_PLUMBING_H_
#define FAIRLEAD_LOADER_PODS_POD_PLUMBING_H_

#include "absl/status/status.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/pods/local_pod.h"

namespace fairlead {

// Makes both ends, up and configured. `host` is a socket of the node's
// namespace, which must be the calling thread's. On failure nothing is left.
absl::Status PlumbPod(NetlinkSocket& host, const LocalPod& pod, int netns_fd);

// Removes the pair, and with it routes, neighbours and attached programs. A
// pair that is gone (its namespace has ended) is OK.
absl::Status UnplumbPod(NetlinkSocket& host, const LocalPod& pod);

// The last step of an attachment is to write this alias onto the host end. A
// host end without it belongs to an ADD that was cut short.
std::string CompletedAlias(const LocalPod& pod);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_POD_PLUMBING_H_
