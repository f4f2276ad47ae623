// SPDX-License-Identifier: Apache-2.0
//
// A VXLAN device that keeps no table: each packet says to which node it goes and
// from which it came ("external", collect_metadata). Nothing is learnt, flooded
// or resolved on it, so nothing on it can go stale.
#ifndef FAIRLEAD_LOADER_NETLINK_VXLAN_H_
#define FAIRLEAD_LOADER_NETLINK_VXLAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/links.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

struct VxlanDevice {
  std::string name;
  MacAddress mac{};
  uint16_t port = 0;  // UDP, of both outer families
  uint32_t mtu = 1500;
};

// Down, without ARP and without an address of its own. AlreadyExists: the name,
// or another such device on the port.
absl::Status CreateVxlan(NetlinkSocket& netlink, const VxlanDevice& device);

struct FoundVxlan {
  Link link;
  bool is_as_created = false;  // by CreateVxlan, whatever the port
  uint16_t port = 0;
};
// The device of that name if it is a VXLAN device; FailedPrecondition if it is
// something else, nullopt if there is none.
absl::StatusOr<std::optional<FoundVxlan>> FindVxlan(NetlinkSocket& netlink,
                                                    const std::string& name);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_VXLAN_H_
