// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/monitor.h"

#include <libmnl/libmnl.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/errno_status.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {
namespace {

// Enough for the burst of a node that boots; more is reported as "everything".
constexpr int kReceiveBytes = 1 << 20;

uint32_t LinkOf(const nlmsghdr* message) {
  const void* payload = mnl_nlmsg_get_payload(message);
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return static_cast<uint32_t>(static_cast<const ifinfomsg*>(payload)->ifi_index);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return static_cast<const ifaddrmsg*>(payload)->ifa_index;
    case RTM_DELTFILTER:
    case RTM_DELQDISC:
      return static_cast<uint32_t>(static_cast<const tcmsg*>(payload)->tcm_ifindex);
    case RTM_NEWNETCONF:
      return NetlinkAttributes<NETCONFA_MAX>(message, sizeof(netconfmsg)).U32(NETCONFA_IFINDEX);
    default:
      return NetlinkAttributes<RTA_MAX>(message, sizeof(rtmsg)).U32(RTA_OIF);
  }
}

// The device no longer forwards, or filters strictly (ip-sysctl: rp_filter).
bool IsSpoilt(const nlmsghdr* message) {
  const NetlinkAttributes<NETCONFA_MAX> attributes(message, sizeof(netconfmsg));
  return attributes.U32(NETCONFA_FORWARDING, 1) == 0 || attributes.U32(NETCONFA_RP_FILTER, 0) == 1;
}

constexpr uint32_t GroupBit(rtnetlink_groups group) { return 1U << (group - 1); }

}  // namespace

absl::StatusOr<NetworkMonitor> NetworkMonitor::Open(uint32_t ignore_first, uint32_t ignore_count) {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!socket.ok()) return ErrnoStatus(errno, "open netlink monitor");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                      RTMGRP_IPV6_ROUTE | RTMGRP_TC | GroupBit(RTNLGRP_IPV4_NETCONF) |
                      GroupBit(RTNLGRP_IPV6_NETCONF);
  const void* raw = &address;
  if (::bind(socket.get(), static_cast<const sockaddr*>(raw), sizeof(address)) < 0) {
    return ErrnoStatus(errno, "subscribe to network changes");
  }
  // Best effort: a small buffer only makes "everything changed" more frequent.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBytes, sizeof(kReceiveBytes));
  return NetworkMonitor(std::move(socket), ignore_first, ignore_count);
}

void NetworkMonitor::Count(int left, NetworkChanges* changes) const {
  const void* start = buffer_.data();
  for (const auto* message = static_cast<const nlmsghdr*>(start); mnl_nlmsg_ok(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    bool* changed = nullptr;
    switch (message->nlmsg_type) {
      case RTM_DELLINK:
        if (IsIgnored(LinkOf(message))) changes->gone_links.insert(LinkOf(message));
        changed = &changes->links;
        break;
      case RTM_NEWLINK:
        changed = &changes->links;
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        changed = &changes->addresses;
        break;
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        changed = &changes->routes;
        break;
      case RTM_DELTFILTER:
      case RTM_DELQDISC:
        changes->unfiltered_links.insert(LinkOf(message));
        continue;
      case RTM_NEWNETCONF:
        if (IsIgnored(LinkOf(message)) && IsSpoilt(message)) {
          changes->spoilt_links.insert(LinkOf(message));
        }
        changed = &changes->sysctls;
        break;
      default:
        continue;
    }
    if (!IsIgnored(LinkOf(message))) *changed = true;
  }
}

absl::StatusOr<NetworkChanges> NetworkMonitor::Drain() {
  NetworkChanges changes;
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got >= 0) {
      Count(static_cast<int>(got), &changes);
    } else if (errno == ENOBUFS) {
      changes = {
          .links = true, .addresses = true, .routes = true, .sysctls = true, .lost_events = true};
    } else if (errno == EAGAIN) {
      return changes;
    } else if (errno != EINTR) {
      return ErrnoStatus(errno, "read network changes");
    }
  }
}

}  // namespace fairlead
