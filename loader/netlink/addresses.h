// SPDX-License-Identifier: Apache-2.0
//
// Addresses of network interfaces, both families.
#ifndef FAIRLEAD_LOADER_NETLINK_ADDRESSES_H_
#define FAIRLEAD_LOADER_NETLINK_ADDRESSES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

struct InterfaceAddress {
  uint32_t link_index = 0;
  IpAddress address;
  int prefix_length = 32;
  uint8_t scope = 0;   // RT_SCOPE_*: universe 0, link 253, host 254
  uint32_t flags = 0;  // IFA_F_*
};

// IPv6 addresses skip duplicate address detection: ours are unique by
// allocation, and a pod must be able to use its address at once. An address
// that is there already is OK.
absl::Status AddAddress(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                        int prefix_length);
// An absent address (or link) is OK.
absl::Status DeleteAddress(NetlinkSocket& netlink, uint32_t link_index, const IpAddress& address,
                           int prefix_length);
// Of every link, IPv4 first, in kernel order (primary before secondary).
absl::StatusOr<std::vector<InterfaceAddress>> ListAddresses(NetlinkSocket& netlink);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_ADDRESSES_H_
