// SPDX-License-Identifier: Apache-2.0
//
// nf_conntrack's connections with a translated destination: what a proxy made
// of iptables or nftables rules is in the middle of.
#ifndef FAIRLEAD_LOADER_NETFILTER_CONNTRACK_H_
#define FAIRLEAD_LOADER_NETFILTER_CONNTRACK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"

namespace fairlead {

struct TrackedConnection {
  Protocol protocol = Protocol::kTcp;  // one with ports
  // Packets of the client, and those that answer it, as they arrive here.
  Endpoint source, destination;
  Endpoint reply_source, reply_destination;
  // Both ends have spoken; TCP: and neither has closed.
  bool established = false;
  // TCP: the shift of either end's window, the client's first.
  std::array<uint8_t, 2> window_scale = {0, 0};
  uint16_t zone = 0;

  friend bool operator==(const TrackedConnection&, const TrackedConnection&) = default;
};

// `netfilter` speaks NETLINK_NETFILTER. None, if the kernel has no conntrack.
absl::StatusOr<std::vector<TrackedConnection>> ListTranslatedConnections(NetlinkSocket& netfilter);

// The kernel forgets it. An absent one is OK.
absl::Status DeleteConnection(NetlinkSocket& netfilter, const TrackedConnection& connection);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETFILTER_CONNTRACK_H_
