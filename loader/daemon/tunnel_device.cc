// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/tunnel_device.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/log.h"
#include "base/status_macros.h"
#include "loader/netlink/links.h"
#include "loader/netlink/sysctls.h"
#include "loader/netlink/vxlan.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {
namespace {

// The same on every node, so that an inner frame to it is always for the device
// that receives it.
constexpr MacAddress kMac = FL_GATEWAY_MAC;

bool IsRight(const FoundVxlan& found, const plan::RoutingOptions& options) {
  return found.is_as_created && found.port == options.tunnel_port && found.link.mac == kMac;
}

absl::Status PortIsTaken(const plan::RoutingOptions& options, const absl::Status& status) {
  return absl::FailedPreconditionError(fmt::format(
      "UDP port {} is somebody else's ({}): remove the VXLAN device or the program that has it, or "
      "give every node another --tunnel-port",
      options.tunnel_port, std::string(status.message())));
}

absl::Status Create(NetlinkSocket& netlink, const plan::RoutingOptions& options, uint32_t mtu) {
  const absl::Status status = CreateVxlan(
      netlink, {.name = kTunnelDevice, .mac = kMac, .port = options.tunnel_port, .mtu = mtu});
  if (absl::IsAlreadyExists(status)) return PortIsTaken(options, status);
  return status;
}

// No filter, because the device has no IPv4 address: of such a device even the
// loose filter takes only what the routes lead back to, and a peer node that answers
// for a pod's host port is behind the uplink. The kernel takes the larger of this
// and the setting for all devices; where that is strict, loose is the best there is.
absl::Status RelaxReturnPath() {
  const absl::StatusOr<std::string> all =
      ReadSysctl(DeviceSysctl(Family::kIpv4, "all", "rp_filter"));
  const bool strict = all.ok() && *all == "1";
  return EnsureSysctl(DeviceSysctl(Family::kIpv4, kTunnelDevice, "rp_filter"), strict ? "2" : "0");
}

// Nodes may have set the default for new devices to "no IPv6".
absl::Status AllowIpv6() {
  const absl::Status status =
      EnsureSysctl(DeviceSysctl(Family::kIpv6, kTunnelDevice, "disable_ipv6"), "0");
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::StatusOr<uint32_t> EnsureTunnelDevice(NetlinkSocket& netlink,
                                            const plan::RoutingOptions& options, uint32_t mtu) {
  FL_ASSIGN_OR_RETURN(std::optional<FoundVxlan> found, FindVxlan(netlink, kTunnelDevice));
  if (found.has_value() && !IsRight(*found, options)) {
    LogInfo("device={} is not as it should be: made again", kTunnelDevice);
    FL_RETURN_IF_ERROR(DeleteLink(netlink, found->link.index));
    found.reset();
  }
  if (!found.has_value()) {
    FL_RETURN_IF_ERROR(Create(netlink, options, mtu));
    FL_ASSIGN_OR_RETURN(found, FindVxlan(netlink, kTunnelDevice));
    if (!found.has_value()) return absl::NotFoundError("the tunnel device is gone again");
    LogInfo("device={} made: VXLAN on UDP port {}, mtu={}", kTunnelDevice, options.tunnel_port,
            mtu);
  }
  if (found->link.mtu != mtu) FL_RETURN_IF_ERROR(SetLinkMtu(netlink, found->link.index, mtu));
  FL_RETURN_IF_ERROR(RelaxReturnPath());
  FL_RETURN_IF_ERROR(AllowIpv6());
  return found->link.index;
}

absl::Status RaiseTunnelDevice(NetlinkSocket& netlink, const plan::RoutingOptions& options) {
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link,
                      FindLink(netlink, std::string(kTunnelDevice)));
  if (!link.has_value()) return absl::NotFoundError("the tunnel device is gone");
  if (link->is_up()) return absl::OkStatus();
  const absl::Status status = SetLinkUp(netlink, link->index);
  // EADDRINUSE: the kernel binds the port only now.
  if (absl::IsFailedPrecondition(status)) {
    return PortIsTaken(options, status);
  }
  return status;
}

absl::Status RemoveTunnelDevice(NetlinkSocket& netlink) {
  const absl::StatusOr<std::optional<FoundVxlan>> found = FindVxlan(netlink, kTunnelDevice);
  if (absl::IsFailedPrecondition(found.status())) return absl::OkStatus();
  if (!found.ok()) return found.status();
  return found->has_value() ? DeleteLink(netlink, (*found)->link.index) : absl::OkStatus();
}

}  // namespace fairlead
