// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/routes.h"

namespace fairlead {
namespace {

constexpr char kRemedy[] = "delete the pod, so that it is made anew";

absl::Status Wrong(const std::string& what, const std::string& remedy = kRemedy) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", what, remedy));
}

absl::Status CheckAddresses(const LocalPod& pod, const ExpectedPod& expected) {
  for (const IpAddress& address : expected.addresses) {
    if (pod.ip4 != address && pod.ip6 != address) {
      return Wrong(fmt::format("{} of the pod is not the address that is reserved for it",
                               address.ToString()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHostRoutes(NetlinkSocket& host, const LocalPod& pod) {
  FL_ASSIGN_OR_RETURN(const auto routes, ListRoutes(host, {.protocol = kRouteProtocol}));
  FL_ASSIGN_OR_RETURN(const auto neighbours, ListNeighbours(host));
  for (const std::optional<IpAddress>& address : {pod.ip4, pod.ip6}) {
    if (!address) continue;
    const bool routed = std::ranges::any_of(routes, [&](const Route& route) {
      return route.link_index == pod.ifindex && route.destination.address() == *address;
    });
    if (!routed) {
      return Wrong(fmt::format("the node's route to {} is missing", address->ToString()),
                   fmt::format("ip route add {}/{} dev {} proto {}", address->ToString(),
                               AddressBits(address->family()), pod.host_device, kRouteProtocol));
    }
    const bool known = std::ranges::any_of(neighbours, [&](const Neighbour& neighbour) {
      return neighbour.link_index == pod.ifindex && neighbour.address == *address &&
             neighbour.mac == pod.mac;
    });
    if (!known) {
      return Wrong(fmt::format("the node's neighbour entry of {} is missing", address->ToString()),
                   fmt::format("ip neigh replace {} lladdr {} dev {} nud permanent",
                               address->ToString(), MacToString(pod.mac), pod.host_device));
    }
  }
  return absl::OkStatus();
}

// The host end, which it returns.
absl::StatusOr<Link> CheckHostEnd(NetlinkSocket& host, const LocalPod& pod) {
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(host, pod.ifindex));
  if (!link) return Wrong(fmt::format("the host end {} of the veth pair is gone", pod.host_device));
  if (link->kind != "veth" || link->name != pod.host_device) {
    return Wrong(fmt::format("the host end of the veth pair is {}, it should be {}", link->name,
                             pod.host_device),
                 fmt::format("rename it back, or {}", kRemedy));
  }
  if (!link->is_up()) {
    return Wrong(fmt::format("the host end {} is down", pod.host_device),
                 fmt::format("ip link set {} up", pod.host_device));
  }
  FL_RETURN_IF_ERROR(CheckHostRoutes(host, pod));
  return *link;
}

absl::Status CheckPodLink(const Link& own, const Link& host_end, const ExpectedPod& expected) {
  if (own.kind != "veth" || (expected.mac && own.mac != *expected.mac)) {
    return Wrong(fmt::format("{} in the pod is another interface, or has another MAC ({})",
                             own.name, MacToString(own.mac)));
  }
  if (!own.is_up()) {
    return Wrong(fmt::format("{} in the pod is down", own.name),
                 fmt::format("ip link set {} up, in the pod", own.name));
  }
  // Smaller is another plugin's right. Larger is what gets lost on the way.
  if (own.mtu > host_end.mtu) {
    return Wrong(fmt::format("the MTU of {} in the pod is {}, more than its host end's {}",
                             own.name, own.mtu, host_end.mtu),
                 fmt::format("ip link set {} mtu {}, in the pod", own.name, host_end.mtu));
  }
  return absl::OkStatus();
}

absl::Status CheckPodEnd(const LocalPod& pod, const Link& host_end, const ExpectedPod& expected,
                         int netns_fd) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket inside, NetlinkSocket::OpenIn(netns_fd));
  FL_ASSIGN_OR_RETURN(const std::optional<Link> own, FindLink(inside, pod.interface_name));
  if (!own) {
    return Wrong(fmt::format("the pod's end of the veth pair, {}, is not in its namespace",
                             pod.interface_name));
  }
  FL_RETURN_IF_ERROR(CheckPodLink(*own, host_end, expected));
  FL_ASSIGN_OR_RETURN(const auto addresses, ListAddresses(inside));
  for (const IpAddress& address : expected.addresses) {
    const bool present = std::ranges::any_of(addresses, [&](const InterfaceAddress& entry) {
      return entry.link_index == own->index && entry.address == address;
    });
    if (present) continue;
    return Wrong(
        fmt::format("{} in the pod has lost its address {}", own->name, address.ToString()));
  }
  FL_ASSIGN_OR_RETURN(const auto routes, ListRoutes(inside, {}));
  for (const Family family : expected.default_routes) {
    const bool present = std::ranges::any_of(routes, [&](const Route& route) {
      return route.destination.prefix_length() == 0 && route.link_index == own->index &&
             route.gateway == GatewayAddress(family);
    });
    if (present) continue;
    return Wrong(fmt::format("the pod has lost its {} default route by {} on {}",
                             FamilyName(family), GatewayAddress(family).ToString(), own->name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWire(NetlinkSocket& host, const LocalPod& pod, const ExpectedPod& expected,
                       int netns_fd) {
  FL_RETURN_IF_ERROR(CheckAddresses(pod, expected));
  FL_ASSIGN_OR_RETURN(const Link host_end, CheckHostEnd(host, pod));
  return CheckPodEnd(pod, host_end, expected, netns_fd);
}

}  // namespace fairlead
