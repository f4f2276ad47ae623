// SPDX-License-Identifier: Apache-2.0
//
// Kernel routes of both families. Ours carry their own protocol number, so
// that a restart and `fairleadd cleanup` find exactly them and nobody else's.
#ifndef FAIRLEAD_LOADER_NETLINK_ROUTES_H_
#define FAIRLEAD_LOADER_NETLINK_ROUTES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

// rtm_protocol of every route that fairlead makes (rt_protos: not assigned).
inline constexpr uint8_t kRouteProtocol = 0xfa;

enum class RouteKind : uint8_t { kUnicast, kUnreachable };

struct Route {
  Cidr destination;
  RouteKind kind = RouteKind::kUnicast;
  uint32_t link_index = 0;                          // 0: found through the gateway, or unreachable
  std::optional<IpAddress> gateway = std::nullopt;  // none: the destination is on the link itself
  std::optional<IpAddress> source = std::nullopt;   // preferred source address
  bool gateway_on_link = false;  // RTNH_F_ONLINK: believe that the gateway is there
  uint32_t metric = 0;           // 0: the kernel's default
  uint32_t table = 254;          // RT_TABLE_MAIN
  uint8_t protocol = kRouteProtocol;

  std::string ToString() const;  // as `ip route` would say it
  friend auto operator<=>(const Route&, const Route&) = default;
};

// What ListRoutes returns; unset means any. Local, broadcast, multicast and
// multipath routes are never returned: fairlead makes none and needs none.
struct RouteFilter {
  std::optional<Family> family = std::nullopt;
  std::optional<uint32_t> table = 254;
  std::optional<uint8_t> protocol = std::nullopt;
};

// Adds, or replaces the route with the same destination, metric and table.
absl::Status ReplaceRoute(NetlinkSocket& netlink, const Route& route);
// An absent route is OK.
absl::Status DeleteRoute(NetlinkSocket& netlink, const Route& route);
absl::StatusOr<std::vector<Route>> ListRoutes(NetlinkSocket& netlink, const RouteFilter& filter);

// The devices of all default routes of the main table, those with several hops
// as well.
absl::StatusOr<std::set<uint32_t>> ListDefaultRouteLinks(NetlinkSocket& netlink);

// Whether a packet to `address` would be delivered in the socket's own
// namespace. IPv6 gets there a moment after AddAddress() has returned: the
// kernel leaves the last step to a work queue (net/ipv6/addrconf.c, DAD).
absl::StatusOr<bool> IsDeliveredLocally(NetlinkSocket& netlink, const IpAddress& address);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETLINK_ROUTES_H_
