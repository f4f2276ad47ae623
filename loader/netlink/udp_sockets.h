// SPDX-License-Identifier: Apache-2.0
//
// Connected UDP sockets of a network namespace, by sock_diag(7). Whose they are
// the kernel does not say; inode and cookie lead to it.
#ifndef FAIRLEAD_LOADER_NETLINK_UDP_SOCKETS_H_
#define FAIRLEAD_LOADER_NETLINK_UDP_SOCKETS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip.h"

namespace fairlead {

struct UdpSocket {
  uint64_t cookie = 0;  // never used twice while the machine runs
  uint32_t inode = 0;   // as in /proc/PID/fd
  Endpoint peer;        // of a mapped address: IPv4
};

// Of the calling thread's namespace; both families.
absl::StatusOr<std::vector<UdpSocket>> ListConnectedUdpSockets();

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_UDP_SOCKETS_H_
