// SPDX-License-Identifier: Apache-2.0
//
// Which devices lead out of this node, and which addresses are the host's own.
// Looked up afresh whenever netlink says that something has changed.
#ifndef FAIRLEAD_LOADER_DAEMON_UPLINKS_H_
#define FAIRLEAD_LOADER_DAEMON_UPLINKS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "loader/apply/node_tables.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/plan/node_plan.h"

namespace fairlead {

struct HostNetwork {
  std::vector<apply::Uplink> uplinks;      // the node's own address first
  std::vector<std::string> uplink_names;   // in the same order
  std::vector<IpAddress> addresses;        // of all devices but loopback; sorted, each once
  std::vector<InterfaceAddress> on_links;  // those, by device, with their prefixes
  uint32_t mtu = 1500;                     // the smallest of the uplinks
  std::set<uint32_t> deserted;             // uplinks without a reason but `recent`
  std::map<uint32_t, std::string> guests;  // devices of another network's pods, and their names
  std::vector<std::string> problems;       // with the devices asked for

  // A device on whose subnet `address` is; 0: none.
  uint32_t LinkTo(const IpAddress& address) const;
};

struct HostQuestion {
  std::vector<std::string> devices = {};  // as --devices has them
  std::optional<plan::OwnNode> own = {};  // absent: no Node object yet
  bool has_guests = false;                // pods are another network's
  std::set<uint32_t> recent = {};         // devices that were uplinks a moment ago
};
absl::StatusOr<HostNetwork> LookAtHost(NetlinkSocket& netlink, const HostQuestion& question);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_UPLINKS_H_
