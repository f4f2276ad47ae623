// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/node_tables.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <set>

#include "base/status_macros.h"
#include "loader/apply/node_prefixes.h"
#include "loader/apply/reconcile.h"

namespace fairlead::apply {
namespace {

template <typename Ip>
Ip OrZero(const std::optional<IpAddress>& address) {
  return address.has_value() ? ToAbi<Ip>(*address) : Ip{};
}

// The peer's address as the next hop, if it is on a link of ours.
template <typename Ip>
Ip NextHop(const std::optional<IpAddress>& address, const NodeFacts& facts) {
  const bool is_near = address.has_value() && facts.link_to(*address) != 0;
  return is_near ? ToAbi<Ip>(*address) : Ip{};
}

const Uplink kNoUplink;

const Uplink& UplinkTo(const plan::PeerNode& peer, const NodeFacts& facts) {
  const std::optional<IpAddress>& address = peer.ip4.has_value() ? peer.ip4 : peer.ip6;
  const uint32_t link = address.has_value() ? facts.link_to(*address) : 0;
  for (const Uplink& device : facts.uplinks) {
    if (device.ifindex == link) return device;
  }
  return facts.uplinks.empty() ? kNoUplink : facts.uplinks.front();
}

// What a way over the uplink carries; 0: not known.
uint32_t WidthOf(const Uplink& uplink, uint32_t overhead) {
  return uplink.mtu > overhead ? uplink.mtu - overhead : 0;
}

constexpr uint32_t kWidest = 0xffff;  // no IP packet is longer

node MakeNode(const plan::PeerNode& peer, const NodeFacts& facts, uint32_t generation) {
  node entry{};
  const Uplink& uplink = UplinkTo(peer, facts);
  const uint32_t overhead = peer.tunnel.has_value() ? facts.tunnel_overhead : 0;
  entry.generation = generation;
  const std::optional<IpAddress>& end = peer.tunnel.has_value() ? peer.tunnel : peer.relay;
  if (end.has_value()) {
    // PlanReach digs no tunnel without an address of ours.
    entry.tunnel_local = ToMapped(*facts.plan.own->addresses.Of(end->family()));
    entry.tunnel_remote = ToMapped(*end);
  }
  entry.mtu = static_cast<uint16_t>(std::min(WidthOf(uplink, overhead), kWidest));
  if (peer.tunnel.has_value()) {
    entry.ifindex = facts.tunnel_ifindex;
    entry.way = peer.tunnel->family() == Family::kIpv4 ? NODE_TUNNEL4 : NODE_TUNNEL6;
    return entry;
  }
  entry.ifindex = uplink.ifindex;
  entry.next_hop4 = NextHop<ip4>(peer.ip4, facts);
  entry.next_hop6 = NextHop<ip6>(peer.ip6, facts);
  return entry;
}

// A packet in between finds no way rather than half of one.
void WriteNode(const node& wanted, node& shared) {
  if (std::memcmp(&shared, &wanted, sizeof(wanted)) == 0) return;
  shared.ifindex = 0;
  std::atomic_thread_fence(std::memory_order_release);
  node closed = wanted;
  closed.ifindex = 0;
  shared = closed;
  std::atomic_thread_fence(std::memory_order_release);
  shared.ifindex = wanted.ifindex;
}

// No way out of this node is narrower, as far as that is known.
uint32_t SmallestMtu(const NodeFacts& facts) {
  constexpr uint32_t kNoLimit = 0xffff;
  uint32_t smallest = facts.pod_mtu == 0 ? kNoLimit : facts.pod_mtu;
  for (const Uplink& device : facts.uplinks) {
    const uint32_t width = WidthOf(device, std::max(facts.tunnel_overhead, facts.relay_overhead));
    if (width != 0) smallest = std::min(smallest, width);
  }
  return smallest;
}

template <typename Write>
void InBothStates(Tables& tables, const Write& write) {
  write(tables.v4.node_state[0]);
  write(tables.v6.node_state[0]);
}

void WriteSmallestMtu(Tables& tables, uint32_t mtu) {
  InBothStates(tables, [mtu](auto& state) {
    if (state.smallest_mtu != mtu) state.smallest_mtu = mtu;
  });
}

// Nothing is relayed before the nodes' entries say where to.
void WriteRelayDevice(Tables& tables, uint32_t ifindex) {
  std::atomic_thread_fence(std::memory_order_release);
  InBothStates(tables, [ifindex](auto& state) {
    if (state.tunnel_ifindex != ifindex) state.tunnel_ifindex = ifindex;
  });
}

template <typename Abi>
void WriteState(FamilyTables<Abi>& tables, const NodeFacts& facts) {
  typename Abi::NodeState state = tables.node_state[0];
  state.pod_network = {};
  state.pod_mask = {};
  state.address = {};
  if (facts.plan.own.has_value()) {
    for (const Cidr& cidr : facts.plan.own->pod_cidrs) {
      if (cidr.family() != Abi::kFamily) continue;
      state.pod_network = ToAbi<typename Abi::Ip>(cidr.address());
      for (int bit = 0; bit < cidr.prefix_length(); ++bit) {
        state.pod_mask.word[bit / 32] |= htonl(0x80000000U >> (bit % 32));
      }
      break;
    }
    state.address = OrZero<typename Abi::Ip>(facts.plan.own->addresses.Of(Abi::kFamily));
  }
  typename Abi::NodeState& shared = tables.node_state[0];
  if (std::memcmp(&shared, &state, sizeof(state)) == 0) return;
  // No mask, no network: a packet in between is not taken for forged.
  shared.pod_mask = {};
  std::atomic_thread_fence(std::memory_order_release);
  shared.pod_network = state.pod_network;
  shared.address = state.address;
  std::atomic_thread_fence(std::memory_order_release);
  shared.pod_mask = state.pod_mask;
}

}  // namespace

absl::StatusOr<NodeTables> NodeTables::Adopt(Tables& tables) {
  NodeTables result;
  result.tables_ = &tables;
  FL_RETURN_IF_ERROR(ReadSlots(tables.v4, result.adopted_));
  FL_RETURN_IF_ERROR(ReadSlots(tables.v6, result.adopted_));
  std::vector<bool> used(tables.nodes.size());
  for (const auto& [cidr, slot] : result.adopted_) {
    if (slot < used.size()) used[slot] = true;
  }
  for (uint32_t slot = 0; slot < tables.nodes.size(); ++slot) {
    // Without a device a peer keeps its slot: the uplink may only be down.
    if (tables.nodes[slot].ifindex != 0) used[slot] = true;
    if (used[slot]) result.unclaimed_.insert(slot);
  }
  result.free_ = NumberQueue(used);
  return result;
}

// The slot that the peer has, or had in an earlier run, or gets now.
absl::StatusOr<uint32_t> NodeTables::SlotOf(const plan::PeerNode& peer) {
  if (const auto place = slots_.find(peer.name); place != slots_.end()) return place->second;
  std::vector<Cidr> signs = peer.pod_cidrs;
  if (peer.ip4.has_value()) signs.push_back(Cidr::Of(*peer.ip4));
  if (peer.ip6.has_value()) signs.push_back(Cidr::Of(*peer.ip6));
  for (const Cidr& sign : signs) {
    const auto known = adopted_.find(sign);
    if (known != adopted_.end() && unclaimed_.erase(known->second) != 0) return known->second;
  }
  if (const std::optional<uint32_t> slot = free_.Take(); slot.has_value()) return *slot;
  return absl::ResourceExhaustedError(fmt::format("table nodes is full ({} nodes): no room for {}",
                                                  tables_->nodes.size(), peer.name));
}

absl::Status NodeTables::PlacePeers(const NodeFacts& facts, Unasked unasked) {
  absl::Status status;
  for (const plan::PeerNode& peer : facts.plan.peers) {
    const absl::StatusOr<uint32_t> slot = SlotOf(peer);
    status.Update(slot.status());
    if (!slot.ok()) continue;
    slots_.emplace(peer.name, *slot);
    node& entry = tables_->nodes[*slot];
    // Without our own Node nobody knows whether a tunnel is still wanted.
    const bool unsure = unasked == Unasked::kKeep && !facts.plan.KnowsOwn();
    if (unsure && entry.ifindex != 0) continue;
    WriteNode(MakeNode(peer, facts, entry.generation), entry);
  }
  return status;
}

// True if that has made room.
bool NodeTables::ForgetPeers(const NodeFacts& facts) {
  bool has_room = false;
  const auto forget = [&](uint32_t slot) {
    node entry{};
    entry.generation = tables_->nodes[slot].generation + 1;
    // The generation first: a flow that looks now is told that its way is gone.
    tables_->nodes[slot].generation = entry.generation;
    std::atomic_thread_fence(std::memory_order_release);
    tables_->nodes[slot] = entry;
    free_.GiveBack(slot);
    has_room = true;
  };
  std::set<std::string> staying;
  for (const plan::PeerNode& peer : facts.plan.peers) staying.insert(peer.name);
  for (const uint32_t slot : unclaimed_) forget(slot);
  unclaimed_.clear();
  adopted_.clear();
  for (auto it = slots_.begin(); it != slots_.end();) {
    const bool stays = staying.contains(it->first);
    if (!stays) forget(it->second);
    it = stays ? std::next(it) : slots_.erase(it);
  }
  return has_room;
}

// Every address of every node, whichever way we reach it: it may reach us by the other.
absl::Status NodeTables::ApplyTunnelPeers(const NodeFacts& facts, Unasked unasked) {
  Desired<tunnel_peer_key, tunnel_peer> desired;
  if (facts.tunnel_ifindex != 0) {
    for (const plan::PeerNode& peer : facts.plan.peers) {
      const auto place = slots_.find(peer.name);
      if (place == slots_.end()) continue;
      for (const std::optional<IpAddress>& address : {peer.ip4, peer.ip6}) {
        if (address.has_value()) desired.Put({ToMapped(*address)}, {place->second});
      }
    }
  }
  return Reconcile(desired, unasked, tables_->tunnel_peers);
}

absl::Status NodeTables::ApplyUplinks(const NodeFacts& facts, Unasked unasked) {
  Desired<uint32_t, uplink> desired;
  for (const Uplink& device : facts.uplinks) {
    desired.Put(device.ifindex, {OrZero<ip4>(device.ip4), OrZero<ip6>(device.ip6), device.mtu});
  }
  return Reconcile(desired, unasked, tables_->uplinks);
}

// After the uplinks' entries: a flow that looks again finds the new ones.
void NodeTables::BumpUplinkEpoch(const NodeFacts& facts) {
  std::pair<std::vector<Uplink>, size_t> ways(facts.uplinks, facts.routes);
  if (ways_ == ways) return;
  ways_ = std::move(ways);
  std::atomic_thread_fence(std::memory_order_release);
  tables_->v4.node_state[0].uplink_epoch = tables_->v4.node_state[0].uplink_epoch + 1;
  tables_->v6.node_state[0].uplink_epoch = tables_->v6.node_state[0].uplink_epoch + 1;
}

absl::Status NodeTables::Apply(const NodeFacts& facts, Unasked unasked) {
  // What is not above it is not compared with its way's own: lower it before that
  // one, raise it after.
  const uint32_t smallest = SmallestMtu(facts);
  WriteSmallestMtu(*tables_, std::min(smallest, tables_->v4.node_state[0].smallest_mtu));
  const absl::Status status = ApplyWays(facts, unasked);
  WriteRelayDevice(*tables_, facts.relay_overhead != 0 ? facts.tunnel_ifindex : 0);
  WriteSmallestMtu(*tables_, smallest);
  return status;
}

absl::Status NodeTables::ApplyWays(const NodeFacts& facts, Unasked unasked) {
  if (unasked == Unasked::kDelete || facts.plan.KnowsOwn()) {
    WriteState(tables_->v4, facts);
    WriteState(tables_->v6, facts);
  }
  absl::Status status = ApplyUplinks(facts, unasked);
  BumpUplinkEpoch(facts);
  absl::Status peers = ApplyPeers(facts, unasked);
  // Who found no slot may find one now that others have gone. Not before: until here prefixes led
  // to those.
  const bool has_room = unasked == Unasked::kDelete && ForgetPeers(facts);
  if (has_room && absl::IsResourceExhausted(peers)) peers = ApplyPeers(facts, unasked);
  status.Update(peers);
  return status;
}

// The next hop before the prefix that leads to it; deletes last. A table that is full keeps
// nothing out of the others.
absl::Status NodeTables::ApplyPeers(const NodeFacts& facts, Unasked unasked) {
  absl::Status status = PlacePeers(facts, unasked);
  status.Update(ApplyTunnelPeers(facts, unasked));
  status.Update(ApplyNodePrefixes(facts, slots_, unasked, tables_->v4));
  status.Update(ApplyNodePrefixes(facts, slots_, unasked, tables_->v6));
  return status;
}

}  // namespace fairlead::apply
