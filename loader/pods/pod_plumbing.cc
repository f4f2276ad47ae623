// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_plumbing.h"

#include <fmt/format.h>
#include <linux/neighbour.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status_macros.h"
#include "loader/netlink/addresses.h"
#include "loader/netlink/links.h"
#include "loader/netlink/neighbours.h"
#include "loader/netlink/netns.h"
#include "loader/netlink/routes.h"
#include "loader/netlink/sysctls.h"

namespace fairlead {
namespace {

constexpr uint32_t kLoopbackIndex = 1;  // LOOPBACK_IFINDEX, in every namespace

std::vector<IpAddress> AddressesOf(const LocalPod& pod) {
  std::vector<IpAddress> addresses;
  if (pod.ip4) addresses.push_back(*pod.ip4);
  if (pod.ip6) addresses.push_back(*pod.ip6);
  return addresses;
}

absl::Status SetHostSysctls(const LocalPod& pod) {
  // Loose, not off: the stack takes the larger of this value and that of `all`, which may be
  // strict (loader/daemon/wanted_sysctls.h).
  FL_RETURN_IF_ERROR(EnsureSysctl(DeviceSysctl(Family::kIpv4, pod.host_device, "rp_filter"), "2"));
  FL_RETURN_IF_ERROR(EnsureSysctl(DeviceSysctl(Family::kIpv4, pod.host_device, "forwarding"), "1"));
  if (!pod.ip6) return absl::OkStatus();
  // A pod must not be able to talk the node into routes or addresses.
  FL_RETURN_IF_ERROR(
      EnsureSysctl(DeviceSysctl(Family::kIpv6, pod.host_device, "disable_ipv6"), "0"));
  FL_RETURN_IF_ERROR(EnsureSysctl(DeviceSysctl(Family::kIpv6, pod.host_device, "accept_ra"), "0"));
  return EnsureSysctl(DeviceSysctl(Family::kIpv6, pod.host_device, "forwarding"), "1");
}

absl::Status RaiseHostEnd(NetlinkSocket& host, const LocalPod& pod) {
  FL_RETURN_IF_ERROR(SetHostSysctls(pod));
  if (pod.ip6) {
    FL_RETURN_IF_ERROR(SetNoIpv6LinkLocal(host, pod.ifindex));
  }
  return SetLinkUp(host, pod.ifindex);
}

// Asks until the answer is yes: two things below happen in the kernel's own
// time, usually within a fraction of a millisecond. ADD must not return before
// them, or the first packet to a new pod can be lost.
absl::Status WaitUntil(const std::string& what, const std::function<absl::StatusOr<bool>()>& done) {
  constexpr auto kLongest = std::chrono::seconds(2);
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < kLongest) {
    FL_ASSIGN_OR_RETURN(const bool yes, done());
    if (yes) return absl::OkStatus();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return absl::UnavailableError(fmt::format("wait until {}: too long", what));
}

// The host end got its carrier when the pod's end went up, but the kernel opens
// its send queue later, from a work queue (net/core/link_watch.c); until then
// it drops. From 6.8 on the question itself makes the kernel catch up.
absl::Status WaitUntilHostEndSends(NetlinkSocket& host, const LocalPod& pod) {
  return WaitUntil(fmt::format("{} is operational", pod.host_device),
                   [&]() -> absl::StatusOr<bool> {
                     FL_ASSIGN_OR_RETURN(const auto link, FindLink(host, pod.ifindex));
                     return link.has_value() && link->is_operational;
                   });
}

// An IPv6 address is acknowledged before the pod accepts packets to it.
absl::Status WaitUntilPodReceives(NetlinkSocket& inside, const LocalPod& pod) {
  if (!pod.ip6) return absl::OkStatus();
  return WaitUntil(fmt::format("{} is delivered in its pod", pod.ip6->ToString()),
                   [&] { return IsDeliveredLocally(inside, *pod.ip6); });
}

absl::Status RoutePodFromHost(NetlinkSocket& host, const LocalPod& pod) {
  for (const IpAddress& address : AddressesOf(pod)) {
    // Neighbour first: no packet may find the route and go asking for a MAC.
    FL_RETURN_IF_ERROR(PutNeighbour(host, pod.ifindex, address, pod.mac, NUD_PERMANENT));
    FL_RETURN_IF_ERROR(
        ReplaceRoute(host, {.destination = Cidr::Of(address), .link_index = pod.ifindex}));
  }
  return absl::OkStatus();
}

absl::Status RoutePodToGateway(NetlinkSocket& inside, const IpAddress& address, uint32_t index) {
  const Family family = address.family();
  const IpAddress gateway = GatewayAddress(family);
  FL_RETURN_IF_ERROR(AddAddress(inside, index, address, AddressBits(family)));
  Route everything{.destination = Cidr::Make(IpAddress::Unspecified(family), 0),
                   .link_index = index,
                   .gateway = gateway};
  if (family == Family::kIpv4) {
    FL_RETURN_IF_ERROR(
        ReplaceRoute(inside, {.destination = Cidr::Of(gateway), .link_index = index}));
    everything.source = address;
  }
  return ReplaceRoute(inside, everything);
}

// Some runtimes make namespaces with IPv6 switched off.
absl::Status AllowIpv6(const std::string& device) {
  FL_RETURN_IF_ERROR(EnsureSysctl(DeviceSysctl(Family::kIpv6, "lo", "disable_ipv6"), "0"));
  return EnsureSysctl(DeviceSysctl(Family::kIpv6, device, "disable_ipv6"), "0");
}

// A socket into the pod's namespace.
absl::StatusOr<NetlinkSocket> OpenInside(const LocalPod& pod, int netns_fd) {
  std::optional<NetlinkSocket> inside;
  const absl::Status status = RunInNetns(netns_fd, [&pod, &inside]() -> absl::Status {
    if (pod.ip6) {
      FL_RETURN_IF_ERROR(AllowIpv6(pod.interface_name));
    }
    FL_ASSIGN_OR_RETURN(inside, NetlinkSocket::Open());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return *std::move(inside);
}

absl::Status ConfigurePodEnd(const LocalPod& pod, int netns_fd) {
  FL_ASSIGN_OR_RETURN(NetlinkSocket inside, OpenInside(pod, netns_fd));
  FL_ASSIGN_OR_RETURN(const std::optional<Link> link, FindLink(inside, pod.interface_name));
  if (!link) {
    return absl::NotFoundError(
        fmt::format("{} vanished from the pod's namespace", pod.interface_name));
  }
  FL_RETURN_IF_ERROR(SetLinkUp(inside, kLoopbackIndex));
  FL_RETURN_IF_ERROR(SetLinkUp(inside, link->index));
  for (const IpAddress& address : AddressesOf(pod)) {
    FL_RETURN_IF_ERROR(RoutePodToGateway(inside, address, link->index));
  }
  return WaitUntilPodReceives(inside, pod);
}

absl::Status ConfigureBothEnds(NetlinkSocket& host, const LocalPod& pod, int netns_fd) {
  FL_RETURN_IF_ERROR(RaiseHostEnd(host, pod));
  FL_RETURN_IF_ERROR(ConfigurePodEnd(pod, netns_fd));
  FL_RETURN_IF_ERROR(RoutePodFromHost(host, pod));
  return WaitUntilHostEndSends(host, pod);
}

}  // namespace

absl::Status PlumbPod(NetlinkSocket& host, const LocalPod& pod, int netns_fd) {
  // A failure up to here deletes nothing: the index may be somebody else's.
  FL_RETURN_IF_ERROR(CreateVeth(host, {.host_name = pod.host_device,
                                       .host_index = pod.ifindex,
                                       .host_mac = GatewayMac(),
                                       .peer_name = pod.interface_name,
                                       .peer_mac = pod.mac,
                                       .peer_netns_fd = netns_fd,
                                       .mtu = pod.mtu}));
  const absl::Status status = ConfigureBothEnds(host, pod, netns_fd);
  if (status.ok()) return status;
  if (const absl::Status undone = UnplumbPod(host, pod); !undone.ok()) {
    return {status.code(), fmt::format("{}; undoing it failed too: {}",
                                       std::string(status.message()), undone.ToString())};
  }
  return status;
}

absl::Status UnplumbPod(NetlinkSocket& host, const LocalPod& pod) {
  return DeleteLink(host, pod.ifindex);
}

std::string CompletedAlias(const LocalPod& pod) {
  constexpr size_t kLongestAlias = 255;  // IFALIASZ and its zero
  return fmt::format("fairlead {} {}", pod.interface_name, pod.container_id)
      .substr(0, kLongestAlias);
}

}  // namespace fairlead
