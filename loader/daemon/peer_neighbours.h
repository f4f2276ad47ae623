// SPDX-License-Identifier: Apache-2.0
//
// PeerNeighbours: a node that joins with the address of one that left, as
// replaced machines do, has another MAC address. The kernel would go on sending
// to the old one until its neighbour entry ages, about 50 seconds: tunnelled
// and routed packets confirm nothing. So what was resolved for a peer's address
// goes when the peer comes or goes.
#ifndef FAIRLEAD_LOADER_DAEMON_PEER_NEIGHBOURS_H_
#define FAIRLEAD_LOADER_DAEMON_PEER_NEIGHBOURS_H_

#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/ip.h"
#include "loader/netlink/netlink_socket.h"
#include "loader/plan/node_plan.h"

namespace fairlead {

class PeerNeighbours {
 public:
  // The first call only remembers: a restart of the daemon is no news of the peers. Entries that
  // an administrator made permanent stay.
  absl::Status Follow(NetlinkSocket& netlink, const plan::NodePlan& nodes);

 private:
  using Peer = std::pair<std::string, IpAddress>;  // Node's name, one of its addresses

  bool followed_ = false;
  std::set<Peer> peers_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_DAEMON_PEER_NEIGHBOURS_H_
