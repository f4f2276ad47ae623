// SPDX-License-Identifier: Apache-2.0
#include "loader/apply/node_prefixes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "loader/apply/prefix_key.h"
#include "loader/apply/service_prefixes.h"

namespace fairlead::apply {
namespace {

template <typename Abi>
using Entries = std::vector<std::pair<typename Abi::PrefixKey, prefix>>;

bool IsIn(const std::vector<Cidr>& blocks, const Cidr& inner) {
  return std::ranges::any_of(blocks, [&inner](const Cidr& block) {
    return block.prefix_length() <= inner.prefix_length() && block.Contains(inner.address());
  });
}

// Not there: what is in `cluster`, where pods keep their addresses anyway, and what another of them
// contains, which would say nothing new.
bool IsNeeded(const Cidr& block, const std::vector<Cidr>& direct,
              const std::vector<Cidr>& cluster) {
  return !IsIn(cluster, block) && std::ranges::none_of(direct, [&block](const Cidr& other) {
    return other.prefix_length() < block.prefix_length() && other.Contains(block.address());
  });
}

// Pods of all nodes, and what only Services have, as ServicePrefixes has written it.
template <typename Abi>
std::vector<Cidr> ClusterBlocks(const NodeFacts& facts, const Entries<Abi>& present) {
  std::vector<Cidr> blocks;
  for (const plan::PeerNode& peer : facts.plan.peers) {
    blocks.insert(blocks.end(), peer.pod_cidrs.begin(), peer.pod_cidrs.end());
  }
  if (facts.plan.own.has_value()) {
    blocks.insert(blocks.end(), facts.plan.own->pod_cidrs.begin(), facts.plan.own->pod_cidrs.end());
  }
  for (const auto& [key, entry] : present) {
    if (IsOnlyOfServices(entry.kind)) blocks.push_back(BlockOf(key));
  }
  return blocks;
}

// Every prefix of one family. A host address beats a peer's if they clash, and what belongs to
// the cluster beats a block where pods keep their addresses.
template <typename Abi>
Desired<typename Abi::PrefixKey, prefix> MakePrefixes(const NodeFacts& facts,
                                                      const std::map<std::string, uint32_t>& slots,
                                                      const Entries<Abi>& present) {
  Desired<typename Abi::PrefixKey, prefix> desired;
  const auto put = [&](const Cidr& cidr, uint32_t kind, uint32_t slot) {
    if (cidr.family() == Abi::kFamily) desired.Put(PrefixKeyOf<Abi>(cidr), {kind, slot});
  };
  const std::vector<Cidr>& direct = facts.masquerade.direct;
  if (!direct.empty()) {
    const std::vector<Cidr> cluster = ClusterBlocks<Abi>(facts, present);
    for (const Cidr& cidr : direct) {
      if (IsNeeded(cidr, direct, cluster)) put(cidr, PREFIX_DIRECT, 0);
    }
  }
  const auto put_peer = [&](const std::optional<IpAddress>& address, uint32_t slot) {
    if (!address.has_value()) return;
    const bool hides = facts.masquerade.nodes && !IsIn(direct, Cidr::Of(*address));
    put(Cidr::Of(*address), hides ? PREFIX_PEER_HIDE : PREFIX_PEER, slot);
  };
  for (const plan::PeerNode& peer : facts.plan.peers) {
    const auto place = slots.find(peer.name);
    if (place == slots.end()) continue;
    const uint32_t slot = place->second;
    for (const Cidr& cidr : peer.pod_cidrs) put(cidr, PREFIX_PEER_PODS, slot);
    put_peer(peer.ip4, slot);
    put_peer(peer.ip6, slot);
  }
  if (facts.plan.own.has_value()) {
    for (const Cidr& cidr : facts.plan.own->pod_cidrs) put(cidr, PREFIX_OWN_PODS, 0);
  }
  for (const IpAddress& address : facts.local_addresses) put(Cidr::Of(address), PREFIX_HOST, 0);
  return desired;
}

}  // namespace

template <typename Abi>
absl::Status ReadSlots(const FamilyTables<Abi>& tables, std::map<Cidr, uint32_t>& slots) {
  FL_ASSIGN_OR_RETURN(const auto entries, tables.prefixes.Snapshot());
  for (const auto& [key, entry] : entries) {
    if (entry.kind != PREFIX_PEER_PODS && entry.kind != PREFIX_PEER &&
        entry.kind != PREFIX_PEER_HIDE) {
      continue;
    }
    slots[BlockOf(key)] = entry.node;
  }
  return absl::OkStatus();
}

template <typename Abi>
absl::Status ApplyNodePrefixes(const NodeFacts& facts, const std::map<std::string, uint32_t>& slots,
                               Unasked unasked, FamilyTables<Abi>& tables) {
  FL_ASSIGN_OR_RETURN(const auto present, tables.prefixes.Snapshot());
  const auto mine = [](const prefix& entry) { return !IsOfServices(entry); };
  return ReconcileFrom(present, MakePrefixes<Abi>(facts, slots, present), unasked, tables.prefixes,
                       +mine);
}

template absl::Status ReadSlots(const FamilyTables<Abi4>&, std::map<Cidr, uint32_t>&);
template absl::Status ReadSlots(const FamilyTables<Abi6>&, std::map<Cidr, uint32_t>&);
template absl::Status ApplyNodePrefixes(const NodeFacts&, const std::map<std::string, uint32_t>&,
                                        Unasked, FamilyTables<Abi4>&);
template absl::Status ApplyNodePrefixes(const NodeFacts&, const std::map<std::string, uint32_t>&,
                                        Unasked, FamilyTables<Abi6>&);

}  // namespace fairlead::apply
