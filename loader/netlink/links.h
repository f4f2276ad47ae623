// SPDX-License-Identifier: Apache-2.0
//
// Network interfaces through rtnetlink: look, make veth pairs, change, delete.
#ifndef FAIRLEAD_LOADER_NETLINK_LINKS_H_
#define FAIRLEAD_LOADER_NETLINK_LINKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

struct Link {
  uint32_t index = 0;
  std::string name;
  std::string kind;   // IFLA_INFO_KIND: "veth", "bridge", …; "" for hardware and lo
  std::string alias;  // IFLA_IFALIAS
  uint32_t mtu = 0;
  MacAddress mac{};            // zero where the link has no 6-byte address
  uint32_t flags = 0;          // IFF_*
  uint32_t master_index = 0;   // 0: none
  uint32_t peer_index = 0;     // IFLA_LINK: of a veth's other end, where that is; 0: none
  int32_t peer_netns_id = -1;  // IFLA_LINK_NETNSID: that namespace, by its number here
  // IFLA_OPERSTATE is UP: has carrier, and the kernel has acted on it. Before
  // that a link with carrier still drops what it is to send.
  bool is_operational = false;

  bool is_up() const;
  bool has_carrier() const;  // IFF_LOWER_UP
  bool is_loopback() const;
};

// Both ends of a veth pair, made in one request, so that the pod's end is
// never seen in the node's namespace.
struct VethPair {
  std::string host_name;
  uint32_t host_index = 0;  // chosen by us; 0 lets the kernel choose
  MacAddress host_mac{};
  std::string peer_name;
  MacAddress peer_mac{};
  int peer_netns_fd = -1;  // -1: the same namespace
  uint32_t mtu = 1500;     // of both ends
};

absl::Status CreateVeth(NetlinkSocket& netlink, const VethPair& pair);
// An absent link is OK. A veth's peer goes with it.
absl::Status DeleteLink(NetlinkSocket& netlink, uint32_t index);

absl::Status SetLinkUp(NetlinkSocket& netlink, uint32_t index);
absl::Status SetLinkMtu(NetlinkSocket& netlink, uint32_t index, uint32_t mtu);
absl::Status SetLinkMac(NetlinkSocket& netlink, uint32_t index, const MacAddress& mac);
absl::Status SetLinkAlias(NetlinkSocket& netlink, uint32_t index, const std::string& alias);
// No IPv6 link-local address of its own; to be said before the link goes up.
absl::Status SetNoIpv6LinkLocal(NetlinkSocket& netlink, uint32_t index);

absl::StatusOr<std::vector<Link>> ListLinks(NetlinkSocket& netlink);
// nullopt: no such link. Unlike a list, asking for one link makes the kernel
// (6.8 and newer) first act on a carrier that has just come up.
absl::StatusOr<std::optional<Link>> FindLink(NetlinkSocket& netlink, uint32_t index);
absl::StatusOr<std::optional<Link>> FindLink(NetlinkSocket& netlink, const std::string& name);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_LINKS_H_
