// SPDX-License-Identifier: Apache-2.0
//
// NodeTables: who is where, into `nodes`, `prefixes`, `tunnel_peers`, `uplinks`, `node_state`.
#ifndef FAIRLEAD_LOADER_APPLY_NODE_TABLES_H_
#define FAIRLEAD_LOADER_APPLY_NODE_TABLES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loader/apply/number_queue.h"
#include "loader/apply/reconcile.h"
#include "loader/plan/node_plan.h"
#include "maps/tables.h"

namespace fairlead::apply {

// A device that leads out, and what masqueraded packets leave it with.
struct Uplink {
  uint32_t ifindex = 0;
  std::optional<IpAddress> ip4;
  std::optional<IpAddress> ip6;
  uint32_t mtu = 0;  // 0: not known

  friend bool operator==(const Uplink&, const Uplink&) = default;
};

// Where pods are seen with the node's address: everywhere outside of the
// cluster, but for `direct`.
struct MasqueradeRules {
  std::vector<Cidr> direct;  // pods keep their addresses there
  bool nodes = false;        // other nodes, too, unless they are in `direct`
};

struct NodeFacts {
  plan::NodePlan plan;
  std::vector<IpAddress> local_addresses;  // all of this node, for the host stack
  std::vector<Uplink> uplinks;             // the first leads where no other does
  size_t routes = 0;                       // another number when the host's routes have changed
  MasqueradeRules masquerade;
  uint32_t tunnel_overhead = 0;  // what a tunnel takes of an uplink's MTU
  uint32_t relay_overhead = 0;   // the same of what clients outside are relayed by
  uint32_t pod_mtu = 0;          // of this node's pods; 0: not known
  uint32_t tunnel_ifindex = 0;   // 0: no tunnels (now)
  // The device on whose subnet an address is, 0 for none: a peer there is its
  // own next hop, all others are left to the host's routes.
  std::function<uint32_t(const IpAddress&)> link_to = [](const IpAddress&) { return 0U; };
};

class NodeTables {
 public:
  // `tables` outlives this object.
  static absl::StatusOr<NodeTables> Adopt(Tables& tables);

  // Fewest writes. A peer keeps its slot, and flows to it their exit, when its
  // address, its podCIDR or the way to it changes; across a restart, too, if one
  // of its addresses or blocks stays. A peer for which there is no room is named in the error and
  // left out; everything else is applied.
  absl::Status Apply(const NodeFacts& facts, Unasked unasked = Unasked::kDelete);

  // Slots by the node's name, for people.
  const std::map<std::string, uint32_t>& slots() const { return slots_; }

 private:
  absl::StatusOr<uint32_t> SlotOf(const plan::PeerNode& peer);
  absl::Status PlacePeers(const NodeFacts& facts, Unasked unasked);
  bool ForgetPeers(const NodeFacts& facts);
  absl::Status ApplyPeers(const NodeFacts& facts, Unasked unasked);
  absl::Status ApplyWays(const NodeFacts& facts, Unasked unasked);
  absl::Status ApplyTunnelPeers(const NodeFacts& facts, Unasked unasked);
  absl::Status ApplyUplinks(const NodeFacts& facts, Unasked unasked);
  void BumpUplinkEpoch(const NodeFacts& facts);

  Tables* tables_ = nullptr;
  std::map<std::string, uint32_t> slots_;
  // What an earlier run has left: slots nobody has claimed yet, and which of a
  // peer's blocks and addresses led to them. Names are not in the tables.
  std::set<uint32_t> unclaimed_;
  std::map<Cidr, uint32_t> adopted_;
  NumberQueue free_;
  // What the uplink epoch stands for; nothing before the first Apply, as the
  // uplinks may have changed while no daemon was there.
  std::optional<std::pair<std::vector<Uplink>, size_t>> ways_;
};

}  // namespace fairlead::apply

#endif  // FAIRLEAD_LOADER_APPLY_NODE_TABLES_H_
