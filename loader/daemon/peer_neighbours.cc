// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/peer_neighbours.h"

#include <linux/neighbour.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/status_macros.h"
#include "loader/netlink/neighbours.h"

namespace fairlead {

absl::Status PeerNeighbours::Follow(NetlinkSocket& netlink, const plan::NodePlan& nodes) {
  std::set<Peer> peers;
  for (const plan::PeerNode& peer : nodes.peers) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (peer.Of(family).has_value()) peers.emplace(peer.name, *peer.Of(family));
    }
  }
  std::vector<Peer> changed;
  if (followed_) std::ranges::set_symmetric_difference(peers, peers_, std::back_inserter(changed));
  if (!changed.empty()) {
    std::set<IpAddress> addresses;
    for (const Peer& peer : changed) addresses.insert(peer.second);
    FL_ASSIGN_OR_RETURN(const std::vector<Neighbour> neighbours, ListNeighbours(netlink));
    for (const Neighbour& neighbour : neighbours) {
      if (!addresses.contains(neighbour.address)) continue;
      if ((neighbour.state & (NUD_PERMANENT | NUD_NOARP)) != 0) continue;
      FL_RETURN_IF_ERROR(DeleteNeighbour(netlink, neighbour.link_index, neighbour.address));
    }
  }
  peers_ = std::move(peers);
  followed_ = true;
  return absl::OkStatus();
}

}  // namespace fairlead
