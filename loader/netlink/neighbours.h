// SPDX-License-Identifier: Apache-2.0
//
// Neighbour entries (ARP, NDP): permanent ones for pods, and a look at what
// the kernel has resolved.
#ifndef FAIRLEAD_LOADER_NETLINK_NEIGHBOURS_H_
#define FAIRLEAD_LOADER_NETLINK_NEIGHBOURS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

struct Neighbour {
  uint32_t link_index = 0;
  IpAddress address;
  MacAddress mac{};    // zero while unresolved
  uint16_t state = 0;  // NUD_*
};

// `state`: NUD_PERMANENT, or as what the kernel's resolution would leave it.
absl::Status PutNeighbour(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                          const MacAddress& mac, uint16_t state);
// An absent entry is OK.
absl::Status DeleteNeighbour(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address);
absl::StatusOr<std::vector<Neighbour>> ListNeighbours(NetlinkSocket& netlink);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_NEIGHBOURS_H_
