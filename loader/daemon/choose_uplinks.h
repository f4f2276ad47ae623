// SPDX-License-Identifier: Apache-2.0
//
// Which devices lead out of this node. Pure: what netlink says goes in.
//
//   --devices        the names and patterns that it lists
//   without          devices with an address of the Node, or a default route;
//                    one that has just lost both stays for a while, because
//                    its flows would meet the host's stack and be reset
//   with guests      also the tunnels, with an address, by which their network
//                    reaches the pods of other nodes
//
// Never: loopback, pods, fairlead's own devices, what carries no Ethernet, and
// ports of a bridge or bond, whose master sees the packets.
#ifndef FAIRLEAD_LOADER_DAEMON_CHOOSE_UPLINKS_H_
#define FAIRLEAD_LOADER_DAEMON_CHOOSE_UPLINKS_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/plan/node_plan.h"

namespace fairlead {

struct HostView {
  std::vector<Link> links;
  std::vector<InterfaceAddress> addresses;
  std::set<uint32_t> default_routes = {};  // devices
  std::set<uint32_t> recent = {};          // devices that were uplinks a moment ago
  bool has_guests = false;                 // pods are another network's
};

struct ChosenUplinks {
  std::vector<const Link*> links;     // of the view; those with an address of the Node first
  std::set<uint32_t> deserted;        // of them, those that only `recent` asks for
  std::vector<std::string> problems;  // with --devices
};

// Names as `--devices` has them: "eth0"; "eth+" and "ens*" stand for all that begin so.
ChosenUplinks ChooseUplinks(const HostView& view, const std::vector<std::string>& devices,
                            const std::optional<plan::OwnNode>& own);

// Pods of another network by their devices here: veth pairs whose other end is in another
// namespace. Uplinks are none; in a node that is a container itself they look the same.
std::vector<const Link*> ChooseGuests(const HostView& view, const ChosenUplinks& uplinks);

// The address to masquerade with: the Node's if it is on the device, otherwise the first that
// is meant to last.
std::optional<IpAddress> ChooseAddress(const HostView& view, uint32_t ifindex, Family family,
                                       const std::optional<plan::OwnNode>& own);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_CHOOSE_UPLINKS_H_
